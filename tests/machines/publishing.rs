//! A destination at a real RabbitMQ: what is confirmed is delivered, and all else comes again or is given up on.

use std::time::{Duration, Instant};

use lapin::ExchangeKind;
use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::broker::{Broker, Publisher, Taken};
use crate::support::system::System;
use crate::support::{SHORT, eventually};

const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const QUEUE: &str = "bots.loja";
/// Batches that are published in the measurement.
const MANY: u32 = 2000;

impl Publisher {
    /// Declares a topic exchange.
    async fn exchange(&self, name: &str) {
        let declared = self.channel.exchange_declare(
            name.into(),
            ExchangeKind::Topic,
            ExchangeDeclareOptions::default(),
            FieldTable::default(),
        );
        declared.await.unwrap();
    }

    async fn remove_exchange(&self, name: &str) {
        let options = ExchangeDeleteOptions::default();
        let removed = self.channel.exchange_delete(name.into(), options);
        removed.await.unwrap();
    }

    async fn bind(&self, queue: &str, exchange: &str, key: &str) {
        let bound = self.channel.queue_bind(
            queue.into(),
            exchange.into(),
            key.into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        bound.await.unwrap();
    }

    /// Takes a message out of a queue, as soon as there is one.
    async fn taken(&self, queue: &str) -> Taken {
        let mut taken = None;
        eventually("a message is in the queue", async || {
            taken = self.take(queue).await;
            taken.is_some()
        })
        .await;
        taken.unwrap()
    }
}

/// A system that delivers what is said in `loja` to an exchange, by a URL of its own or by `RABBITMQ_URL`.
async fn system(broker: &Broker, more: Value) -> System {
    let url = broker.url();
    let system = System::with_settings(&[], &[("RABBITMQ_URL", &url)]).await;
    let mut spec = json!({
        "kind": "amqp", "exchange": "bots", "routing_key": "loja.{{ user }}",
        "retry": {"for": 0, "first": 0.2, "cap": 0.5}, "timeout": 8,
    });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    system.destination_of("bot", spec).await;
    system.buffer("loja", &["bot"]).await;
    system
}

/// Waits until the history tells these words; answers of what.
async fn told(system: &System, words: &str) -> Value {
    let mut found = Value::Null;
    eventually(&format!("history tells: {words}"), async || {
        let (_, history) = system.api.get("/api/history?limit=50").await;
        let items = history["items"].as_array().unwrap();
        let item = items.iter().find(|it| it.to_string().contains(words));
        found = item.cloned().unwrap_or_default();
        !found.is_null()
    })
    .await;
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_has_what_a_webhook_gets_and_nobody_is_shown_the_password() {
    let broker = Broker::start().await;
    let others = broker.publisher().await;
    others.exchange("bots").await;
    others.declare(QUEUE).await;
    others.bind(QUEUE, "bots", "loja.*").await;
    let own = json!({
        "url": broker.url(), "secrets": [SIGNING],
        "headers": {"X-Shop": "centro"},
    });
    let system = system(&broker, own).await;

    system.say("loja", "ana", "oi 🙂", SHORT).await;
    let taken = others.taken(QUEUE).await;
    let payload: Value = serde_json::from_str(&taken.body).unwrap();
    assert_eq!(payload["messages"], json!(["oi 🙂"]));
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, taken.header(name).unwrap().parse().unwrap());
    }
    let receiving = Webhook::new(SIGNING).unwrap();
    receiving.verify(taken.body.as_bytes(), &headers).unwrap();
    assert_eq!(taken.header("x-shop").as_deref(), Some("centro"));
    let properties = &taken.properties;
    let id = properties.message_id().as_ref().unwrap().to_string();
    assert_eq!(taken.header("webhook-id"), Some(id.clone()));
    let kind = properties.content_type().as_ref().unwrap();
    assert_eq!(kind.as_str(), "application/json");
    assert_eq!(*properties.delivery_mode(), Some(2));
    let at = properties.timestamp().unwrap().to_string();
    assert_eq!(taken.header("webhook-timestamp"), Some(at));
    let delivered = told(&system, "confirmed by the broker").await;
    assert_eq!(delivered["webhook_id"], json!(id));
    assert!(
        delivered.to_string().contains("PUBLISH bots loja.ana"),
        "{delivered}"
    );

    let path = "/api/destinations/bot/test";
    let (_, tried) = system.api.post(path, json!({})).await;
    assert_eq!(tried["success"], true, "{tried}");
    let test = others.taken(QUEUE).await;
    assert_eq!(test.header("lull-test").as_deref(), Some("true"));
    let draft = json!({"kind": "amqp", "routing_key": QUEUE, "persistent": false});
    let (_, drafted) = system.api.post("/api/destinations/test", draft).await;
    assert_eq!(drafted["success"], true, "{drafted}");
    let test = others.taken(QUEUE).await;
    assert_eq!(*test.properties.delivery_mode(), None);

