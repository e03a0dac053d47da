//! Messages that are brought in without HTTP: by [`Ingest`] alone, on a real Redis.

use lull::store::chats::pausing::Pauser;
use std::sync::Arc;
use std::time::Duration;

use lull::core::chat::{Chat, ChatId, Name};
use lull::core::code::Code;
use lull::core::incoming::Incoming;
use lull::core::json::fields::json_fields;
use lull::core::json::node::Node;
use lull::core::life::Asked;
use lull::delivery::Clients;
use lull::ingest::{Accepted, Ingest, IngestError, NoBuffer, QueueState, Said};
use lull::registry::Registry;
use lull::settings::Vars;
use lull::settings::api::ApiConfig;
use lull::spec::BufferSpec;
use lull::store::Store;
use lull::store::audit::By;
use lull::store::config::removals::Begun;
use lull::store::config::{Kind, Mode};
use lull::store::windows::{Appended, Taken};
use lull::telemetry::metrics::{Metrics, Role};
use serde_json::{Value, json};

use crate::support::{TestRedis, chat};

const HOUR: Duration = Duration::from_secs(3600);

/// What brings messages in, with these settings, and what else looks at it.
struct Within {
    ingest: Ingest,
    registry: Registry,
    metrics: Arc<Metrics>,
    store: Store,
    redis: TestRedis,
}

impl Within {
    async fn with(settings: &[(&str, &str)], buffers: &[Value]) -> Self {
        let redis = TestRedis::start().await;
        let store = redis.store().await;
        for buffer in buffers {
            let spec: BufferSpec = serde_json::from_value(buffer.clone()).unwrap();
            let name = Name::parse(&spec.name).unwrap();
            let written = store
                .config()
                .write(Kind::Buffer, &name, &spec, Mode::Any, None, None);
            written.await.unwrap();
        }
        let settings = settings.iter().copied().chain([("REDIS_URL", "redis://-")]);
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = ApiConfig::from_vars(&Vars::new(settings)).unwrap();
        let registry = Registry::load(store.clone(), config.defaults())
            .await
            .unwrap();
        let metrics = Arc::new(Metrics::new(&[Role::Api]));
        let ingest = Ingest::new(
            config.bounds,
            &config.retention,
            registry.clone(),
            store.clone(),
            metrics.clone(),
            Clients::new(config.guard.clone()),
        );
        Self {
            ingest,
            registry,
            metrics,
            store,
            redis,
        }
    }

    async fn accept(&self, buffer: &str, said: &Value) -> Result<Accepted, IngestError> {
        let buffer = self.ingest.buffer(buffer)?;
        self.ingest.accept(&buffer, &mut incoming(said)).await
    }
}

fn incoming(said: &Value) -> Incoming {
    let fields = json_fields(said.to_string().as_bytes()).unwrap();
    Incoming::from_fields(fields).unwrap()
}

fn window(accepted: Accepted) -> Appended {
    match accepted {
        Accepted::Window(appended) => appended,
        Accepted::Later(later) => panic!("{later:?}"),
    }
}

#[tokio::test]
async fn a_message_comes_into_the_window_of_its_chat_without_http() {
    let within = Within::with(&[], &[]).await;
    let said = |text: &str, id: &str| json!({ "user": "ana", "message": text, "message_id": id });

    let first = window(within.accept("default", &said("hi", "1")).await.unwrap());
    let again = window(within.accept("default", &said("hi", "1")).await.unwrap());
    let second = window(within.accept("default", &said("you", "2")).await.unwrap());

    assert_eq!((first.taken, first.count), (Taken::Appended, 1));
    assert_eq!((again.taken, again.count), (Taken::Duplicate, 1));
    assert_eq!((second.taken, second.count), (Taken::Appended, 2));
    let open = within.store.windows().find(&chat("ana")).await.unwrap();
    assert_eq!(open.unwrap().count, 2);
    let metrics = &within.metrics;
    assert_eq!(
        (metrics.accepted.total(), metrics.duplicates.total()),
        (2, 1)
    );
}

