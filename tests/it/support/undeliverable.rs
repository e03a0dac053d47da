//! A system whose destination wants nothing for ever, so that what is said becomes dead letters.

use lull::store::keys::Shard;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Daemon, Receiver, TestRedis, chat, eventually};

/// Where dead letters are listed.
pub(crate) const LIST: &str = "/api/messages/dead-letter";
/// The destination says never again.
const GONE: Answer = Answer::Full(410, "", "bot retired");

/// An api, a monitor and a receiver that wants nothing for ever.
pub(crate) struct Undeliverable {
    pub(crate) api: Daemon,
    pub(crate) monitor: Daemon,
    pub(crate) receiver: Receiver,
    pub(crate) redis: TestRedis,
}

impl Undeliverable {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::answering(&[], GONE).await;
        Self {
            api: Daemon::api(&redis).await,
            monitor: Daemon::monitor_with(&redis, &receiver.url(), settings).await,
            receiver,
            redis,
        }
    }

    /// Says something that becomes a dead letter.
    pub(crate) async fn bury(&mut self, user: &str, text: &str) {
        self.api.say(user, text, 0.1).await;
        let id = self.receiver.call().await.id();
        eventually("it is buried", async || {
            let (_, page) = self.api.get(LIST).await;
            page["items"][0]["webhook_id"] == id
        })
        .await;
    }

    /// Says something that becomes a dead letter whose buffer and destination are then removed.
    pub(crate) async fn bury_and_retire(&mut self, user: &str, text: &str) {
        let url = self.receiver.url();
        let (buffer, destination) = ("/api/buffers/retired", "/api/destinations/retired");
        for (path, spec) in [
            (destination, json!({ "url": url })),
            (buffer, json!({ "destinations": ["retired"] })),
        ] {
            let (status, written) = self.api.request(Method::PUT, path, Some(spec)).await;
            assert_eq!(status, 200, "{written}");
            let version = format!("as of version {}", written["version"]);
            self.monitor.logs(&version).await;
        }
        let said = json!({ "user": user, "message": text });
        let (status, answer) = self.api.post(&format!("{buffer}/messages"), said).await;
        assert_eq!(status, 200, "{answer}");
        let flush = format!("/api/chats/{user}/flush?buffer=retired");
        self.api.post(&flush, json!({})).await;
        let id = self.receiver.call().await.id();
        eventually("it is buried", async || {
            let (_, page) = self.api.get(LIST).await;
            page["items"][0]["webhook_id"] == id
        })
        .await;
        for path in [buffer, destination] {
            let (status, answer) = self.api.request(Method::DELETE, path, None).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    /// What is delivered, in order, until so many messages were.
    pub(crate) async fn deliveries(&mut self, count: usize) -> Vec<String> {
        let mut said = Vec::new();
        while said.len() < count {
            said.extend(self.receiver.call().await.messages());
        }
        said
    }

    /// From now on the destination accepts.
    pub(crate) fn accept(&mut self) {
        self.receiver.answer(Answer::Status(200));
    }

    pub(crate) async fn letters(&self, query: &str) -> Vec<Value> {
        let (status, page) = self.api.get(&format!("{LIST}{query}")).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

/// A user whose letters lie in the same shard, where a filter must tell them apart.
pub(crate) fn neighbour_of(user: &str) -> String {
    let shard = Shard::of(&chat(user));
    let mut users = (0..).map(|number| format!("vizinha/{number} é"));
    users.find(|id| Shard::of(&chat(id)) == shard).unwrap()
}

/// What each of the letters says first.
pub(crate) fn said(letters: &[Value]) -> Vec<&str> {
    letters
        .iter()
        .map(|letter| letter["messages"][0].as_str().unwrap())
        .collect()
}

/// The id of a letter, for paths.
pub(crate) fn id(letter: &Value) -> String {
    letter["id"].as_str().unwrap().to_owned()
}