    let mut shown = vec![tried, drafted];
    for path in [
        "destinations",
        "destinations/bot",
        "history",
        "audit",
        "doctor",
    ] {
        shown.push(system.api.get(&format!("/api/{path}")).await.1);
    }
    let logs = system.api.log() + &system.monitor.log();
    for text in shown.iter().map(Value::to_string).chain([logs]) {
        assert!(!text.contains("guest"), "{text}");
    }
    assert!(
        shown[6].to_string().contains("takes connections"),
        "{}",
        shown[6]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_nowhere_is_tried_until_it_goes_somewhere() {
    let mut broker = Broker::start().await;
    let others = broker.publisher().await;
    others.declare(QUEUE).await;
    let system = system(&broker, json!({})).await;

    system.say("loja", "ana", "oi", SHORT).await;
    told(&system, "not taken: NOT_FOUND - no exchange 'bots'").await;
    others.exchange("bots").await;
    told(&system, "not taken: NO_ROUTE (312)").await;
    others.bind(QUEUE, "bots", "loja.*").await;
    let first = others.taken(QUEUE).await;
    assert!(first.body.contains("ana"), "{}", first.body);
    told(&system, "confirmed by the broker").await;

    // A channel that was closed by the broker, and a broker that is gone, are made anew.
    others.remove_exchange("bots").await;
    system.say("loja", "eva", "oi", SHORT).await;
    eventually("the exchange is missed again", async || {
        let (_, history) = system.api.get("/api/history?limit=50").await;
        let mut items = history["items"].as_array().unwrap().iter();
        items.any(|it| it["user"] == "eva" && it.to_string().contains("NOT_FOUND"))
    })
    .await;
    others.exchange("bots").await;
    others.bind(QUEUE, "bots", "loja.*").await;
    assert!(others.taken(QUEUE).await.body.contains("eva"));

    broker.rabbit.kill();
    system.say("loja", "leo", "oi", SHORT).await;
    told(&system, "cannot connect: ").await;
    broker.start_again().await;
    let others = broker.publisher().await;
    others.exchange("bots").await;
    others.bind(QUEUE, "bots", "loja.*").await;
    assert!(others.taken(QUEUE).await.body.contains("leo"));
}

/// A queue that is full and says so is no queue that has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_queue_does_not_take_is_tried_until_there_is_room() {
    let broker = Broker::start().await;
    let others = broker.publisher().await;
    let mut arguments = FieldTable::default();
    arguments.insert("x-max-length".into(), AMQPValue::LongInt(1));
    let refuses = AMQPValue::LongString("reject-publish".into());
    arguments.insert("x-overflow".into(), refuses);
    let options = QueueDeclareOptions::default();
    let declared = others
        .channel
        .queue_declare("full".into(), options, arguments);
    declared.await.unwrap();
    let system = system(&broker, json!({"exchange": "", "routing_key": "full"})).await;

    system.say("loja", "ana", "oi", SHORT).await;
    told(&system, "confirmed by the broker").await;
    system.say("loja", "eva", "oi", SHORT).await;
    told(&system, "not taken: the broker could not keep it (nack)").await;

    assert!(others.taken("full").await.body.contains("ana"));
    assert!(others.taken("full").await.body.contains("eva"));
}

/// Batches of one chat are in the queue in their order, also while the broker is killed; nothing is lost, and whatever
/// comes twice has the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_loses_nothing_and_mixes_nothing_up() {
    let mut broker = Broker::start().await;
    let others = broker.publisher().await;
    others.declare_classic(QUEUE).await;
    let spec = json!({"exchange": "", "routing_key": QUEUE, "split": true});
    let system = system(&broker, spec).await;
    for number in 0..200 {
        system
            .say("loja", "ana", &format!("m{number}"), SHORT)
            .await;
        if number == 100 {
            broker.rabbit.kill();
        }
    }
    broker.start_again().await;
    let others = broker.publisher().await;

    let mut seen: Vec<(String, String)> = Vec::new();
    while seen.len() < 200 {
        let taken = others.taken(QUEUE).await;
        let id = taken.header("webhook-id").unwrap();
        if seen.iter().any(|(known, _)| *known == id) {
            continue;
        }
        let payload: Value = serde_json::from_str(&taken.body).unwrap();
        seen.push((id, payload["messages"][0].as_str().unwrap().to_owned()));
    }
    let said: Vec<_> = seen.into_iter().map(|(_, text)| text).collect();
    let expected: Vec<_> = (0..200).map(|number| format!("m{number}")).collect();
    assert_eq!(said, expected);
}

/// How many messages a second go out, beside lapin alone with as many on their way: printed, since both depend on the machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_batches_go_out_and_how_fast_is_told() {
    let broker = Broker::start().await;
    let others = broker.publisher().await;
    others.declare(QUEUE).await;
    let body = "x".repeat(200);
    let began = Instant::now();
    let all = (0..MANY).map(|_| (body.clone(), lapin::BasicProperties::default()));
    others.publish_all(QUEUE, all).await;
    let alone = f64::from(MANY) / began.elapsed().as_secs_f64();

    let system = system(&broker, json!({"exchange": "", "routing_key": QUEUE})).await;
    let control = async |action: &str| {
        let (status, answer) = system
            .api
            .post("/api/control", json!({"action": action}))
            .await;
        assert_eq!(status, 200, "{answer}");
    };
    control("stop").await;
    for number in 0..MANY {
        let user = format!("p{number}");
        system
            .say("loja", &user, &body, Duration::from_millis(1))
            .await;
    }
    eventually("all wait on their lanes", async || {
        let (_, overview) = system.api.get("/api/overview").await;
        overview["counts"]["waiting_batches"] == json!(MANY)
    })
    .await;
    let began = Instant::now();
    control("start").await;
    eventually("all are in the queue", async || {
        others.waiting(QUEUE).await == Some(2 * MANY)
    })
    .await;
    let ours = f64::from(MANY) / began.elapsed().as_secs_f64();
    eprintln!(
        "out: lapin alone {alone:.0}/s, Lull {ours:.0}/s: {:.2}",
        ours / alone
    );
}
