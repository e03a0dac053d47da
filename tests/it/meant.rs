//! A chat that something is done to may be named by a bare number: it is the one chat that has it, and never another.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::system::System;

const ANA: &str = "5511988887777";

async fn with_ana() -> System {
    let loja = json!({"name": "loja", "source": "fields", "window": {"wait": 600, "max_wait": 0}});
    let system = System::with(&[loja]).await;
    say(&system).await;
    system
}

async fn say(system: &System) {
    let said = json!({"user": format!("loja:{ANA}"), "message": "oi"});
    let (status, answer) = system.api.post("/api/buffers/loja/messages", said).await;
    assert_eq!(status, 200, "{answer}");
}

async fn done(system: &System, method: Method, what: &str, body: Option<Value>) -> Value {
    let path = format!("/api/chats/11 98888-7777{what}");
    let (status, answer) = system.api.request(method, &path, body).await;
    assert_eq!(status, 200, "{path}: {answer}");
    assert_eq!(answer["user"], format!("loja:{ANA}"), "{path}: {answer}");
    answer
}

#[tokio::test]
async fn every_act_understands_the_number_that_is_shown_under_it() {
    let system = with_ana().await;

    let extended = done(&system, Method::POST, "/extend", Some(json!({"for": 5}))).await;
    assert_eq!(extended["messages"], 1, "{extended}");
    let flushed = done(&system, Method::POST, "/flush", None).await;
    assert_eq!(flushed["messages"], 1, "{flushed}");
    say(&system).await;
    let paused = done(&system, Method::POST, "/pause", Some(json!({"for": 60}))).await;
    assert_eq!(
        (&paused["messages"], &paused["buffer"]),
        (&json!(1), &json!("loja"))
    );
    let resumed = done(&system, Method::POST, "/resume", None).await;
    assert_eq!(resumed["message"], "Chat resumed");
    say(&system).await;
    let dropped = done(&system, Method::DELETE, "", None).await;
    assert_eq!(dropped["messages"], 1, "{dropped}");
    let erased = done(&system, Method::DELETE, "?everything=true", None).await;
    assert_ne!(erased["erased"]["received"], 0, "{erased}");

    let keys = system.redis.keys("lull:*").await;
    for key in keys {
        assert!(!key.contains(ANA), "{key}");
    }
}

#[tokio::test]
async fn every_list_and_the_question_of_a_bot_understand_the_number_too() {
    let mut system = with_ana().await;
    let path = "/api/chats/11 98888-7777/flush";
    let flushed = system.api.request(Method::POST, path, None).await;
    assert_eq!(flushed.0, 200, "{flushed:?}");
    let call = system.default.call().await.id();
    say(&system).await;
    let user = format!("loja:{ANA}");

    let path = format!("/api/current?buffer=loja&webhook_id={call}&user=11 98888-7777");
    let (status, current) = system.api.get(&path).await;
    assert_eq!(
        (status.as_u16(), &current["user"]),
        (200, &json!(user)),
        "{current}"
    );
    assert_eq!(current["current"], false, "{current}");
    for (list, field) in [
        ("/api/chats", "user"),
        ("/api/history", "user"),
        ("/api/messages/sent", "user"),
        ("/api/posts", "user"),
    ] {
        let path = format!("{list}?user=(11) 98888-7777&buffer=loja");
        eventually(&format!("{list} understands it"), async || {
            let (status, answer) = system.api.get(&path).await;
            assert_eq!(status, 200, "{path}: {answer}");
            answer["items"][0][field] == *user
        })
        .await;
    }
}

#[tokio::test]
async fn neither_the_end_of_a_number_nor_the_beginning_of_a_name_means_anybody() {
    let system = with_ana().await;
    let said = json!({"user": "anabel", "message": "oi"});
    assert_eq!(
        system.api.post("/api/buffers/loja/messages", said).await.0,
        200
    );

    for part in [
        "88887777",
        "7777",
        "988887777",
        "ana",
        "5511988887777123",
        "551198888777",
    ] {
        let path = format!("/api/chats/{part}?everything=true&buffer=loja");
        assert_eq!(system.delete(&path).await.0, 404, "{part}");
        let (_, dropped) = system
            .delete(&format!("/api/chats/{part}?buffer=loja"))
            .await;
        assert_eq!(dropped["messages"], 0, "{part}");
        assert_eq!(
            system.api.get(&format!("/api/chats/{part}")).await.0,
            404,
            "{part}"
        );
    }
    assert_eq!(system.windows().await.len(), 2);
}

#[tokio::test]
async fn nothing_is_called_erased_where_nothing_was_kept() {
    let system = with_ana().await;

    let nobody = "/api/chats/5521900000000?everything=true&buffer=loja";
    let refused = system.api.refused(Method::DELETE, nobody, None).await;

    assert_eq!(
        (refused.status.as_u16(), refused.code.as_str()),
        (404, "not_found")
    );
    assert!(refused.error.contains("5521900000000"), "{refused:?}");
}

#[tokio::test]
async fn a_token_of_no_chat_is_nobody() {
    let system = with_ana().await;
    let path = format!("/api/chats/loja:{ANA}?buffer=loja");
    let (_, shown) = system.api.get(&path).await;
    let token = shown["token"].as_str().unwrap();
    let cut = &token[..token.len() - 2];

    let acts = [
        (Method::POST, "/pause", Some(json!({"for": 60}))),
        (Method::DELETE, "?everything=true", None),
    ];
    for (method, what, body) in acts {
        let path = format!("/api/chats/{cut}{what}");
        let refused = system.api.refused(method, &path, body).await;
        assert_eq!(refused.status, 404, "{refused:?}");
    }
    let list = format!("/api/history?user={cut}");
    let refused = system.api.refused(Method::GET, &list, None).await;
    assert_eq!(
        refused.status, 404,
        "an empty list would say that there is nothing: {refused:?}"
    );
}

#[tokio::test]
async fn a_chat_that_nobody_has_heard_of_can_be_paused_and_is_named_as_it_was() {
    let system = with_ana().await;
    let pause = "/api/chats/5521900000000/pause?buffer=loja";

    let (status, answer) = system.api.post(pause, json!({"for": 60})).await;

    assert_eq!(
        (status.as_u16(), &answer["user"]),
        (200, &json!("5521900000000"))
    );
}
