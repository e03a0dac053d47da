//! Programs with bodies of their own: buffers with paths, and what no buffer takes.

use serde_json::json;

use super::long;
use crate::support::system::System;

#[tokio::test]
async fn a_buffer_with_paths_takes_any_body_and_passes_the_rest_through() {
    let buffer = json!({
        "name": "crm", "key": "contact.id", "text": "said", "id": "event_id", "window": {"wait": 60},
    });
    let mut system = System::with(&[buffer]).await;
    let body = json!({
        "contact": {"id": 77}, "said": "oi", "event_id": "E1", "plan": "gold", "ttl": 0.2,
    });

    let (status, answer) = system.api.post("/api/webhook/crm", body.clone()).await;

    assert_eq!(status, 201);
    assert_eq!(
        answer,
        json!({
            "status": "buffered", "message_id": "E1", "success": true, "message": "Message buffered",
            "user": "77", "buffered": 1, "expires_in": 0.2,
        })
    );
    let call = system.default.call().await.json();
    assert_eq!(
        (&call["user"], &call["messages"]),
        (&json!("77"), &json!(["oi"]))
    );
    assert_eq!(
        (&call["plan"], &call["contact"]),
        (&json!("gold"), &json!({"id": 77}))
    );

    let (status, again) = system.api.post("/api/buffers/crm/messages", body).await;
    assert_eq!((status.as_u16(), &again["duplicate"]), (200, &json!(true)));
    let (status, refusal) = system
        .api
        .post("/api/webhook/crm", json!({"said": "oi"}))
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        refusal["error"],
        "nothing stands at contact.id, where this buffer looks for the chat"
    );
}

#[tokio::test]
async fn a_buffer_without_a_path_for_the_text_gathers_whole_objects() {
    let buffer = json!({"name": "b", "key": "phone", "text": "", "window": {"wait": 0.2}});
    let mut system = System::with(&[buffer]).await;
    let body = json!({"phone": "5511", "n": 1});

    // The only one there is need not be named.
    let (status, answer) = system.api.post("/api/webhook", body.clone()).await;

    assert_eq!(status, 201, "{answer}");
    assert!(answer["message_id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(
        system.default.call().await.json()["messages"],
        json!([body])
    );
}

#[tokio::test]
async fn a_buffer_that_is_not_there_or_off_takes_nothing() {
    let mut off = long("off", "fields");
    off["active"] = json!(false);
    let system = System::with(&[off]).await;
    let body = json!({"user": "ana", "message": "oi"});

    for path in [
        "/api/webhook/nobody",
        "/api/webhook/off",
        "/api/buffers/Not%20A%20Name/messages",
        "/api/webhook",
    ] {
        let (status, answer) = system.api.post(path, body.clone()).await;
        assert_eq!(status, 404, "{path}: {answer}");
        assert!(
            answer["error"].as_str().unwrap().contains("buffer"),
            "{answer}"
        );
    }
    assert_eq!(system.api.post("/api/webhook/default", body).await.0, 201);

    let several = System::with(&[long("a", "fields"), long("b", "fields")]).await;
    let (status, answer) = several.api.post("/api/webhook", json!({})).await;
    assert_eq!(status, 404);
    assert!(
        answer["error"].as_str().unwrap().contains("name one"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_not_json_is_refused_for_every_source() {
    let system = System::with(&[long("loja", "evolution"), long("own", "fields")]).await;

    for buffer in ["loja", "own"] {
        let request = system
            .api
            .client()
            .post(system.api.url(&format!("/api/webhook/{buffer}")));
        let request = request
            .header("content-type", "application/json")
            .body("{\"a\":");
        assert_eq!(request.send().await.unwrap().status(), 400, "{buffer}");
    }
}
