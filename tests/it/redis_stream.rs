//! A destination that is a stream of Redis gets what a webhook gets, and is looked after as any other.

use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{AsyncCommands, from_redis_value};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::daemon::free_port;
use crate::support::daemons::tell;
use crate::support::system::System;
use crate::support::{SHORT, TestRedis, eventually};

const PASSWORD: &str = "t0ps3cret";
const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A Redis of somebody else, who lets us add to their streams and do nothing else.
struct Theirs {
    redis: TestRedis,
    raw: MultiplexedConnection,
    port: u16,
}

impl Theirs {
    async fn start() -> Self {
        let port = free_port();
        let redis = TestRedis::start_with(&["--port", &port.to_string()]).await;
        let mut theirs = Self {
            raw: redis.raw().await,
            redis,
            port,
        };
        theirs.let_us_in().await;
        theirs
    }

    async fn let_us_in(&mut self) {
        self.raw = self.redis.raw().await;
        let password = format!(">{PASSWORD}");
        let words = [
            "ACL",
            "SETUSER",
            "us",
            "on",
            &password,
            "resetkeys",
            "~bots*",
        ];
        tell(&mut self.raw, &[&words[..], &["-@all", "+xadd"]].concat()).await;
        // So that the length is exactly what was asked for.
        self.redis.set("stream-node-max-entries", "1").await;
    }

    fn url(&self) -> String {
        format!("redis://us:{PASSWORD}@127.0.0.1:{}", self.port)
    }

    fn spec(&self, stream: &str) -> Value {
        json!({"kind": "redis-stream", "url": self.url(), "stream": stream})
    }

    /// The entries of a stream, oldest first, each as an object.
    async fn entries(&mut self, stream: &str) -> Vec<Value> {
        let all: StreamRangeReply = self.raw.xrange_all(stream).await.unwrap();
        let entry = |fields: std::collections::HashMap<String, redis::Value>| {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| {
                let text: String = from_redis_value(value).unwrap();
                (name, json!(text))
            });
            Value::Object(fields.collect())
        };
        all.ids.into_iter().map(|it| entry(it.map)).collect()
    }

    async fn wait_for(&mut self, stream: &str, entries: usize) -> Vec<Value> {
        let mut raw = self.raw.clone();
        eventually("the entries are in the stream", async || {
            raw.xlen::<_, usize>(stream).await.unwrap() >= entries
        })
        .await;
        self.entries(stream).await
    }
}

/// The newest attempt that the history tells of.
async fn history(system: &System, words: &str) -> Value {
    let mut found = Value::Null;
    eventually("history tells of it", async || {
        let (_, history) = system.api.get("/api/history?limit=20").await;
        let items = history["items"].as_array().unwrap().iter();
        found = items
            .clone()
            .find(|it| it.to_string().contains(words))
            .cloned()
            .unwrap_or_default();
        !found.is_null()
    })
    .await;
    found
}

#[tokio::test]
async fn an_entry_has_what_a_webhook_gets_and_nobody_is_shown_the_password() {
    let mut theirs = Theirs::start().await;
    let system = System::open().await;
    let mut spec = theirs.spec("bots");
    spec["secrets"] = json!([SIGNING]);
    spec["max_len"] = json!(3);
    spec["headers"] = json!({"X-Shop": "centro"});
    system.destination_of("bot", spec).await;
    let mut other = theirs.spec("bots:words");
    other["template"] = json!(r#"{"to": {{ user }}, "said": {{ text }}}"#);
    system.destination_of("words", other).await;
    system.buffer("loja", &["bot", "words"]).await;

    system.say("loja", "ana", "oi\n🙂", SHORT).await;
    let first = theirs.wait_for("bots", 1).await.remove(0);
    let body = first["body"].as_str().unwrap();
    let payload: Value = serde_json::from_str(body).unwrap();
    assert_eq!(payload["messages"], json!(["oi\n🙂"]));
    assert_eq!(first["content-type"], "application/json");
    assert_eq!(first["x-shop"], "centro");
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, first[name].as_str().unwrap().parse().unwrap());
    }
    let receiving = Webhook::new(SIGNING).unwrap();
    receiving.verify(body.as_bytes(), &headers).unwrap();
    let words = theirs.wait_for("bots:words", 1).await.remove(0);
    assert_eq!(words["body"], "{\"to\": \"ana\", \"said\": \"oi\\n🙂\"}");
    assert!(words.get("webhook-signature").is_none(), "{words}");

    for name in ["eva", "leo", "ivo", "bia"] {
        system.say("loja", name, "oi", SHORT).await;
    }
    theirs.wait_for("bots:words", 5).await;
    history(&system, "bia").await;
    let (_, tried) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;
    assert_eq!(tried["success"], true, "{tried}");
    assert_eq!(tried["request"]["method"], "XADD bots");
    assert_eq!(tried["request"]["headers"]["lull-test"], "true");
    assert_eq!(tried["request"]["headers"]["x-shop"], "********");
    let kept = theirs.entries("bots").await;
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(kept[2]["lull-test"], "true");

    let mut shown = vec![tried];
    for path in [
        "/api/destinations",
        "/api/destinations/bot",
        "/api/history",
        "/api/audit",
        "/api/overview",
        "/api/doctor",
    ] {
        shown.push(system.api.get(path).await.1);
    }
    let url = format!("redis://********@127.0.0.1:{}", theirs.port);
    assert_eq!(shown[2]["url"], json!(url));
    assert_eq!(
        (&shown[2]["kind"], &shown[2]["max_len"]),
        (&json!("redis-stream"), &json!(3))
    );
    assert!(shown[2].get("method").is_none(), "{}", shown[2]);
    let place = format!("bot at redis://127.0.0.1:{} takes connections", theirs.port);
    assert!(shown[6].to_string().contains(&place), "{}", shown[6]);
    let tried = history(&system, "stored as entry ").await;
    assert!(tried.to_string().contains(&url), "{tried}");
    let logs = system.api.log() + &system.monitor.log();
    for text in shown.iter().map(Value::to_string).chain([logs]) {
        assert!(!text.contains(PASSWORD), "{text}");
    }

    // What was shown can be put back whole.
    let (status, put) = system.put("/api/destinations/bot", shown[2].clone()).await;
    assert_eq!(status, 200, "{put}");
    let (_, tried) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;
    assert_eq!(tried["success"], true, "{tried}");
}

