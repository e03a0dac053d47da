//! The client of IMS, pointed at Lull: messages that leave one by one, at a pace and in one order.

mod answers;
mod order;
mod starting;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// So often that no test waits, and so many that none has to.
const FAST: [(&str, &str); 5] = [
    ("SCHEDULER_INTERVAL", "100ms"),
    ("SCHEDULER_BATCH_SIZE", "100"),
    ("RETRY_FIRST", "0.01"),
    ("RETRY_CAP", "0.01"),
    ("MAX_RETRIES", "2"),
];
const ANA: &str = "+5511988887777";

/// An api, and a receiver for its messages; monitors come when a test wants them.
struct Ims {
    redis: TestRedis,
    api: Daemon,
    receiver: Receiver,
}

impl Ims {
    async fn open(settings: &[(&str, &str)]) -> Self {
        Self::answering(settings, &[]).await
    }

    async fn answering(settings: &[(&str, &str)], script: &[Answer]) -> Self {
        let redis = TestRedis::start().await;
        Self {
            api: Daemon::api_with(&redis, settings).await,
            receiver: Receiver::answering(script, Answer::Status(200)).await,
            redis,
        }
    }

    async fn monitor(&self, settings: &[(&str, &str)]) -> Daemon {
        Daemon::monitor_with(&self.redis, &self.receiver.url(), settings).await
    }

    async fn post(&self, body: Value) -> (StatusCode, Value) {
        self.api.post("/api/messages", body).await
    }

    /// Posts a message to somebody; answers its id.
    async fn send(&self, phone_number: &str, content: &str) -> String {
        let body = json!({"phone_number": phone_number, "content": content});
        let (status, answer) = self.post(body).await;
        assert_eq!(status, 201, "{answer}");
        id_of(&answer)
    }

    async fn message(&self, id: &str) -> Value {
        let (status, answer) = self.api.get(&format!("/api/messages/{id}")).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Waits until a message has this status; answers how it is shown then.
    async fn becomes(&self, id: &str, status: &str) -> Value {
        let mut message = Value::Null;
        eventually(status, async || {
            message = self.message(id).await;
            message["status"] == status
        })
        .await;
        message
    }

    async fn is_gone(&self, id: &str) -> bool {
        let path = format!("/api/messages/{id}");
        self.api.request(Method::GET, &path, None).await.0 == 404
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        let (status, page) = self.api.get(path).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}
