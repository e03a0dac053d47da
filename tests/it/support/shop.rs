//! A house with buffers and destinations that are made by requests.

use std::time::Duration;

use lull::domain::chat::{Chat, ChatId, Name};
use lull::store::Store;
use lull::store::windows::NewMessage;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Daemon, RULES, Receiver, TestRedis, destinations, item};

/// An api and a monitor; the webhook of the environment leads to `default`.
pub(crate) struct Shop {
    pub(crate) api: Daemon,
    pub(crate) monitor: Daemon,
    pub(crate) default: Receiver,
    pub(crate) store: Store,
    pub(crate) redis: TestRedis,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let redis = TestRedis::start().await;
        let default = Receiver::start().await;
        Self {
            api: Daemon::api(&redis).await,
            monitor: Daemon::monitor(&redis, &default.url()).await,
            default,
            store: redis.store().await,
            redis,
        }
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.api.request(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.api.request(Method::DELETE, path, None).await
    }

    /// Writes a destination that leads to a receiver, and waits until the monitor goes by it.
    pub(crate) async fn destination(&self, name: &str, url: &str) {
        self.destination_of(name, json!({ "url": url })).await;
    }

    /// The same with more settings.
    pub(crate) async fn destination_of(&self, name: &str, spec: Value) {
        self.written(&format!("/api/destinations/{name}"), spec)
            .await;
    }

    /// Writes a buffer that delivers to these, and waits until the monitor goes by it.
    pub(crate) async fn buffer(&self, name: &str, destinations: &[&str]) {
        self.buffer_of(name, json!({ "destinations": destinations }))
            .await;
    }

    /// The same with more settings.
    pub(crate) async fn buffer_of(&self, name: &str, spec: Value) {
        self.written(&format!("/api/buffers/{name}"), spec).await;
    }

    async fn written(&self, path: &str, spec: Value) {
        let (status, answer) = self.put(path, spec).await;
        assert_eq!(status, 200, "{answer}");
        self.taken_up(&answer).await;
    }

    /// Waits until the monitor goes by what was answered.
    pub(crate) async fn taken_up(&self, written: &Value) {
        self.monitor
            .logs(&format!("as of version {}", written["version"]))
            .await;
    }

    /// Somebody says something in a buffer.
    pub(crate) async fn say(&self, buffer: &str, user: &str, text: &str, ttl: Duration) {
        self.say_item(buffer, user, &item(text), ttl).await;
    }

    /// The same with a message of any kind.
    pub(crate) async fn say_item(&self, buffer: &str, user: &str, item: &str, ttl: Duration) {
        let chat = Chat {
            buffer: Name::parse(buffer).unwrap(),
            id: ChatId::parse(user).unwrap(),
        };
        let message = NewMessage::plain(item, ttl);
        self.store
            .append(&chat, message, &RULES, &destinations())
            .await
            .unwrap();
    }
}