#[tokio::test]
async fn what_redis_refuses_is_tried_again_and_told_and_so_is_a_redis_that_is_away() {
    let mut theirs = Theirs::start().await;
    let system = System::open().await;
    let quickly = json!({"for": 0, "first": 0.2, "cap": 0.5});
    for (name, stream) in [("bot", "bots"), ("lost", "nobody")] {
        let mut spec = theirs.spec(stream);
        spec["retry"] = quickly.clone();
        system.destination_of(name, spec).await;
        system.buffer(name, &[name]).await;
    }
    let _: () = theirs.raw.set("bots", "no stream").await.unwrap();

    system.say("bot", "ana", "oi", SHORT).await;
    system.say("lost", "eva", "oi", SHORT).await;
    history(&system, "not taken: WRONGTYPE Operation against a key").await;
    history(&system, "not taken: NOPERM").await;
    let _: () = theirs.raw.del("bots").await.unwrap();
    let first = theirs.wait_for("bots", 1).await.remove(0);
    let told = history(&system, "stored as entry ").await;
    assert_eq!(told["webhook_id"], first["webhook-id"]);

    theirs.redis.kill();
    system.say("bot", "leo", "oi", SHORT).await;
    history(&system, "cannot connect: ").await;
    theirs.redis.start_again().await;
    theirs.let_us_in().await;
    let all = theirs.wait_for("bots", 2).await;
    let last = all.last().unwrap();
    assert!(last["body"].as_str().unwrap().contains("leo"), "{last}");
}

#[tokio::test]
async fn what_only_another_kind_has_is_refused_with_its_field() {
    let system = System::open().await;
    let stream = |field: &str, value: Value| {
        let mut spec = json!({
            "name": "bot", "kind": "redis-stream", "url": "redis://127.0.0.1:9", "stream": "bots",
        });
        spec[field] = value;
        spec
    };
    for (spec, field) in [
        (stream("method", json!("PUT")), "method"),
        (
            stream("retry", json!({"max_retry_after": 5})),
            "retry.max_retry_after",
        ),
        (stream("stream", json!("lull:{00}:due")), "stream"),
        (stream("stream", json!("")), "stream"),
        (stream("stream", Value::Null), "stream"),
        (stream("max_len", json!(0)), "max_len"),
        (stream("url", json!("http://127.0.0.1/")), "url"),
        (stream("headers", json!({"Body": "x"})), "headers"),
        (stream("guarded", json!(true)), "url"),
        (stream("kind", json!("kafka")), "kind"),
        (
            json!({"name": "bot", "url": "http://n8n/", "stream": "bots"}),
            "stream",
        ),
        (
            json!({"name": "bot", "url": "http://n8n/", "max_len": 5}),
            "max_len",
        ),
        (json!({"name": "bot", "url": "redis://n8n/"}), "url"),
    ] {
        let asked = Some(spec.clone());
        let refused = system
            .api
            .refused(Method::POST, "/api/destinations", asked)
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.field.as_deref()),
            (400, Some(field)),
            "{spec}: {refused:?}"
        );
    }
}
