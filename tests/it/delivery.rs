//! What the destination gets, and what its answers do.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// Retries that do not keep a test waiting.
const QUICK: [(&str, &str); 2] = [("RETRY_FIRST", "0.05"), ("RETRY_CAP", "0.1")];

fn quick_with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    QUICK.iter().chain(more).copied().collect()
}

#[tokio::test]
async fn the_payload_is_as_documented() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let settings = [
        ("TIMEZONE", "America/Sao_Paulo"),
        ("MESSAGES_FIELD", "listamessages"),
    ];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    let first = json!({"user": "55119", "message": "oi", "ttl": 0.2, "foto": "a", "phone": 1, "user_id": "forged"});
    let second = json!({"user": "55119", "message": {"audio": "x"}, "ttl": 0.2, "foto": "b", "message_id": "m2"});
    api.post("/api/message", first).await;
    api.post("/api/message", second).await;

    let mut body = receiver.call().await.json();
    let processed_at = body["processed_at"].take();
    assert!(
        processed_at.as_str().unwrap().ends_with("-03:00"),
        "{processed_at}"
    );
    let messages = json!(["oi", {"audio": "x"}]);
    assert_eq!(
        body,
        json!({
            "foto": "b", "phone": 1, "user": "55119", "user_id": "55119", "listamessages": messages,
            "processed_at": null
        })
    );
}

#[tokio::test]
async fn every_call_carries_the_headers_of_standard_webhooks() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let settings = [
        ("WEBHOOK_SECRET", secret),
        ("WEBHOOK_HEADERS", r#"{"Authorization": "Bearer t"}"#),
    ];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    api.say("ana", "oi", 0.1).await;

    let call = receiver.call().await;
    assert_eq!(call.request_line, "POST /webhook HTTP/1.1");
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(
        call.headers["user-agent"],
        concat!("lull/", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(call.headers["authorization"], "Bearer t");
    let mut headers = reqwest::header::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, call.headers[name].parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret)
        .unwrap()
        .verify(call.body.as_bytes(), &headers)
        .unwrap();
}

#[tokio::test]
async fn a_refused_batch_comes_again_the_same_under_the_same_id() {
    let redis = TestRedis::start().await;
    let refusals = [
        Answer::Status(500),
        Answer::Status(404),
        Answer::Status(400),
        Answer::Reset,
        Answer::Full(302, "location: /elsewhere\r\n", ""),
    ];
    let mut receiver = Receiver::answering(&refusals, Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &QUICK).await;

    api.say("ana", "oi", 0.1).await;

    let first = receiver.call().await;
    for _ in 0..refusals.len() {
        let again = receiver.call().await;
        assert_eq!((again.id(), &again.body), (first.id(), &first.body));
        assert_eq!(again.request_line, "POST /webhook HTTP/1.1");
    }
    eventually("it is settled", async || {
        monitor
            .metric(r#"lull_attempts_total{outcome="delivered"}"#)
            .await
            == 1.0
    })
    .await;
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_receiver_that_stalls_is_given_up_after_the_timeout_and_asked_again() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = quick_with(&[("WEBHOOK_TIMEOUT", "0.3")]);
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    api.say("ana", "oi", 0.1).await;

    let (first, second) = (receiver.call().await, receiver.call().await);
    assert_eq!(first.id(), second.id());
    assert!(second.at - first.at >= Duration::from_millis(290));
}

#[tokio::test]
async fn any_2xx_is_success_with_or_without_a_body() {
    let redis = TestRedis::start().await;
    let script = [
        Answer::Status(204),
        Answer::Full(201, "", "made"),
        Answer::Full(200, "", r#"{"message":"started"}"#),
    ];
    let mut receiver = Receiver::answering(&script, Answer::Status(500)).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for user in ["a", "b", "c"] {
        api.say(user, "oi", 0.1).await;
        receiver.call().await;
    }

    eventually("all are settled", async || {
        monitor
            .metric(r#"lull_attempts_total{outcome="delivered"}"#)
            .await
            == 3.0
    })
    .await;
}

#[tokio::test]
async fn after_the_last_retry_a_batch_becomes_a_dead_letter() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Full(500, "", "no such workflow")).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor_with(
        &redis,
        &receiver.url(),
        &quick_with(&[("MAX_RETRIES", "2")]),
    )
    .await;

    api.say("ana", "oi", 0.1).await;
    let id = receiver.call().await.id();

    eventually("it is buried", async || {
        api.get("/api/messages/dead-letter").await.1["items"][0]["webhook_id"] == id
    })
    .await;
    let letter = &api.get("/api/messages/dead-letter").await.1["items"][0];
    assert_eq!(letter["attempts"], 3);
    assert_eq!(letter["reason"], "HTTP 500: no such workflow");
    assert_eq!(letter["messages"], json!(["oi"]));
    assert_eq!(receiver.calls_so_far().len(), 2);
}

#[tokio::test]
async fn gone_means_never_again() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Status(410)).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &QUICK).await;

    api.say("ana", "oi", 0.1).await;
    receiver.call().await;

    eventually("it is buried", async || {
        api.get("/api/messages/dead-letter").await.1["items"][0]["reason"] == "HTTP 410"
    })
    .await;
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let redis = TestRedis::start().await;
    let busy = Answer::Full(429, "retry-after: 1\r\n", "");
    let mut receiver = Receiver::answering(&[busy], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &QUICK).await;

    api.say("ana", "oi", 0.1).await;

    let (first, second) = (receiver.call().await, receiver.call().await);
    assert!(second.at - first.at >= Duration::from_millis(950));
}

