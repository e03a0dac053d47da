//! Messages that leave at a time of their own: on time, once, listed and taken back until then.

mod listed;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lull::store::keys::{Due, Shard};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis, chat, eventually};

const LATER: &str = "/api/messages/later";

async fn post(api: &Daemon, body: Value) -> Value {
    let (status, answer) = api.post("/api/message", body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn listed(api: &Daemon, query: &str) -> Vec<Value> {
    let (status, page) = api.get(&format!("{LATER}{query}")).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}

#[tokio::test]
async fn a_message_leaves_at_its_time_with_events_off() {
    let redis = TestRedis::start_locked().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for user in 0..20 {
        post(&api, json!({"user": user, "message": "oi", "delay": 0.7})).await;
    }

    for _ in 0..20 {
        assert_eq!(receiver.call().await.messages(), ["oi"]);
    }
    // By the index and not by what a sweep looks for each few seconds; a busy machine takes its time.
    let on_time = r#"lull_lateness_seconds_bucket{le="2.5"}"#;
    assert_eq!(monitor.metric(on_time).await, 20.0);
    let later = r#"lull_batches_total{reason="later"}"#;
    assert_eq!(monitor.metric(later).await, 20.0);
}

#[tokio::test]
async fn a_time_that_has_passed_is_now() {
    let mut system = System::open().await;

    for send_at in [json!(0), json!("2020-01-31T12:00:00Z"), json!(now())] {
        post(
            &system.api,
            json!({"user": "ana", "message": "oi", "send_at": send_at}),
        )
        .await;
        assert_eq!(system.default.call().await.messages(), ["oi"]);
    }
}

#[tokio::test]
async fn the_answer_says_when_it_leaves_and_under_which_id() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let at = (now() / 1000 + 3600) * 1000;
    let body = json!({"user": "ana", "message": "oi", "send_at": at, "message_id": "3EB0"});

    let known = post(&api, body).await;
    let made = post(&api, json!({"user": "ana", "message": "oi", "delay": 60})).await;

    let sent_at = chrono::DateTime::from_timestamp_millis(at.try_into().unwrap()).unwrap();
    assert_eq!(
        known,
        json!({
            "success": true,
            "message": "Message kept until its time",
            "user": "ana",
            "message_id": "3EB0",
            "send_at": sent_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        })
    );
    assert!(made["message_id"].as_str().unwrap().starts_with("msg_"));
}

#[tokio::test]
async fn more_than_a_year_ahead_is_refused_and_what_is_no_time() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let year = 365 * 24 * 3600;

    for (field, value, word) in [
        (
            "send_at",
            json!(now() / 1000 + year + 60),
            "send_at must be at most a year",
        ),
        (
            "delay",
            json!(year + 1),
            "delay must be a number of seconds",
        ),
        ("send_at", json!("tomorrow"), "send_at must be a moment"),
    ] {
        let body = json!({"user": "ana", "message": "oi", field: value});
        let (status, answer) = api.post("/api/message", body).await;

        assert_eq!(status, 400, "{answer}");
        assert!(
            answer["error"].as_str().unwrap().starts_with(word),
            "{answer}"
        );
    }
    assert!(listed(&api, "").await.is_empty());
}

#[tokio::test]
async fn every_way_in_takes_a_time() {
    let buffers = [
        json!({"name": "loja", "key": "who", "text": "said"}),
        json!({"name": "whole", "key": "who", "text": ""}),
    ];
    let mut system = System::with(&buffers).await;
    let whole = json!({"who": "eva", "said": "oi", "delay": 0});

    let loja = json!({"who": "ana", "said": "oi", "delay": 0});
    let (status, answer) = system.api.post("/api/webhook/loja", loja).await;
    assert_eq!(
        (status, &answer["status"]),
        (StatusCode::CREATED, &json!("buffered"))
    );
    assert!(answer["message_id"].as_str().unwrap().starts_with("msg_"));
    let call = system.default.call().await.json();
    assert_eq!(
        (&call["messages"], call.get("delay")),
        (&json!(["oi"]), None)
    );

    system.api.post("/api/webhook/whole", whole.clone()).await;
    assert_eq!(
        system.default.call().await.json()["messages"],
        json!([whole])
    );

    let celery = json!({"unique_id": "1", "message": "oi", "delay": 0});
    let (_, answer) = system.api.post("/webhook", celery).await;
    assert_eq!(answer, json!({"message": "Message kept until its time"}));
    assert_eq!(system.default.call().await.user(), "1");

    let (_, tried) = system
        .api
        .post(
            "/api/buffers/loja/try",
            json!({"who": "ana", "said": "oi", "delay": 90}),
        )
        .await;
    assert_eq!(tried[0]["deadline_in"], 90.0);
}

