//! `POST /api/chats/{user}/extend`: an open window waits longer.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{TestRedis, chat, say};

const ANA: &str = "5511988887777";

#[tokio::test]
async fn an_operator_lets_a_window_wait_longer_and_it_is_noted() {
    let buffer = json!({"name": "loja", "window": {"wait": 60, "max_wait": 100}, "destinations": ["default"]});
    let system = System::with(&[buffer]).await;
    let api = &system.api;
    let path = format!("/api/chats/{ANA}/extend?buffer=loja");
    let extend = async |body: Value| {
        let (status, answer) = api.post(&path, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };

    let none = extend(json!({"for": 30})).await;
    assert_eq!(
        (&none["messages"], &none["message"]),
        (&json!(0), &json!("No open window"))
    );
    assert_eq!(
        (&none["extended_by"], &none["expires_in"]),
        (&json!(0.0), &Value::Null)
    );

    api.post(
        "/api/buffers/loja/messages",
        json!({"user": ANA, "message": "oi"}),
    )
    .await;
    let longer = extend(json!({"for": 30})).await;
    assert_eq!(
        (&longer["messages"], &longer["extended_by"]),
        (&json!(1), &json!(30.0)),
        "{longer}"
    );
    assert!(longer["expires_in"].as_f64().unwrap() > 60.0, "{longer}");
    assert_eq!(
        (&longer["user"], &longer["buffer"]),
        (&json!(ANA), &json!("loja"))
    );
    let token = longer["token"].as_str().unwrap();
    let (_, rest) = api
        .post(&format!("/api/chats/{token}/extend"), json!({"for": "600"}))
        .await;
    assert_eq!(rest["extended_by"], 10.0, "{rest}");
    let at_cap = extend(json!({"for": 1})).await;
    assert_eq!(at_cap["message"], "The window is at its cap");

    let (_, audit) = api.get("/api/audit?action=chat.extend").await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "{audit}");
    assert_eq!(audit["items"][0]["subject"], longer["hash"], "{audit}");
    for bad in [
        json!({}),
        json!({"for": 0}),
        json!({"for": 86401}),
        json!({"for": 5, "user": "b"}),
    ] {
        let refused = api.refused(Method::POST, &path, Some(bad.clone())).await;
        assert_eq!(refused.status, 400, "{bad}: {refused:?}");
    }
    let path = format!("/api/chats/{ANA}/extend?buffer=nope");
    let refused = api
        .refused(Method::POST, &path, Some(json!({"for": 5})))
        .await;
    assert_eq!(refused.status, 404, "{refused:?}");
}

#[tokio::test]
async fn a_window_that_waits_longer_before_a_jump_is_moved_keeps_its_cap_and_its_time() {
    let mut redis = TestRedis::start_turnable().await;
    let store = redis.store().await;
    store.clock().look(None).await.unwrap();
    say(&store, "ana", "hi", Duration::from_secs(40)).await;
    redis.clock().back(Duration::from_secs(3_600));

    let longer = store
        .windows()
        .extend(&chat("ana"), Duration::from_secs(10))
        .await;
    let longer = longer.unwrap().unwrap();
    let at_its_cap = store
        .windows()
        .extend(&chat("ana"), Duration::from_secs(600))
        .await;

    let seconds = longer.left.as_secs();
    assert!((40..=50).contains(&seconds), "{longer:?}");
    // A minute after it was opened, as near as two clocks tell.
    let left = at_its_cap.unwrap().unwrap().left;
    assert!(left <= Duration::from_secs(61), "{left:?}");
}
