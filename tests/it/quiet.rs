//! Quiet about people: whatever happens, no message text, token or phone number stands in any log line.

use std::net::SocketAddr;

use nix::sys::signal::Signal;
use redis::aio::MultiplexedConnection;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Daemon, Receiver, TestRedis, chat, eventually};

const PHONE: &str = "5511988887777";
const TEXT: &str = "meu segredo";
const TOKEN: &str = "t0ken";
/// A word of every secret in the settings.
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A system full of secrets.
struct Undeliverable {
    api: Daemon,
    monitor: Daemon,
    receiver: Receiver,
    redis: TestRedis,
    raw: MultiplexedConnection,
}

impl Undeliverable {
    async fn start(format: &str) -> Self {
        let redis = TestRedis::start().await;
        let mut raw = redis.raw().await;
        redis::cmd("CONFIG")
            .arg(&["SET", "requirepass", SECRET])
            .query_async::<()>(&mut raw)
            .await
            .unwrap();
        let script = [Answer::Echo(200), Answer::Echo(500), Answer::Echo(410)];
        let receiver = Receiver::answering(&script, Answer::Status(200)).await;
        let url = secret_url(receiver.address());
        let common = [
            ("REDIS_PASSWORD", SECRET),
            ("LOG_LEVEL", "trace"),
            ("LOG_FORMAT", format),
        ];
        let mut settings = common.to_vec();
        let (secret, headers) = (
            format!("whsec_{SECRET}"),
            json!({"Authorization": format!("Bearer {TOKEN}")}).to_string(),
        );
        settings.extend([
            ("WEBHOOK_SECRET", secret.as_str()),
            ("WEBHOOK_HEADERS", &headers),
            ("MAX_RETRIES", "1"),
            ("RETRY_FIRST", "0.01"),
        ]);
        Self {
            api: Daemon::api_with(&redis, &common).await,
            monitor: Daemon::monitor_with(&redis, &url, &settings).await,
            receiver,
            redis,
            raw,
        }
    }

    async fn say(&self) {
        let body = json!({
            "user": PHONE, "message": TEXT, "ttl": 0.1, "message_id": fastrand::u64(..),
            "token": TOKEN, "phone": PHONE, "sender_name": TEXT,
        });
        // With each line of a trace written, a busy machine may be too slow for the patience with Redis: the client repeats.
        let taken = async || self.api.post("/api/message", body.clone()).await.0 == 200;
        eventually("the message is taken", taken).await;
    }

    /// Delivered; refused, then rejected, with all that was sent in the answer; revived; flushed; cancelled.
    async fn live(&mut self) {
        for calls in [1, 2] {
            self.say().await;
            for _ in 0..calls {
                self.receiver.call().await;
            }
        }
        // The log tells of the attempt before the letter lies there.
        eventually("it is a dead letter", async || {
            let (_, letters) = self.api.get("/api/messages/dead-letter").await;
            letters["items"].as_array().is_some_and(|it| !it.is_empty())
        })
        .await;
        let revive = json!({ "user": PHONE });
        self.api.post("/api/dead-letter/revive", revive).await;
        self.receiver.call().await;
        self.say().await;
        self.api
            .request(Method::POST, &format!("/api/chats/{PHONE}/flush"), None)
            .await;
        self.receiver.call().await;
        self.say().await;
        self.api
            .request(Method::DELETE, &format!("/api/chats/{PHONE}"), None)
            .await;
    }

    /// Input that makes no sense, in ways that an error could quote.
    async fn be_misused(&self) {
        for body in [
            json!({"user": PHONE, "message": TEXT, "ttl": TOKEN}),
            json!({"user": [PHONE], "message": TEXT}),
            json!({"user": PHONE, "message": TEXT, "message_id": [TOKEN]}),
            json!([PHONE, TEXT, TOKEN]),
            json!(TEXT),
        ] {
            self.api.post("/api/message", body.clone()).await;
            self.api.post("/api/typing", body).await;
        }
        for path in [
            "",
            "/api/message/",
            "/api/dead-letter/",
            "/api/messages/sent?cursor=",
        ] {
            let path = format!("{path}{PHONE}-{TOKEN}");
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let request = self.api.client().request(method, self.api.url("") + &path);
                // Some of these are no paths at all.
                let _ = request
                    .header("authorization", TOKEN)
                    .body(TEXT)
                    .send()
                    .await;
            }
        }
    }

    /// A message in Redis that Lull did not write.
    async fn be_tampered_with(&mut self) {
        let body = json!({"user": PHONE, "message": TEXT, "ttl": 0.5});
        self.api.post("/", body).await;
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*:window:*")
            .query_async(&mut self.raw)
            .await
            .unwrap();
        redis::cmd("RPUSH")
            .arg(&keys[0])
            .arg(json!({"at": TEXT, "message": PHONE, "id": {"token": TOKEN}}).to_string())
            .query_async::<()>(&mut self.raw)
            .await
            .unwrap();
        self.monitor.logs("unreadable in Redis").await;
        self.api.get("/api/messages/dead-letter").await;
    }

    /// A destination that sends elsewhere, hangs up, and is gone; a Redis that goes; the end.
    async fn fall(&mut self) {
        let elsewhere = "location: http://127.0.0.1/t0ken?phone=5511988887777\r\n";
        for answer in [Answer::Full(302, elsewhere, TEXT), Answer::Reset] {
            self.receiver.answer(answer);
            self.say().await;
            for _ in 0..2 {
                self.receiver.call().await;
            }
        }
        eventually("all is given up on", async || {
            self.monitor.metric("lull_dead_letters").await >= 3.0
        })
        .await;
        self.say().await;
        self.redis.kill();
        let body = json!({"user": PHONE, "message": TEXT});
        let (status, _) = self.api.post("/", body).await;
        assert_eq!(status, 503);
        self.monitor.logs("Sweep of windows failed").await;
        self.api.signal(Signal::SIGTERM);
        self.monitor.signal(Signal::SIGTERM);
        self.api.ended().await;
        self.monitor.ended().await;
    }
}

/// With a token everywhere that a URL can hold one.
fn secret_url(address: SocketAddr) -> String {
    format!("http://{TOKEN}:{TOKEN}@{address}/webhook/{TOKEN}?key={TOKEN}#{TOKEN}")
}

/// Every line of both logs of a system that has seen everything.
async fn log_of_a_whole_life(format: &str) -> Vec<String> {
    let mut system = Undeliverable::start(format).await;
    system.live().await;
    system.be_misused().await;
    system.be_tampered_with().await;
    system.fall().await;
    let log = system.api.log() + &system.monitor.log();
    log.lines().map(str::to_owned).collect()
}

fn assert_quiet(log: &[String]) {
    let hash = chat(PHONE).hash().to_string();
    let of_the_chat = log.iter().filter(|line| line.contains(&hash)).count();
    assert!(of_the_chat > 10, "too little has happened: {log:#?}");
    for line in log {
        for secret in [PHONE, TEXT, TOKEN, SECRET] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[tokio::test]
async fn no_line_of_text_tells_what_was_said_by_whom_or_a_secret() {
    let log = log_of_a_whole_life("text").await;

    assert_quiet(&log);
}

#[tokio::test]
async fn no_line_of_json_tells_what_was_said_by_whom_or_a_secret() {
    let log = log_of_a_whole_life("json").await;

    assert_quiet(&log);
    for line in log {
        let line: Value = serde_json::from_str(&line).unwrap();
        for name in ["timestamp", "level", "message"] {
            assert!(line[name].is_string(), "{line}");
        }
    }
}