#[tokio::test]
async fn it_leaves_by_itself_and_the_window_of_its_chat_stays_open() {
    let mut system = System::open().await;
    system.api.say("ana", "in the window", 3600.0).await;

    post(
        &system.api,
        json!({"user": "ana", "message": "later", "delay": 0}),
    )
    .await;

    assert_eq!(system.default.call().await.messages(), ["later"]);
    assert_eq!(system.windows().await, [("ana".to_owned(), 1)]);
}

#[tokio::test]
async fn what_waits_behind_it_on_the_lane_is_not_joined_to_it() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let store = redis.store().await;
    for text in ["a", "b", "c"] {
        post(&api, json!({"user": "ana", "message": text, "delay": 0})).await;
    }
    let destinations = crate::support::destinations();
    let buffer = chat("ana").buffer;
    store
        .scheduled()
        .send_all(&buffer, &destinations, None)
        .await
        .unwrap();

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let mut said = Vec::new();
    for _ in 0..3 {
        said.push(receiver.call().await.messages());
    }
    said.sort();
    assert_eq!(said, [["a"], ["b"], ["c"]]);
}

#[tokio::test]
async fn a_pause_does_not_keep_it() {
    let mut system = System::open().await;
    system.api.post("/api/chats/ana/pause", json!({})).await;

    post(
        &system.api,
        json!({"user": "ana", "message": "oi", "delay": 0}),
    )
    .await;

    assert_eq!(system.default.call().await.messages(), ["oi"]);
}

#[tokio::test]
async fn a_buffer_with_messages_for_later_is_removed_only_as_told() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    let later = async |text: &str| {
        let body = json!({"user": "ana", "message": text, "delay": 3600});
        let (status, answer) = system.api.post("/api/buffers/loja/messages", body).await;
        assert_eq!(status, 200, "{answer}");
    };
    later("a").await;

    let (refused, answer) = system.delete("/api/buffers/loja").await;
    assert_eq!(refused, StatusCode::CONFLICT);
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("1 messages that wait"),
        "{answer}"
    );

    let (_, drained) = system.delete("/api/buffers/loja?drain=true").await;
    assert_eq!(drained["later"], 1, "{drained}");
    assert_eq!(system.default.call().await.messages(), ["a"]);

    system.buffer("loja", &["default"]).await;
    let body = json!({"user": "ana", "message": "b", "delay": 3600});
    system.api.post("/api/buffers/loja/messages", body).await;
    let (_, discarded) = system.delete("/api/buffers/loja?discard=true").await;
    assert_eq!(discarded["later"], 1, "{discarded}");
    assert!(listed(&system.api, "").await.is_empty());
}

#[tokio::test]
async fn two_monitors_send_each_once_also_when_one_is_killed_at_that_moment() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let settings = [("WEBHOOK_TIMEOUT", "0.5")];
    let mut one = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let _two = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let at = now() + 1500;
    for user in 0..200 {
        post(&api, json!({"user": user, "message": "oi", "send_at": at})).await;
    }

    let mut calls = vec![receiver.call().await];
    one.kill();
    while calls.len() < 200 {
        calls.push(receiver.call().await);
    }
    eventually("all is over", async || {
        let left = [
            api.metric("lull_lanes_waiting").await,
            api.metric("lull_later_waiting").await,
        ];
        left == [0.0, 0.0]
    })
    .await;

    // What was in the hands of the killed one may come again, but then under its id.
    calls.extend(receiver.calls_so_far());
    let mut users: Vec<_> = calls.iter().map(|call| (call.user(), call.id())).collect();
    users.sort();
    users.dedup();
    assert_eq!(users.len(), 200);
}

#[tokio::test]
async fn what_a_monitor_took_before_it_died_is_sent_by_the_next() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    post(&api, json!({"user": "ana", "message": "oi", "delay": 0})).await;
    let store = redis.store().await;
    // As a monitor does, and then nothing more.
    let shard = Shard::of(&chat("ana"));
    let (taken, _) = store.scheduled().take_due(shard, 64).await.unwrap();
    assert_eq!(taken.len(), 1);
    let left = store.due().look(&Due::Later, Shard::all()).await.unwrap()[shard.index()];
    assert!(left.unwrap() > Duration::from_secs(1));

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    assert_eq!(receiver.call().await.messages(), ["oi"]);
    assert!(listed(&api, "").await.is_empty());
}

#[tokio::test]
async fn one_that_is_not_accepted_is_tried_again_under_its_id() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Status(503)], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [("RETRY_FIRST", "0.001"), ("RETRY_CAP", "0.001")];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    post(&api, json!({"user": "ana", "message": "oi", "delay": 0})).await;

    let (first, again) = (receiver.call().await, receiver.call().await);
    assert_eq!((first.id(), first.body), (again.id(), again.body));
}
