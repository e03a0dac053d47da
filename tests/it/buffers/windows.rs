//! The open windows of a buffer when it goes, and when an operator asks for them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Daemon, LONG, TestRedis, eventually};

#[tokio::test]
async fn a_buffer_with_open_windows_is_not_removed_by_accident() {
    let system = System::open().await;
    system.buffer("loja", &["default"]).await;
    system.say("loja", "ana", "oi", LONG).await;
    system.say("loja", "eva", "oi", LONG).await;
    system.api.say("other buffer", "oi", 30.0).await;

    let refusal = system
        .api
        .refused(Method::DELETE, "/api/buffers/loja", None)
        .await;

    assert_eq!(refusal.status, 409);
    assert!(refusal.error.contains("2 open windows"), "{refusal:?}");
    assert_eq!(system.api.get("/api/buffers/loja").await.1["active"], true);
}

#[tokio::test]
async fn a_drained_buffer_delivers_what_it_held() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    system.say("loja", "ana", "um", LONG).await;
    system.say("loja", "ana", "dois", LONG).await;

    let (status, answer) = system.delete("/api/buffers/loja?drain=true").await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["chats"], &answer["messages"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(system.default.call().await.messages(), ["um", "dois"]);
    assert_eq!(system.api.get("/api/buffers/loja").await.0, 404);
}

#[tokio::test]
async fn a_discarded_buffer_says_what_it_dropped_and_leaves_the_others_alone() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    for number in 0..300 {
        system
            .say("loja", &format!("chat {number}"), "oi", LONG)
            .await;
    }
    system.api.say("stays", "oi", 30.0).await;

    let (status, answer) = system.delete("/api/buffers/loja?discard=true").await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["chats"], &answer["messages"]),
        (&json!(300), &json!(300))
    );
    assert_eq!(system.api.get("/api/chats").await.1["total"], 1);
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn while_a_buffer_is_drained_it_is_off_for_every_daemon() {
    let system = System::open().await;
    let other = Daemon::api(&system.redis).await;
    system.buffer("loja", &["default"]).await;

    let removing = system.delete("/api/buffers/loja?drain=true");
    let off = eventually("the other api hears of it", async || {
        let (status, shown) = other.get("/api/buffers/loja").await;
        status == 404 || shown["active"] == false
    });
    let ((status, _), ()) = tokio::join!(removing, off);

    assert_eq!(status, 200);
}

#[tokio::test]
async fn lists_and_hands_can_be_asked_for_one_buffer() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    system.api.say("ana", "no default", 30.0).await;
    for number in 0..70 {
        let user = format!("chat {number}");
        system.say("loja", &user, "oi", LONG).await;
    }
    system.say("loja", "ana", "na loja", LONG).await;

    let (_, first) = system.api.get("/api/chats?buffer=loja&limit=50").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
    let path = format!("/api/chats?buffer=loja&limit=50&cursor={cursor}");
    let (_, second) = system.api.get(&path).await;
    let (_, one) = system.api.get("/api/chats?buffer=loja&user=ana").await;
    let (_, all) = system.api.get("/api/chats").await;
    assert_eq!((&first["total"], &all["total"]), (&json!(71), &json!(72)));
    assert_eq!(second["items"].as_array().unwrap().len(), 21);
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(one["items"][0]["buffer"], "loja");

    let path = "/api/chats/ana/flush?buffer=loja";
    let (_, flushed) = system.api.request(Method::POST, path, None).await;
    assert_eq!(flushed["messages"], 1);
    assert_eq!(system.default.call().await.messages(), ["na loja"]);
    let (_, cancelled) = system.delete("/api/chats/chat%201?buffer=loja").await;
    let (_, not_here) = system.delete("/api/chats/chat%202").await;
    assert_eq!(
        (&cancelled["messages"], &not_here["messages"]),
        (&json!(1), &json!(0))
    );

    eventually("it is in the list of what was sent", async || {
        let (_, sent) = system.api.get("/api/messages/sent?buffer=loja").await;
        sent["items"].as_array().unwrap().len() == 1
    })
    .await;
    for empty in [
        "/api/messages/sent?buffer=default",
        "/api/messages/sent?user=ana",
        "/api/messages/dead-letter?buffer=loja",
    ] {
        assert_eq!(system.api.get(empty).await.1["items"], json!([]), "{empty}");
    }
}

#[tokio::test]
async fn a_buffer_that_is_not_there_cannot_be_flushed() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let unknown = api
        .refused(Method::POST, "/api/chats/ana/flush?buffer=loja", None)
        .await;
    let no_name = api
        .refused(Method::GET, "/api/chats?buffer=A+B", None)
        .await;

    assert_eq!(
        (unknown.status.as_u16(), no_name.status.as_u16()),
        (404, 400)
    );
}
