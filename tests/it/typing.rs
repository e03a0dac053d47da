//! Typing signals: an open window is held while somebody types.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::daemon::read;
use crate::support::refusal::Refusal;
use crate::support::{Daemon, Receiver, TestRedis};

/// What is left of the window after a typing signal, in seconds.
async fn left_after(api: &Daemon, signal: Value) -> f64 {
    let (status, answer) = api.post("/api/typing", signal).await;
    assert_eq!(status, 200, "{answer}");
    answer["expires_in"].as_f64().unwrap()
}

#[tokio::test]
async fn who_types_is_waited_for_ten_seconds_from_now() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 5.0).await;

    let (status, answer) = api.post("/api/typing", json!({"user": "ana"})).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "success": true,
            "message": "Window held",
            "user": "ana",
            "open": true,
            "expires_in": 10.0,
        })
    );
}

#[tokio::test]
async fn a_held_window_is_delivered_at_its_cap() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_WAIT", "1.5")]).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let began = Instant::now();
    api.say("ana", "oi", 0.5).await;
    let left = left_after(&api, json!({"user": "ana", "typing": true})).await;

    assert!(left > 0.5 && left <= 1.5, "{left}");
    let call = receiver.call().await;
    assert!(call.at - began >= Duration::from_millis(1499));
}

#[tokio::test]
async fn a_typing_signal_never_shortens_a_window() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 60.0).await;

    let left = left_after(&api, json!({"user": "ana"})).await;

    assert!(left > 20.0 && left <= 60.0, "{left}");
}

#[tokio::test]
async fn who_stops_typing_gets_the_quiet_window_again() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 5.0).await;

    let typing = left_after(&api, json!({"user": "ana", "typing": true})).await;
    let stopped = left_after(&api, json!({"user": "ana", "typing": false})).await;

    assert_eq!((typing, stopped), (10.0, 5.0));
}

#[tokio::test]
async fn who_stops_typing_is_answered_after_the_quiet_window() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let began = Instant::now();
    api.say("ana", "oi", 0.5).await;
    left_after(&api, json!({"user": "ana"})).await;
    left_after(&api, json!({"user": "ana", "typing": false})).await;

    let waited = receiver.call().await.at - began;
    assert!(
        waited >= Duration::from_millis(499) && waited < Duration::from_secs(8),
        "{waited:?}"
    );
}

#[tokio::test]
async fn typing_without_an_open_window_does_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let (status, answer) = api.post("/api/typing", json!({"user": 55_119})).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "No open window", "user": "55119", "open": false})
    );
    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn a_typing_signal_may_be_a_form() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 5.0).await;
    let post = async |form: &'static str| {
        let request = api.client().post(api.url("/api/typing"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        read(request.body(form).send().await.unwrap()).await.1
    };

    let typing = post("user=ana").await;
    let stopped = post("user=ana&typing=false").await;

    assert_eq!([&typing["expires_in"], &stopped["expires_in"]], [10.0, 5.0]);
}

#[tokio::test]
async fn a_bad_typing_signal_is_refused_with_the_field_and_moves_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 5.0).await;

    for (status, word, kind, body) in [
        (400, "user", "application/json", "{}"),
        (400, "user", "application/json", r#"{"user": ""}"#),
        (
            400,
            "user",
            "application/x-www-form-urlencoded",
            "typing=true",
        ),
        (
            400,
            "typing",
            "application/json",
            r#"{"user": "ana", "typing": 3}"#,
        ),
        (
            400,
            "typing",
            "application/json",
            r#"{"user": "ana", "typing": "yes"}"#,
        ),
        (400, "JSON", "application/json", "ana"),
        (415, "Content-Type", "text/plain", "ana"),
    ] {
        let request = api.client().post(api.url("/api/typing"));
        let request = request.header("content-type", kind).body(body);
        let refusal = Refusal::of(request.send().await.unwrap()).await;

        assert_eq!(refusal.status, status, "{body}");
        assert!(refusal.error.contains(word), "{body}: {refusal:?}");
    }
    let (_, chats) = api.get("/api/chats").await;
    assert!(chats["items"][0]["expires_in"].as_f64().unwrap() < 5.0);
}
