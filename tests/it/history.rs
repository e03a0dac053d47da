//! What became of batches: each with its call, what came back, and every attempt.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// An api, a monitor that retries at once, and a receiver that answers by a script.
struct Course {
    api: Daemon,
    receiver: Receiver,
    redis: TestRedis,
    _monitor: Daemon,
}

const BUSY: Answer = Answer::Full(503, "", "busy");
const THANKS: Answer = Answer::Full(200, "", "thanks");
const GONE: Answer = Answer::Full(410, "", "bot retired");

impl Course {
    async fn start(script: &[Answer], then: Answer, settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::answering(script, then).await;
        let mut all = vec![("RETRY_FIRST", "0.01"), ("RETRY_CAP", "0.01")];
        all.extend(settings);
        Self {
            api: Daemon::api(&redis).await,
            _monitor: Daemon::monitor_with(&redis, &receiver.url(), &all).await,
            receiver,
            redis,
        }
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let (status, page) = self.api.get(path).await;
        assert_eq!(status, 200, "{page}");
        let items = page.get("items").unwrap_or(&page);
        items.as_array().unwrap().clone()
    }

    /// The history, once it holds so many batches of this status.
    async fn history(&self, status: &str, count: usize) -> Vec<Value> {
        let mut found = Vec::new();
        eventually("history is written", async || {
            found = self.list(&format!("/api/history?status={status}")).await;
            found.len() == count
        })
        .await;
        found
    }
}

/// Takes the moments and durations out, which must be in order.
fn timeless(entry: &mut Value) {
    let entry = entry.as_object_mut().unwrap();
    let mut times = vec![entry.remove("opened_at")];
    for said in entry.remove("said").unwrap().as_array().unwrap() {
        times.push(Some(said["at"].clone()));
    }
    times.push(entry.remove("closed_at"));
    for attempt in entry["attempts"].as_array_mut().unwrap() {
        let attempt = attempt.as_object_mut().unwrap();
        times.push(attempt.remove("at"));
        assert!(attempt.remove("duration_ms").unwrap().is_u64());
    }
    times.push(entry.remove("settled_at"));
    let times = times.into_iter().map(|time| {
        let time = time.unwrap();
        DateTime::parse_from_rfc3339(time.as_str().unwrap()).unwrap()
    });
    assert!(times.is_sorted());
}