#[tokio::test]
async fn a_message_waits_for_its_time_and_gets_an_id_to_be_taken_back_by() {
    let within = Within::with(&[], &[]).await;
    let buffer = within.ingest.buffer("default").unwrap();
    let mut said = incoming(&json!({ "user": "ana", "message": "hi", "delay": 3600 }));

    let accepted = within.ingest.accept(&buffer, &mut said).await.unwrap();

    let Accepted::Later(later) = accepted else {
        panic!("{accepted:?}");
    };
    assert!(!later.duplicate && later.at.unwrap() > within.redis.now().await);
    let id = said.message_id.unwrap();
    assert!(
        within
            .store
            .scheduled()
            .cancel(&chat("ana"), &id)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_message_of_the_queue_is_on_its_way_once() {
    let within = Within::with(&[], &[]).await;
    let queue = async || {
        let said = json!({ "user": "+5511988887777", "message": "hi", "message_id": "order-17" });
        within.ingest.enqueue(&mut incoming(&said)).await.unwrap()
    };

    let (first, again) = (queue().await, queue().await);

    assert!(matches!(first.state, QueueState::Leaving(_)), "{first:?}");
    assert_eq!(again.state, QueueState::Duplicate);
    assert_eq!(first.id, again.id);
    let lanes = within
        .store
        .lanes()
        .count_to(&Name::messages_name())
        .await
        .unwrap();
    assert_eq!(lanes, 1);
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_with_its_reason_and_nothing_is_stored() {
    let off = json!({ "name": "off", "active": false });
    let within = Within::with(&[], &[off]).await;
    let said = json!({ "user": "ana", "message": "hi", "ttl": 1e9 });

    let bad = within.accept("default", &said).await.unwrap_err();
    assert!(matches!(bad, IngestError::BadInput(_)), "{bad:?}");
    assert_eq!((bad.field(), bad.reason()), (Some("ttl"), "ttl"));
    assert_eq!((bad.code(), bad.retry_after()), (Code::InvalidField, None));

    for (buffer, why) in [
        ("nobody", NoBuffer::Unknown("nobody".to_owned())),
        ("off", NoBuffer::NotActive("off".to_owned())),
        ("messages", NoBuffer::Queue),
    ] {
        let refused = within.accept(buffer, &said).await.unwrap_err();
        assert_eq!(refused.code(), Code::NoSuchBuffer);
        let IngestError::NoBuffer(refused) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(refused, why);
    }
    assert!(within.redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn what_is_too_much_is_refused_with_when_it_may_come_again() {
    let within = Within::with(&[("MAX_OPEN_CHATS", "1")], &[]).await;
    let say = async |user: &str| {
        let said = json!({ "user": user, "message": "hi", "ttl": 60 });
        within.accept("default", &said).await
    };
    say("ana").await.unwrap();

    let full = say("eva").await.unwrap_err();

    assert!(matches!(full, IngestError::Overfull(_)), "{full:?}");
    assert_eq!(full.code(), Code::TooManyOpenChats);
    assert_eq!(full.retry_after(), Some(Duration::from_secs(1)));
    assert_eq!(within.ingest.refusing(), Some(Code::TooManyOpenChats));
    assert_eq!(window(say("ana").await.unwrap()).count, 2);
}

#[tokio::test]
async fn a_chat_is_paused_without_http_unless_too_many_are() {
    let within = Within::with(&[("MAX_PAUSED", "1")], &[]).await;
    let say = async || {
        let said = json!({ "user": "ana", "message": "hi", "ttl": 60 });
        window(within.accept("default", &said).await.unwrap())
    };
    let pause = async |user: &str| {
        within
            .ingest
            .pause(&chat(user), HOUR, &Pauser::OwnMessage)
            .await
    };
    say().await;

    assert_eq!(pause("ana").await.unwrap(), 1);
    let full = pause("eva").await.unwrap_err();

    assert!(matches!(full, IngestError::TooManyPaused(_)), "{full:?}");
    assert_eq!(full.code(), Code::TooManyPaused);
    assert_eq!(full.retry_after(), Some(Duration::from_secs(5)));
    assert_eq!(say().await.taken, Taken::Paused);
    assert_eq!(pause("ana").await.unwrap(), 0, "one that lasts is renewed");
}

#[tokio::test]
async fn what_a_gateway_posts_is_gathered_without_http() {
    let loja = json!({ "name": "loja", "source": "waha", "on_own_message": "pause" });
    let within = Within::with(&[], &[loja]).await;
    let buffer = within.ingest.buffer("loja").unwrap();
    let event = |event: &str, payload: Value| {
        let body = json!({ "event": event, "session": "s", "payload": payload }).to_string();
        match Said::read(&buffer, &Node::parse(body.as_bytes()).unwrap()).unwrap() {
            Said::Events(gateway, events) => (gateway, events),
            Said::Message(message) => panic!("{message:?}"),
        }
    };
    let said =
        |from: &str, id: &str| json!({ "id": id, "from": from, "fromMe": false, "body": "hi" });
    let (ana, group) = ("5511988887777@c.us", "120363000000000000@g.us");
    let gather = async |(gateway, events)| {
        let gathered = within.ingest.gather(&buffer, gateway, events, None, b"{}");
        gathered.await.unwrap()
    };

    let taken = gather(event("message", said(ana, "1"))).await;
    let again = gather(event("message", said(ana, "1"))).await;
    let other = gather(event("message", said(group, "3"))).await;

    assert_eq!((taken.accepted, taken.duplicates), (1, 0));
    assert_eq!((again.accepted, again.duplicates), (0, 1));
    assert!(
        taken.ignored.is_empty() && other.ignored.len() == 1,
        "{other:?}"
    );
    let number = ChatId::parse("s:5511988887777").unwrap();
    let chat = Chat::new(buffer.name.clone(), number);
    let held = within.ingest.hold(&chat, true).await.unwrap();
    assert!(held.is_some());
    assert_eq!(
        within
            .ingest
            .pause(&chat, HOUR, &Pauser::OwnMessage)
            .await
            .unwrap(),
        1
    );
    let dropped = gather(event("message", said(ana, "2"))).await;
    assert_eq!(dropped.ignored, ["the chat is paused"]);
}

#[tokio::test]
async fn a_buffer_is_tried_without_http_and_nothing_is_stored() {
    let within = Within::with(&[], &[]).await;
    let buffer = within.ingest.buffer("default").unwrap();
    let said = |text: &str| {
        Said::Message(Box::new(incoming(
            &json!({ "user": "ana", "message": text }),
        )))
    };

    let would_be = within.ingest.try_out(&buffer, said("hi"), 1).unwrap();

    let [message] = &would_be[..] else {
        panic!("{would_be:?}");
    };
    assert_eq!(message.text.as_deref(), Some("hi"));
    assert_eq!(message.deadline_in, Some(Duration::from_secs(15)));
    assert!(within.redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn whoever_has_not_heard_that_a_buffer_is_gone_is_told_so() {
    let loja = Name::parse("loja").unwrap();
    let within = Within::with(&[], &[json!({ "name": "loja" })]).await;
    let buffer = within.ingest.buffer("loja").unwrap();
    let by = By {
        actor: None,
        address: None,
    };
    let begun =
        within
            .store
            .config()
            .begin_removal(Kind::Buffer, &loja, Asked::Discard, &by, None, None);
    let Begun::Removal(removal) = begun.await.unwrap() else {
        panic!("it is there");
    };
    let other = Registry::load(within.store.clone(), within.registry.defaults().clone());
    let other = other.await.unwrap();
    other
        .carry_out(Kind::Buffer, &loja, &removal)
        .await
        .unwrap();

    let mut said = incoming(&json!({ "user": "ana", "message": "hi" }));
    let refused = within.ingest.accept(&buffer, &mut said).await.unwrap_err();
    let ana = Chat::new(loja, ChatId::parse("ana").unwrap());
    let paused = within
        .ingest
        .pause(&ana, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap_err();

    for refused in [refused, paused] {
        assert!(
            matches!(&refused, IngestError::NoBuffer(NoBuffer::Unknown(name)) if name == "loja"),
            "{refused:?}"
        );
    }
    assert_eq!(within.store.chats().count_paused().await.unwrap(), 0);
    assert!(within.redis.keys("lull:*:window:*").await.is_empty());
}
