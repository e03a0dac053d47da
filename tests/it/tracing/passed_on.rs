//! What is passed on of a trace, whether or not anything is exported.

use std::collections::BTreeMap;

use serde_json::json;

use super::{PARENT, Parent, parent, post};
use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis};

/// Fast, and with a receiver on the loopback for Buffer Service.
const SETTINGS: [(&str, &str); 5] = [
    ("DEFAULT_TTL", "0.1"),
    ("MAX_TTL", "0.3"),
    ("ALLOW_PRIVATE_WEBHOOKS", "true"),
    ("SCHEDULER_INTERVAL", "100ms"),
    ("RETRY_FIRST", "0.01"),
];

#[tokio::test]
async fn whichever_way_a_message_comes_in_its_trace_goes_on_to_the_webhook() {
    let buffers = [
        json!({"name": "loja", "source": "evolution", "window": {"wait": 0.1}}),
        json!({"name": "own", "source": "fields", "window": {"wait": 0.1}}),
    ];
    let mut system = System::with_settings(&buffers, &SETTINGS).await;
    let anonymous = json!({
        "webhook": {"url": system.default.url()},
        "buffer": {"key": "a", "wait_time": 0.1, "aggregate_field": "q"},
        "payload": {"q": "oi"},
    });
    let key = json!({"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": "A1"});
    let said = json!({"key": key, "message": {"conversation": "oi"}, "pushName": "Ana"});
    let evolution = json!({"event": "messages.upsert", "instance": "loja", "data": said});
    let plain = |user: &str| json!({"user": user, "message": "oi"});
    let ways = [
        ("/api/message", plain("1")),
        ("/message", plain("2")),
        ("/", plain("3")),
        (
            "/api/message",
            json!({"user": "4", "message": "oi", "delay": 0.1}),
        ),
        ("/webhook", json!({"unique_id": "5", "message": "oi"})),
        ("/api/v1/message", anonymous),
        ("/api/webhook/loja", evolution),
        ("/api/webhook/own", plain("8")),
        ("/api/buffers/own/messages", plain("9")),
        (
            "/api/messages",
            json!({"phone_number": "+5511988887777", "content": "oi"}),
        ),
        (
            "/api/messages",
            json!({"phone_number": "+5511988887778", "content": "oi", "delay": 0.1}),
        ),
    ];
    let mut expected = BTreeMap::new();
    for (number, (path, body)) in (1..).zip(ways.clone()) {
        expected.insert(parent(number)[3..35].to_owned(), path);
        let headers = [("traceparent", &*parent(number))];
        post(&system.api, path, body, &headers).await;
    }

    for _ in ways {
        let got = Parent::of(&system.default.call().await);
        assert!(expected.remove(&got.trace).is_some(), "{got:?}");
        assert_ne!(got.span, PARENT[36..52], "{got:?}");
        assert_eq!(got.flags, "01");
    }
    assert!(expected.is_empty(), "{expected:?}");
}

#[tokio::test]
async fn each_attempt_is_a_span_of_its_own_in_the_same_trace() {
    let redis = TestRedis::start().await;
    let failing = [Answer::Status(503), Answer::Status(503)];
    let mut receiver = Receiver::answering(&failing, Answer::Status(200)).await;
    let api = Daemon::api_with(&redis, &SETTINGS).await;
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &SETTINGS).await;

    let headers = [
        ("traceparent", PARENT),
        ("tracestate", "rojo=1"),
        ("tracestate", "congo=a b"),
    ];
    post(
        &api,
        "/api/message",
        json!({"user": "ana", "message": "oi"}),
        &headers,
    )
    .await;

    let mut spans = vec![PARENT[36..52].to_owned()];
    for _ in 0..3 {
        let call = receiver.call().await;
        let got = Parent::of(&call);
        assert_eq!(got.trace, PARENT[3..35]);
        assert_eq!(call.headers["tracestate"], "rojo=1,congo=a b");
        assert!(!spans.contains(&got.span), "{spans:?}");
        spans.push(got.span);
    }
}

#[tokio::test]
async fn a_batch_is_in_the_trace_of_its_first_message_that_has_one() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    for (text, headers) in [
        ("one", vec![]),
        ("two", vec![("traceparent", PARENT)]),
        ("three", vec![("traceparent", &*parent(3))]),
    ] {
        let body = json!({"user": "ana", "message": text, "ttl": 60});
        post(&api, "/api/message", body, &headers).await;
        // Windows of one message each, whose batches the first lease joins.
        let (status, _) = api.post("/api/chats/ana/flush", json!({})).await;
        assert_eq!(status, 200);
    }

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let call = receiver.call().await;
    assert_eq!(call.messages(), ["one", "two", "three"]);
    assert_eq!(Parent::of(&call).trace, PARENT[3..35]);
}

#[tokio::test]
async fn after_a_monitor_was_killed_the_next_goes_on_in_the_same_trace() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api_with(&redis, &SETTINGS).await;
    let settings = [("WEBHOOK_TIMEOUT", "0.5")];
    let mut first = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let body = json!({"user": "ana", "message": "oi"});
    post(&api, "/api/message", body, &[("traceparent", PARENT)]).await;
    let cut_off = Parent::of(&receiver.call().await);

    first.kill();
    let _second = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    let again = Parent::of(&receiver.call().await);
    assert_eq!(again.trace, cut_off.trace);
    assert_ne!(again.span, cut_off.span);
}

#[tokio::test]
async fn what_is_no_trace_is_ignored_and_the_first_of_two_posts_of_a_message_counts() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &SETTINGS).await;
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &SETTINGS).await;
    let (upper, zero) = (PARENT.to_uppercase(), parent(0));
    let broken = [
        vec![],
        vec![("tracestate", "rojo=1")],
        vec![("traceparent", upper.as_str())],
        vec![("traceparent", &PARENT[..54])],
        vec![("traceparent", zero.as_str())],
        vec![("traceparent", PARENT), ("traceparent", PARENT)],
    ];

    for (number, headers) in broken.iter().enumerate() {
        let body = json!({"user": number.to_string(), "message": "oi"});
        post(&api, "/api/message", body, headers).await;
        let call = receiver.call().await;
        let headers = call.headers.keys().filter(|name| name.starts_with("trace"));
        assert_eq!(headers.count(), 0, "{:?}", call.headers);
    }
    for number in 1..3 {
        let body = json!({"user": "ana", "message": "oi", "message_id": "a"});
        let headers = [("traceparent", &*parent(number))];
        post(&api, "/api/message", body, &headers).await;
    }
    assert_eq!(Parent::of(&receiver.call().await).trace, parent(1)[3..35]);
}

#[tokio::test]
async fn a_destination_with_a_traceparent_of_its_own_keeps_it() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &SETTINGS).await;
    let own = parent(9);
    let headers = json!({ "Traceparent": own }).to_string();
    let settings = [("WEBHOOK_HEADERS", headers.as_str())];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    let body = json!({"user": "ana", "message": "oi"});
    let given = [("traceparent", PARENT), ("tracestate", "rojo=1")];
    post(&api, "/api/message", body, &given).await;

    let call = receiver.call().await;
    assert_eq!(call.headers["traceparent"], own);
    assert!(!call.headers.contains_key("tracestate"));
}
