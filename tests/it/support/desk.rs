//! A house with buffers of its own, configured before its daemons start, so that nothing has to be waited for.

use lull::domain::chat::Name;
use lull::store::config::{Kind, Mode};
use lull::wire::config::BufferSpec;
use reqwest::StatusCode;
use serde_json::Value;

use super::daemon::read;
use super::{Daemon, Receiver, TestRedis};

/// An api, a monitor, and a receiver that accepts everything.
pub(crate) struct Desk {
    pub(crate) api: Daemon,
    pub(crate) receiver: Receiver,
    pub(crate) redis: TestRedis,
    _monitor: Daemon,
}

impl Desk {
    /// One with these buffers.
    pub(crate) async fn with(buffers: &[Value]) -> Self {
        Self::with_settings(buffers, &[]).await
    }

    /// One with these buffers, and more settings of the api.
    pub(crate) async fn with_settings(buffers: &[Value], settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::start().await;
        let store = redis.store().await;
        for buffer in buffers {
            let spec: BufferSpec = serde_json::from_value(buffer.clone()).unwrap();
            let name = Name::parse(&spec.name).unwrap();
            let version = store
                .configure(Kind::Buffer, &name, &spec, Mode::Any, None)
                .await;
            version.unwrap();
        }
        let url = receiver.url();
        Self {
            api: Daemon::api_with(&redis, settings).await,
            _monitor: Daemon::monitor_with(&redis, &url, settings).await,
            receiver,
            redis,
        }
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
    pub(crate) async fn open(&self) -> Vec<(String, u64)> {
        let store = self.redis.store().await;
        let (windows, _) = store.open_windows(None, 100).await.unwrap();
        let windows = windows.into_iter();
        windows
            .map(|window| (window.chat.id.as_str().to_owned(), window.count))
            .collect()
    }
}
