//! A batch tells how it was gathered: which messages, what they waited for, and how long typing held them.

use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::system::System;

async fn say(system: &System, buffer: &str, body: Value) {
    let path = format!("/api/buffers/{buffer}/messages");
    let (status, answer) = system.api.post(&path, body).await;
    assert_eq!(status, 200, "{answer}");
}

/// The only batch of a buffer, once it is delivered.
async fn delivered(system: &System, buffer: &str) -> Value {
    let path = format!("/api/history?status=delivered&buffer={buffer}");
    let list = async || system.api.get(&path).await.1["items"].clone();
    eventually("it is delivered", async || list().await[0].is_object()).await;
    list().await[0].clone()
}

#[tokio::test]
async fn a_batch_names_its_messages_and_the_rule_that_set_their_wait() {
    let system = System::with(&[
        json!({"name": "plain", "window": {"wait": 0.3}, "destinations": ["default"]}),
        json!({"name": "first", "window": {"wait": 600, "first_wait": 0.2}, "destinations": ["default"]}),
        json!({"name": "fixed", "window": {"wait": 0.3, "reset_on_message": false}, "destinations": ["default"]}),
    ])
    .await;
    say(
        &system,
        "plain",
        json!({"user": "ana", "message": "oi", "message_id": "a1"}),
    )
    .await;
    say(
        &system,
        "plain",
        json!({"user": "ana", "message": "tudo bem?"}),
    )
    .await;
    say(&system, "first", json!({"user": "ana", "message": "oi"})).await;
    say(&system, "fixed", json!({"user": "ana", "message": "oi"})).await;
    system.api.say("ana", "oi", 0.4).await;

    for (buffer, wait, rule) in [
        ("plain", 300, Value::Null),
        ("first", 200, json!("first")),
        ("fixed", 300, json!("fixed")),
        ("default", 400, json!("asked")),
    ] {
        let batch = delivered(&system, buffer).await;
        assert_eq!(
            (&batch["wait_ms"], &batch["wait_rule"]),
            (&json!(wait), &rule),
            "{batch}"
        );
        assert_eq!(batch["typing_ms"], 0, "{batch}");
        let said = batch["said"].as_array().unwrap();
        assert_eq!(json!(said.len()), batch["messages"], "{batch}");
        assert_eq!(said[0]["at"], batch["opened_at"], "{batch}");
    }
    let batch = delivered(&system, "plain").await;
    assert_eq!(
        (
            &batch["said"][0]["message_id"],
            &batch["said"][1]["message_id"]
        ),
        (&json!("a1"), &Value::Null)
    );
}

#[tokio::test]
async fn a_batch_tells_how_long_typing_held_it() {
    let system = System::with(&[]).await;
    system.api.say("ana", "oi", 0.5).await;
    let typing = |typing: bool| json!({"user": "ana", "typing": typing});
    let (_, held) = system.api.post("/api/typing", typing(true)).await;
    assert_eq!(held["open"], true, "{held}");
    // What comes while somebody types was held from the end of the quiet until then.
    eventually("the quiet is over", async || {
        let opened = system.api.get("/api/chats").await.1["items"][0].clone();
        opened["expires_in"].as_f64().unwrap() < 9.0
    })
    .await;
    system.api.say("ana", "tudo bem?", 0.5).await;
    system.api.post("/api/typing", typing(true)).await;
    system.api.post("/api/typing", typing(false)).await;

    let batch = delivered(&system, "default").await;
    let at = |moment: &Value| {
        chrono::DateTime::parse_from_rfc3339(moment.as_str().unwrap())
            .unwrap()
            .timestamp_millis()
    };
    let said = [0, 1].map(|n| at(&batch["said"][n]["at"]));
    let held = said[1] - (said[0] + 500);
    let typing = batch["typing_ms"].as_i64().unwrap();
    // Then the end of typing let the quiet begin anew.
    assert!(
        held > 0 && typing >= held && typing <= held + (at(&batch["closed_at"]) - said[1] - 500),
        "{held} {batch}"
    );
    assert_eq!(
        (&batch["wait_ms"], &batch["reason"]),
        (&json!(500), &json!("quiet")),
        "{batch}"
    );
}
