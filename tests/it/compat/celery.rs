//! The Celery Redis buffer's client, pointed at Lull.

use serde_json::json;

use crate::support::system::System;

#[tokio::test]
async fn a_message_is_answered_with_a_message_and_waits_twelve_seconds_from_the_last() {
    let system = System::with(&[]).await;

    let body = json!({"unique_id": "123", "message": "teste"});
    let (status, answer) = system.api.post("/webhook", body).await;

    assert_eq!(status, 200);
    assert_eq!(answer, json!({"message": "Message buffered"}));
    let (_, page) = system.api.get("/api/chats").await;
    let left = page["items"][0]["expires_in"].as_f64().unwrap();
    assert!((11.0..=12.0).contains(&left), "{page}");
}

#[tokio::test]
async fn a_quiet_chat_is_one_call_with_all_that_was_said_and_all_fields() {
    // A shorter MAX_TTL shortens the window, which makes the test short, too.
    let mut system =
        System::with_settings(&[], &[("MAX_TTL", "0.3"), ("DEFAULT_TTL", "0.2")]).await;

    for (message, field) in [("um", "a"), ("dois", "b")] {
        let body = json!({"unique_id": 123, "message": message, "canal": field});
        assert_eq!(system.api.post("/webhook", body).await.0, 200);
    }

    let call = system.default.call().await;
    assert_eq!(call.messages(), ["um", "dois"]);
    assert_eq!(
        (call.user().as_str(), &call.json()["canal"]),
        ("123", &json!("b"))
    );
}

#[tokio::test]
async fn a_message_without_a_chat_is_refused() {
    let system = System::with(&[]).await;

    let (status, answer) = system
        .api
        .post("/webhook", json!({"message": "teste"}))
        .await;

    assert_eq!(status, 400);
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .starts_with("unique_id is missing")
    );
}
