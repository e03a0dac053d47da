//! Messages that come twice: `message_id` and `Idempotency-Key`.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::daemon::read;
use crate::support::{Daemon, Receiver, TestRedis};

async fn post_with_key(api: &Daemon, key: &str, body: Value) -> (StatusCode, Value) {
    let request = api
        .client()
        .post(api.url("/api/message"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(body.to_string());
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_repeat_is_answered_as_a_duplicate_and_changes_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let first = json!({"user": "55119", "message": "oi", "ttl": 30, "message_id": "3EB0"});
    let repeat = json!({"user": "55119", "message": "oi", "ttl": 300, "message_id": "3EB0"});

    api.post("/api/message", first).await;
    let (status, mut answer) = api.post("/api/message", repeat).await;

    // What is left of the window of the first; the repeat did not restart it.
    let left = answer["expires_in"].take().as_f64().unwrap();
    assert!(left > 0.0 && left <= 30.0, "{left}");
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "success": true,
            "message": "Already received",
            "user": "55119",
            "buffered": 1,
            "expires_in": null,
            "duplicate": true,
        })
    );
}

#[tokio::test]
async fn an_idempotency_key_is_a_message_id() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let body = json!({"user": "55119", "message": "oi"});
    let with_id = json!({"user": "55119", "message": "oi", "message_id": "k-1"});

    let (_, first) = post_with_key(&api, "k-1", body.clone()).await;
    let (_, repeat) = post_with_key(&api, "k-1", body).await;
    let (_, in_body) = api.post("/", with_id).await;

    let duplicate = [first, repeat, in_body].map(|answer| answer.get("duplicate").cloned());
    assert_eq!(duplicate, [None, Some(json!(true)), Some(json!(true))]);
}

#[tokio::test]
async fn the_id_in_the_body_wins_over_the_one_in_the_header() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let body = |id: &str| json!({"user": "55119", "message": "oi", "message_id": id});

    post_with_key(&api, "same", body("one")).await;
    let (_, answer) = post_with_key(&api, "same", body("two")).await;

    assert_eq!(answer["buffered"], 2);
}

#[tokio::test]
async fn the_same_id_in_another_chat_is_another_message() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    api.post("/", json!({"user": "ana", "message": 1, "message_id": 7}))
        .await;
    let (_, answer) = api
        .post("/", json!({"user": "eva", "message": 1, "message_id": 7}))
        .await;

    assert_eq!(answer.get("duplicate"), None);
    assert_eq!(answer["buffered"], 1);
}

#[tokio::test]
async fn a_refused_message_does_not_use_up_its_id() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let message = |ttl: f64| json!({"user": "ana", "message": "oi", "message_id": "a", "ttl": ttl});

    let (refused, _) = api.post("/", message(0.0)).await;
    let (_, answer) = api.post("/", message(5.0)).await;

    assert_eq!(refused, 400);
    assert_eq!(answer.get("duplicate"), None);
    assert_eq!(answer["buffered"], 1);
}

#[tokio::test]
async fn an_id_is_remembered_after_its_message_was_delivered() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let message = json!({"user": "ana", "message": "oi", "message_id": "a", "ttl": 0.1});

    api.post("/", message.clone()).await;
    receiver.call().await;
    let (_, answer) = api.post("/", message).await;

    assert_eq!(
        (&answer["duplicate"], &answer["buffered"]),
        (&json!(true), &json!(0))
    );
}

#[tokio::test]
async fn an_id_that_is_no_id_is_refused() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let body = json!({"user": "ana", "message": "oi"});
    let long = "x".repeat(513);

    let with_id = json!({"user": "ana", "message": "oi", "message_id": "a"});
    let (empty, _) = post_with_key(&api, "", body.clone()).await;
    let (beside, _) = post_with_key(&api, "", with_id).await;
    let (too_long, answer) = post_with_key(&api, &long, body).await;

    assert_eq!((empty.as_u16(), too_long.as_u16()), (400, 400));
    assert_eq!(beside.as_u16(), 400);
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("Idempotency-Key"),
        "{answer}"
    );
    assert!(redis.chat_keys().await.is_empty());
}
