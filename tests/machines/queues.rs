//! The daemons, a real RabbitMQ and a gateway that publishes to it; and what became of what people said there.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use lapin::BasicProperties;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::broker::{Broker, Publisher};
use crate::daemons::daemon;
use crate::support::daemon::{API, MONITOR};
use crate::support::{Daemon, Receiver, TestRedis};

/// The queue of an instance of Evolution.
pub(crate) const QUEUE: &str = "loja.messages.upsert";
/// Nothing more will come if nothing came for so long.
const MISSED: Duration = Duration::from_secs(40);

/// Everything that has to do with a queue.
pub(crate) struct Bed {
    pub(crate) broker: Broker,
    pub(crate) redis: TestRedis,
    pub(crate) api: Daemon,
    pub(crate) receiver: Receiver,
    pub(crate) publisher: Publisher,
    settings: Vec<(String, String)>,
    _monitor: Daemon,
}

impl Bed {
    /// A buffer `loja` of Evolution that takes messages out of [`QUEUE`], which is there.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let bed = Self::without_queue(settings).await;
        bed.publisher.declare(QUEUE).await;
        bed.buffer(&evolution(&[QUEUE])).await;
        bed
    }

    /// Neither buffer nor queue.
    pub(crate) async fn without_queue(settings: &[(&str, &str)]) -> Self {
        let broker = Broker::start().await;
        let (redis, receiver) = (TestRedis::start().await, Receiver::start().await);
        let all = [("RABBITMQ_URL", &*broker.url())];
        let all = all.iter().chain(settings);
        let all = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = all.collect();
        let monitor = [("WEBHOOK_URL", &*receiver.url())];
        Self {
            publisher: broker.publisher().await,
            api: daemon(API, &redis.url(), &borrowed(&settings)).await,
            _monitor: daemon(MONITOR, &redis.url(), &monitor).await,
            broker,
            redis,
            receiver,
            settings,
        }
    }

    /// Another api in the place of the one there was.
    pub(crate) async fn another_api(&mut self) {
        self.api = daemon(API, &self.redis.url(), &borrowed(&self.settings)).await;
    }

    /// Writes a buffer.
    pub(crate) async fn buffer(&self, spec: &Value) {
        let path = format!("/api/buffers/{}", spec["name"].as_str().unwrap());
        let (status, answer) = self
            .api
            .request(Method::PUT, &path, Some(spec.clone()))
            .await;
        assert!(status.is_success(), "{status}: {answer}");
    }

    /// Publishes what people said to a queue.
    pub(crate) async fn publish(&self, queue: &str, said: &[(usize, usize)]) {
        let all = said.iter().map(|&(chat, number)| {
            let properties = BasicProperties::default();
            (message(chat, number).to_string(), properties)
        });
        self.publisher.publish_all(queue, all).await;
    }

    /// Waits until all that these said has come, each once and in the order it was said.
    pub(crate) async fn arrives_once_and_in_order(&mut self, said: &[(usize, usize)]) {
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for &(chat, number) in said {
            let texts = wanted.entry(user(chat)).or_default();
            texts.push(text(chat, number));
        }
        let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut batches = HashSet::new();
        let mut count = 0;
        while count < said.len() {
            let Ok(call) = timeout(MISSED, self.receiver.call()).await else {
                break;
            };
            // One that was tried twice is the same.
            if batches.insert(call.id()) {
                count += call.messages().len();
                heard
                    .entry(call.user())
                    .or_default()
                    .extend(call.messages());
            }
        }
        assert_eq!(count, said.len(), "of all that was said");
        for (user, texts) in wanted {
            assert_eq!(heard[&user], texts, "{user}");
        }
    }

    /// How many messages wait in the queue, for nobody.
    pub(crate) async fn waiting(&self, queue: &str) -> u32 {
        self.publisher.waiting(queue).await.unwrap()
    }

    /// How many messages of queues were taken in.
    pub(crate) async fn taken(&self) -> f64 {
        self.api
            .metric(r#"lull_amqp_messages_total{result="taken"}"#)
            .await
    }
}

fn borrowed(settings: &[(String, String)]) -> Vec<(&str, &str)> {
    let settings = settings.iter();
    settings.map(|(name, value)| (&**name, &**value)).collect()
}

/// A buffer of Evolution that takes messages out of these queues.
pub(crate) fn evolution(queues: &[&str]) -> Value {
    json!({
        "name": "loja", "source": "evolution", "window": { "wait": 0.5 },
        "amqp": { "queues": queues, "prefetch": 64 },
    })
}

/// Numbers of what so many chats say, so many times each, in turn.
pub(crate) fn talk(chats: usize, times: usize) -> Vec<(usize, usize)> {
    let all = (0..times).flat_map(|number| (0..chats).map(move |chat| (chat, number)));
    all.collect()
}

/// What Evolution publishes to its queue when somebody writes.
pub(crate) fn message(chat: usize, number: usize) -> Value {
    json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {
                "remoteJid": format!("{}@s.whatsapp.net", number_of(chat)), "fromMe": false,
                "id": format!("3EB0{chat:04}{number:06}"),
            },
            "pushName": "Ana", "message": { "conversation": text(chat, number) },
            "messageType": "conversation", "messageTimestamp": 1_763_770_000,
        },
        "server_url": "http://evolution:8080", "date_time": "2026-11-28T10:00:00.000Z",
        "sender": "551140000000@s.whatsapp.net", "apikey": "x",
    })
}

fn number_of(chat: usize) -> String {
    format!("55119{:08}", 80_000_000 + chat)
}

fn user(chat: usize) -> String {
    format!("loja:{}", number_of(chat))
}

fn text(chat: usize, number: usize) -> String {
    format!("c{chat} {number}")
}