#[tokio::test]
async fn a_delivered_batch_is_shown_with_its_call_the_answer_and_every_attempt() {
    let mut course = Course::start(&[BUSY], THANKS, &[]).await;
    course.api.say("ana", "oi", 0.2).await;
    course.api.say("ana", "tudo bem?", 0.2).await;
    let call = course.receiver.call().await;

    let mut batches = course.history("delivered", 1).await;

    timeless(&mut batches[0]);
    let token = batches[0].as_object_mut().unwrap().remove("token");
    assert!(token.unwrap().as_str().unwrap().starts_with("chat_"));
    assert_eq!(
        batches[0],
        json!({
            "webhook_id": call.id(),
            "user": "ana",
            "buffer": "default",
            "destination": "default",
            "status": "delivered",
            "messages": 2,
            "reason": "quiet",
            "wait_ms": 200,
            "wait_rule": "asked",
            "typing_ms": 0,
            "repeats": null,
            "attempts": [
                {"attempt": 1, "status": 503, "summary": "HTTP 503"},
                {"attempt": 2, "status": 200, "summary": "HTTP 200"},
            ],
            "request": {
                "method": "POST",
                "url": course.receiver.url(),
                "body": course.receiver.call().await.body,
                "bytes": call.body.len(),
            },
            "response": {"status": 200, "head": "thanks"},
        })
    );
    assert_eq!(course.list("/api/history").await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_tried_again_has_failed_until_it_is_over() {
    let slow = [("RETRY_FIRST", "60"), ("RETRY_CAP", "60")];
    let mut course = Course::start(&[], BUSY, &slow).await;
    course.api.say("ana", "oi", 0.1).await;
    course.receiver.call().await;

    let failed = course.history("failed", 1).await;

    assert_eq!(failed[0]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(
        failed[0]["response"],
        json!({"status": 503, "head": "busy"})
    );
    assert!(course.list("/api/messages/sent").await.is_empty());
}

#[tokio::test]
async fn a_buried_batch_takes_the_place_of_its_failures() {
    let course = Course::start(&[BUSY, BUSY], GONE, &[]).await;
    course.api.say("ana", "oi", 0.1).await;

    let buried = course.history("buried", 1).await;

    let statuses: Vec<_> = buried[0]["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| &attempt["status"])
        .collect();
    assert_eq!(statuses, [503, 503, 410]);
    assert_eq!(course.list("/api/history").await.len(), 1);
}

#[tokio::test]
async fn a_batch_that_is_given_up_on_without_an_attempt_says_why() {
    let course = Course::start(&[], THANKS, &[]).await;
    course.api.say("ana", "oi", 0.5).await;
    let window = course.redis.keys("*:window:*").await.remove(0);
    redis::cmd("RPUSH")
        .arg(&[window.as_str(), "no JSON at all"])
        .query_async::<()>(&mut course.redis.raw().await)
        .await
        .unwrap();

    let buried = course.history("buried", 1).await;

    let why = buried[0]["why"].as_str().unwrap();
    assert!(why.starts_with("unreadable in Redis"), "{why}");
    assert_eq!(buried[0]["attempts"], json!([]));
    assert_eq!(buried[0]["request"], Value::Null);
}

#[tokio::test]
async fn every_call_stands_in_the_list_of_what_was_forwarded() {
    let mut course = Course::start(&[BUSY], THANKS, &[]).await;
    course.api.say("ana", "oi", 0.1).await;
    course.history("delivered", 1).await;
    course.receiver.call().await;
    let sent = course.receiver.call().await;

    let calls = course.list("/api/messages/forwarded").await;
    let failed = course.list("/api/messages/forwarded?status=failed").await;
    let (_, page) = course.api.get("/api/messages/forwarded?limit=1").await;

    let told = |call: &Value| (call["status_code"].clone(), call["response"].clone());
    assert_eq!(
        calls.iter().map(told).collect::<Vec<_>>(),
        [(json!(200), json!("thanks")), (json!(503), json!("busy"))]
    );
    assert_eq!(calls[0]["payload"], sent.body);
    assert_eq!((failed.len(), &failed[0]["attempt"]), (1, &json!(1)));
    assert!(page["items"].is_array() && page.get("next_cursor").is_some());
}

#[tokio::test]
async fn with_payloads_none_nothing_of_what_was_sent_and_answered_is_kept() {
    let none = [("HISTORY_PAYLOADS", "none")];
    let course = Course::start(&[BUSY], THANKS, &none).await;
    course.api.say("ana", "segredo", 0.1).await;

    let batches = course.history("delivered", 1).await;

    assert_eq!(batches[0]["request"], Value::Null);
    assert_eq!(batches[0]["response"], json!({"status": 200, "head": null}));
    let key = course.redis.keys("*:history").await.remove(0);
    let kept: redis::Value = redis::Cmd::xrange_all(key)
        .query_async(&mut course.redis.raw().await)
        .await
        .unwrap();
    let kept = format!("{kept:?}");
    assert!(kept.contains("webhook") || kept.contains("msg_"), "{kept}");
    for gone in ["segredo", "busy", "thanks"] {
        assert!(!kept.contains(gone), "{kept}");
    }
}

#[tokio::test]
async fn a_body_above_64_kib_is_not_kept_and_that_is_said() {
    let mut course = Course::start(&[], THANKS, &[]).await;
    course.api.say("ana", &"a".repeat(70_000), 0.1).await;
    let call = course.receiver.call().await;

    let request = course.history("delivered", 1).await[0]["request"].clone();

    assert_eq!(request["body"], Value::Null);
    assert_eq!(request["bytes"], call.body.len());
    assert_eq!(request["note"], "a body above 64 KiB is not kept");
}

#[tokio::test]
async fn with_a_count_of_0_there_is_no_history() {
    let mut course = Course::start(&[BUSY], THANKS, &[("HISTORY_COUNT", "0")]).await;
    course.api.say("ana", "oi", 0.1).await;
    course.receiver.call().await;
    course.receiver.call().await;
    eventually("it is settled", async || {
        course.redis.keys("*:head:*").await.is_empty()
    })
    .await;

    assert!(course.redis.keys("*:history").await.is_empty());
}

#[tokio::test]
async fn history_is_asked_for_by_chat_status_destination_and_period() {
    let course = Course::start(&[THANKS], GONE, &[]).await;
    course.api.say("ana", "oi", 0.1).await;
    course.history("delivered", 1).await;
    course.api.say("eva", "oi", 0.1).await;
    let buried = course.history("buried", 1).await;
    let at = buried[0]["settled_at"].as_str().unwrap();

    for (query, users) in [
        ("", vec!["eva", "ana"]),
        ("user=ana", vec!["ana"]),
        ("status=200", vec!["ana"]),
        ("status=410&buffer=default", vec!["eva"]),
        ("destination=default", vec!["eva", "ana"]),
        ("destination=other", vec![]),
        (&format!("from={at}"), vec!["eva"]),
        ("to=2020-01-01T00:00:00Z", vec![]),
    ] {
        let found = course.list(&format!("/api/history?{query}")).await;
        let found: Vec<_> = found.iter().map(|entry| &entry["user"]).collect();
        assert_eq!(found, users, "{query}");
    }
    for bad in ["from=today", "to=1", "destination=Bad%20Name", "limit=0"] {
        let (status, _) = course.api.get(&format!("/api/history?{bad}")).await;
        assert_eq!(status, 400, "{bad}");
    }
}

#[tokio::test]
async fn what_was_received_is_listed_the_newest_first_without_what_was_dropped() {
    let course = Course::start(&[], THANKS, &[]).await;
    let said = |text: &str, id: &str| json!({"user": "ana", "message": text, "message_id": id, "ttl": 30, "foto": 1});
    course.api.post("/api/message", said("oi", "a")).await;
    course.api.post("/api/message", said("oi", "a")).await;
    course
        .api
        .post("/api/message", said("tudo bem?", "b"))
        .await;
    course.api.post("/api/chats/eva/pause", json!({})).await;
    course.api.say("eva", "não é para o bot", 30.0).await;

    let mut received = course.list("/api/messages/received").await;
    let (_, page) = course
        .api
        .get("/api/messages/received?limit=1&key=ana")
        .await;

    let at = received[0].as_object_mut().unwrap().remove("received_at");
    assert!(DateTime::parse_from_rfc3339(at.unwrap().as_str().unwrap()).is_ok());
    assert_eq!(
        received[0],
        json!({
            "buffer": "default", "key": "ana", "id": "b", "type": "text", "message": "tudo bem?", "fields": {"foto": 1},
        })
    );
    assert_eq!((received.len(), &received[1]["id"]), (2, &json!("a")));
    assert_eq!(page["items"][0]["id"], "b");
    assert!(page["next_cursor"].is_string());
    for nothing in [
        "user=eva",
        "forwarding=bot",
        "status=failed",
        "buffer=Loja+1",
    ] {
        let path = format!("/api/messages/received?{nothing}");
        assert!(course.list(&path).await.is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn what_is_kept_of_what_was_received_is_a_setting() {
    let redis = TestRedis::start().await;
    let none = Daemon::api_with(&redis, &[("HISTORY_PAYLOADS", "none")]).await;
    none.say("ana", "segredo", 30.0).await;
    let off = Daemon::api_with(&redis, &[("HISTORY_COUNT", "0")]).await;
    off.say("eva", "segredo", 30.0).await;

    let (_, list) = off.get("/api/messages/received").await;

    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(
        (&list[0]["key"], &list[0]["message"]),
        (&json!("ana"), &Value::Null)
    );
    assert!(!list.to_string().contains("segredo"));
}

#[tokio::test]
async fn what_was_received_is_trimmed_by_age() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 30.0).await;
    let store = redis.store().await;
    let now = lull::store::history::Retention {
        history_age: std::time::Duration::ZERO,
        ..crate::support::RETENTION
    };

    store
        .history()
        .trim(&crate::support::RETENTION)
        .await
        .unwrap();
    assert_eq!(redis.keys("*:received").await.len(), 1);

    eventually("a millisecond has passed", async || {
        store.history().trim(&now).await.unwrap();
        let (_, list) = api.get("/api/messages/received").await;
        list == json!([])
    })
    .await;
}
