//! A buffer `queue` that delivers to a destination `out`, both configured before any monitor starts.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::{Chat, ChatId, Lane, Name};
use lull::core::destination::Target;
use lull::spec::buffer::Order;
use lull::spec::{BufferSpec, DestinationSpec};
use lull::store::Store;
use lull::store::config::{Kind, Mode};
use lull::store::lanes::Lease;
use lull::store::windows::NewMessage;
use lull::store::windows::closing::Closing;
use serde_json::Value;

use super::doorway::Doorway;
use super::{Answer, Daemon, LEASES, LONG, RULES, Receiver, TestRedis, item};

/// The two, and a receiver that answers by a script.
pub(crate) struct Queue {
    pub(crate) redis: TestRedis,
    pub(crate) store: Store,
    pub(crate) receiver: Receiver,
    pub(crate) targets: [Target; 1],
    ordered: bool,
}

impl Queue {
    /// One whose destination has these fields beside its URL.
    pub(crate) async fn to(destination: Value, script: &[Answer], then: Answer) -> Self {
        Self::with(serde_json::json!({}), destination, script, then).await
    }

    /// One whose buffer and destination have these fields.
    pub(crate) async fn with(
        mut buffer: Value,
        mut destination: Value,
        script: &[Answer],
        then: Answer,
    ) -> Self {
        let redis = TestRedis::start().await;
        let store = redis.store().await;
        let receiver = Receiver::answering(script, then).await;
        (buffer["name"], buffer["destinations"]) = ("queue".into(), vec!["out"].into());
        (destination["name"], destination["url"]) = ("out".into(), receiver.url().into());
        let buffer: BufferSpec = serde_json::from_value(buffer).unwrap();
        let destination: DestinationSpec = serde_json::from_value(destination).unwrap();
        let (queue, out) = (name("queue"), name("out"));
        for written in [
            store
                .config()
                .write(Kind::Destination, &out, &destination, Mode::Any, None, None)
                .await,
            store
                .config()
                .write(Kind::Buffer, &queue, &buffer, Mode::Any, None, None)
                .await,
        ] {
            written.unwrap();
        }
        let split = destination.split;
        Self {
            redis,
            store,
            receiver,
            targets: [Target {
                split,
                ..Target::whole(out)
            }],
            ordered: buffer.order == Order::Buffer,
        }
    }

    /// A monitor.
    pub(crate) async fn monitor(&self) -> Daemon {
        Daemon::monitor(&self.redis, &self.receiver.url()).await
    }

    /// A monitor that asks Redis through a doorway.
    pub(crate) async fn monitor_behind(&self, doorway: &Doorway) -> Daemon {
        let settings = [("REDIS_URL", &*doorway.url())];
        Daemon::monitor_with(&self.redis, &self.receiver.url(), &settings).await
    }

    pub(crate) fn chat(&self, user: &str) -> Chat {
        Chat {
            ordered: self.ordered,
            ..Chat::new(name("queue"), ChatId::parse(user).unwrap())
        }
    }

    pub(crate) fn lane(&self, user: &str) -> Lane {
        Lane {
            destination: name("out"),
            chat: self.chat(user),
        }
    }

    /// Somebody says something.
    pub(crate) async fn say(&self, user: &str, text: &str, ttl: Duration) {
        let said = item(text);
        let message = NewMessage::plain(&said, ttl);
        let appended = self
            .store
            .windows()
            .append(&self.chat(user), message, &RULES, &self.targets)
            .await;
        appended.unwrap();
    }

    /// Puts what somebody says on the lane, as the messages of one window.
    pub(crate) async fn batch(&self, user: &str, texts: &[&str]) -> BatchId {
        let (chat, id) = (self.chat(user), BatchId::generate());
        for text in texts {
            self.say(user, text, LONG).await;
        }
        let closing = self
            .store
            .windows()
            .flush(&chat, &id, &self.targets)
            .await
            .unwrap();
        assert!(matches!(closing, Closing::Closed { .. }));
        id
    }

    /// A lease on the head of somebody's lane.
    pub(crate) async fn lease(&self, user: &str) -> Option<Lease> {
        self.store
            .lanes()
            .lease(&self.lane(user), LEASES)
            .await
            .unwrap()
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}