#[tokio::test]
async fn a_chat_whose_batch_fails_delays_no_other_chat() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say("stuck", "oi", 0.1).await;
    assert_eq!(receiver.call().await.user(), "stuck");

    let said = Instant::now();
    for user in ["a", "b", "c"] {
        api.say(user, "oi", 0.1).await;
        assert_eq!(receiver.call().await.user(), user);
    }

    // The attempt of the stuck one lasts 30 s.
    assert!(said.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_chat_waits_for_its_own_batch_so_that_order_holds() {
    let redis = TestRedis::start().await;
    let script = [
        Answer::Status(500),
        Answer::Status(500),
        Answer::Status(500),
    ];
    let mut receiver = Receiver::answering(&script, Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [("RETRY_FIRST", "0.4"), ("RETRY_CAP", "0.4")];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    let mut arrived = Vec::new();
    for text in ["1", "2", "3"] {
        api.say("ana", text, 0.1).await;
        eventually("the window is closed", async || {
            api.get("/api/chats").await.1["total"] == 0
        })
        .await;
    }
    while arrived
        .last()
        .is_none_or(|last: &Vec<String>| last.last().unwrap() != "3")
    {
        arrived.push(receiver.call().await.messages());
    }

    arrived.dedup();
    assert_eq!(arrived.concat(), ["1", "2", "3"]);
    assert_eq!(arrived[0], ["1"]);
}

#[tokio::test]
async fn no_more_than_concurrency_attempts_are_on_their_way() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Silence).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &[("CONCURRENCY", "3")]).await;

    for user in 0..12 {
        api.say(&user.to_string(), "oi", 0.1).await;
    }
    for _ in 0..3 {
        receiver.call().await;
    }

    // Every window is closed on time, though there is no room to attempt what was in it.
    eventually("all windows are closed", async || {
        api.metric("lull_windows_open").await == 0.0
    })
    .await;
    assert_eq!(monitor.metric("lull_attempts_in_flight").await, 3.0);
    assert_eq!(api.metric("lull_lanes_waiting").await, 12.0);
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_destination_that_is_down_gets_single_probes_and_everything_soon_after_its_return() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Status(503)).await;
    let api = Daemon::api(&redis).await;
    // Long back-off: without the breaker's help the first chats would be silent for a minute.
    let settings = [
        ("RETRY_FIRST", "60"),
        ("RETRY_CAP", "60"),
        ("CONCURRENCY", "4"),
    ];
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    for user in 0..300 {
        api.say(&user.to_string(), "oi", 0.1).await;
    }
    eventually("the breaker opens", async || {
        monitor.metric("lull_breakers_open").await == 1.0
    })
    .await;
    eventually("a probe went", async || {
        monitor
            .metric(r#"lull_attempts_total{outcome="retry"}"#)
            .await
            >= 262.0
    })
    .await;
    let during = receiver.calls_so_far();

    receiver.answer(Answer::Status(200));
    let back = Instant::now();
    let mut users = std::collections::BTreeSet::new();
    while users.len() < 300 {
        users.insert(receiver.call().await.user());
    }

    assert!(
        during.len() < 300,
        "{} calls while it was down",
        during.len()
    );
    assert!(
        back.elapsed() < Duration::from_secs(15),
        "{:?}",
        back.elapsed()
    );
    assert_eq!(monitor.metric("lull_breakers_open").await, 0.0);
}
