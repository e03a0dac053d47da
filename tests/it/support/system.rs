//! A system with buffers and destinations, which stand before its daemons start or are made by requests.

use std::time::Duration;

use lull::core::chat::{Chat, ChatId, Name};
use lull::spec::BufferSpec;
use lull::store::Store;
use lull::store::config::{Kind, Mode};
use lull::store::windows::NewMessage;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::daemon::read;
use super::{Daemon, RULES, Receiver, TestRedis, destinations, item};

/// An api and a monitor; the webhook of the environment leads to `default`.
pub(crate) struct System {
    pub(crate) api: Daemon,
    pub(crate) monitor: Daemon,
    pub(crate) default: Receiver,
    pub(crate) store: Store,
    pub(crate) redis: TestRedis,
}

impl System {
    /// One with nothing but the default.
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// One with these buffers, which its daemons know from the start, so that nothing has to be waited for.
    pub(crate) async fn with(buffers: &[Value]) -> Self {
        Self::with_settings(buffers, &[]).await
    }

    /// One with these buffers, and more settings of its daemons.
    pub(crate) async fn with_settings(buffers: &[Value], settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let default = Receiver::start().await;
        let store = redis.store().await;
        for buffer in buffers {
            let spec: BufferSpec = serde_json::from_value(buffer.clone()).unwrap();
            let name = Name::parse(&spec.name).unwrap();
            store
                .config()
                .write(Kind::Buffer, &name, &spec, Mode::Any, None, None)
                .await
                .unwrap();
        }
        Self {
            api: Daemon::api_with(&redis, settings).await,
            monitor: Daemon::monitor_with(&redis, &default.url(), settings).await,
            default,
            store,
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
        let chat = Chat::new(Name::parse(buffer).unwrap(), ChatId::parse(user).unwrap());
        let message = NewMessage::plain(item, ttl);
        self.store
            .windows()
            .append(&chat, message, &RULES, &destinations())
            .await
            .unwrap();
    }

    /// Posts a form.
    pub(crate) async fn form(&self, path: &str, form: &str) -> (StatusCode, Value) {
        let request = self.api.client().post(self.api.url(path));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.to_owned());
        read(request.send().await.unwrap()).await
    }

    /// Posts JSON with a header.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        body: &Value,
        header: (&str, &str),
    ) -> (StatusCode, Value) {
        let request = self.api.client().post(self.api.url(path));
        let request = request
            .header("content-type", "application/json")
            .header(header.0, header.1)
            .body(body.to_string());
        read(request.send().await.unwrap()).await
    }

    /// The open windows: chats by name, with how many messages each holds.
    pub(crate) async fn windows(&self) -> Vec<(String, u64)> {
        let (windows, _) = self.store.windows().list(None, 100).await.unwrap();
        let windows = windows.into_iter();
        windows
            .map(|window| (window.chat.id.as_str().to_owned(), window.count))
            .collect()
    }
}
