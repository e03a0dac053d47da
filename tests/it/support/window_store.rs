//! A buffer with rules of its own, and what is said in it.

use std::time::Duration;

use lull::core::batch::{BatchId, Millis};
use lull::core::window::{CloseReason, WindowRules};
use lull::store::Store;
use lull::store::keys::{Due, Shard};
use lull::store::windows::closing::Closing;
use lull::store::windows::open::Window;
use lull::store::windows::{Appended, Held, NewMessage};

use super::{LEASES, TestRedis, chat, destinations, eventually, item, lane, texts};

/// A store and the rules that messages are appended by.
pub(crate) struct WindowStore {
    pub(crate) store: Store,
    pub(crate) redis: TestRedis,
    rules: WindowRules,
}

impl WindowStore {
    pub(crate) async fn with(rules: WindowRules) -> Self {
        let redis = TestRedis::start().await;
        Self {
            store: redis.store().await,
            redis,
            rules,
        }
    }

    /// Appends a message to the chat of Ana.
    pub(crate) async fn append(&self, message: NewMessage<'_>) -> Appended {
        self.store
            .windows()
            .append(&chat("ana"), message, &self.rules, &destinations())
            .await
            .unwrap()
    }

    /// Ana says a text.
    pub(crate) async fn say(&self, text: &str, ttl: Duration) -> Appended {
        let said = item(text);
        self.append(NewMessage {
            text: Some(text),
            ..NewMessage::plain(&said, ttl)
        })
        .await
    }

    /// Ana says a text that is a flush word.
    pub(crate) async fn flush(&self, text: &str, ttl: Duration) -> Appended {
        let said = item(text);
        self.append(NewMessage {
            text: Some(text),
            flush: Some(CloseReason::Word),
            ..NewMessage::plain(&said, ttl)
        })
        .await
    }

    /// Ana sends a picture without a word.
    pub(crate) async fn picture(&self, ttl: Duration) -> Appended {
        let said = item("picture");
        self.append(NewMessage {
            media_only: true,
            ..NewMessage::plain(&said, ttl)
        })
        .await
    }

    /// What is left of Ana's window after a typing signal.
    pub(crate) async fn hold(&self, hold: Option<Duration>) -> Duration {
        self.signal(hold).await.left
    }

    /// What became of a typing signal for Ana's window.
    pub(crate) async fn signal(&self, hold: Option<Duration>) -> Held {
        let held = self.store.windows().hold(&chat("ana"), hold).await.unwrap();
        held.unwrap()
    }

    /// What is left of Ana's window.
    pub(crate) async fn left(&self) -> Duration {
        self.window().await.left
    }

    /// When Ana's window closes.
    pub(crate) async fn deadline(&self) -> Millis {
        self.window().await.deadline
    }

    async fn window(&self) -> Window {
        let window = self.store.windows().find(&chat("ana")).await.unwrap();
        window.unwrap()
    }

    pub(crate) async fn close(&self) -> Closing {
        self.store
            .windows()
            .close(&chat("ana"), &BatchId::generate(), &destinations())
            .await
            .unwrap()
    }

    /// Closes Ana's window at once, as an operator does.
    pub(crate) async fn close_now(&self) -> Closing {
        self.store
            .windows()
            .flush(&chat("ana"), &BatchId::generate(), &destinations())
            .await
            .unwrap()
    }

    /// Takes Ana's window as soon as its deadline has passed, as a sweep does.
    pub(crate) async fn take_when_due(&self) {
        eventually("the window is taken", async || {
            let shard = Shard::of(&chat("ana"));
            let taken = self
                .store
                .due()
                .take(&Due::Windows, shard, 64)
                .await
                .unwrap();
            !taken.0.is_empty()
        })
        .await;
    }

    /// Closes Ana's window as soon as its deadline has passed.
    pub(crate) async fn close_when_due(&self) -> Closing {
        let mut closing = Closing::Open;
        eventually("the window closes", async || {
            closing = self.close().await;
            closing != Closing::Open
        })
        .await;
        closing
    }

    /// What is said in the next batch of Ana.
    pub(crate) async fn batch(&self) -> Vec<String> {
        let lease = self
            .store
            .lanes()
            .lease(&lane("ana"), LEASES)
            .await
            .unwrap();
        texts(&lease.unwrap().batch.items)
    }
}
