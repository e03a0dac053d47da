//! Open windows in an operator's hands: list them, close one now, drop one.

use std::collections::HashSet;

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Daemon, Receiver, TestRedis, chat};

/// An id with everything that keys, paths and JSON could stumble over, and how it stands in a path.
const ODD: &str = "a:b/{c} é%?#\"\\";
const ODD_IN_PATH: &str = "a:b%2F%7Bc%7D%20%C3%A9%25%3F%23%22%5C";

fn at(time: &Value) -> i64 {
    DateTime::parse_from_rfc3339(time.as_str().unwrap())
        .unwrap()
        .timestamp_millis()
}

/// The users of all pages, asked for with `limit`.
async fn page_through(api: &Daemon, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/chats?limit={limit}{cursor}");
        let (_, page) = api.get(&path).await;
        let items = page["items"].as_array().unwrap();
        pages.push(
            items
                .iter()
                .map(|item| item["user"].as_str().unwrap().to_owned())
                .collect(),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            return pages;
        };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn an_open_window_shows_whose_it_is_and_how_long_it_has() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say(ODD, "oi", 20.0).await;
    api.say(ODD, "tudo bem?", 30.0).await;

    let (status, mut page) = api.get("/api/chats").await;

    let item = page["items"][0].as_object_mut().unwrap();
    let [opened, deadline, left] =
        ["opened", "deadline", "expires_in"].map(|name| item.remove(name).unwrap());
    let token = item.remove("token").unwrap();
    let by_token = format!("/api/chats/{}", token.as_str().unwrap());
    assert_eq!(api.get(&by_token).await.1["user"], ODD);
    assert!((30_000..40_000).contains(&(at(&deadline) - at(&opened))));
    assert!((0.0..=30.0).contains(&left.as_f64().unwrap()), "{left}");
    assert_eq!(status, 200);
    assert_eq!(
        page,
        json!({
            "items": [{
                "user": ODD,
                "buffer": "default",
                "hash": chat(ODD).hash().to_string(),
                "messages": 2,
            }],
            "total": 1,
            "next_cursor": null,
        })
    );
}

#[tokio::test]
async fn without_open_windows_the_list_is_empty() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let (_, page) = api.get("/api/chats").await;

    assert_eq!(page, json!({"items": [], "total": 0, "next_cursor": null}));
}

#[tokio::test]
async fn who_pages_sees_each_window_once_the_next_to_close_first() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    for number in 0..120 {
        // Many of the same ttl, so that a page also ends between equal deadlines.
        let ttl = f64::from(60 - number / 20);
        api.say(&format!("chat {number}"), "oi", ttl).await;
    }

    let pages = page_through(&api, 50).await;

    let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
    let users: Vec<_> = pages.concat();
    assert_eq!(sizes, [50, 50, 20]);
    assert_eq!(users.iter().collect::<HashSet<_>>().len(), 120);
    assert_eq!(
        (users[0].as_str(), users[119].as_str()),
        ("chat 100", "chat 19")
    );
    assert_eq!(api.get("/api/chats?limit=1").await.1["total"], 120);
}

#[tokio::test]
async fn a_cursor_survives_any_user_and_the_window_it_names() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    for (user, ttl) in [("x.y", 50.0), (ODD, 51.0), ("z", 52.0)] {
        api.say(user, "oi", ttl).await;
    }
    let (_, first) = api.get("/api/chats?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();

    api.request(Method::DELETE, &format!("/api/chats/{ODD_IN_PATH}"), None)
        .await;
    let (_, second) = api
        .get(&format!("/api/chats?limit=2&cursor={cursor}"))
        .await;

    assert_eq!(second["items"][0]["user"], "z");
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (method, path, word) in [
        (Method::GET, "/api/chats?limit=0", "limit"),
        (Method::GET, "/api/chats?limit=501", "limit"),
        (Method::GET, "/api/chats?limit=many", "limit"),
        (Method::GET, "/api/chats?cursor=yesterday", "cursor"),
        (Method::GET, "/api/messages/sent?cursor=x", "cursor"),
        (Method::GET, "/api/messages/sent?user=", "user"),
        (Method::POST, "/api/chats/%20/flush", "user"),
        (Method::DELETE, "/api/chats/%20", "user"),
        (Method::DELETE, "/api/chats/%FF", "UTF-8"),
    ] {
        let refusal = api.refused(method.clone(), path, None).await;

        assert_eq!(refusal.status, 400, "{method} {path}");
        assert!(refusal.error.contains(word), "{path}: {refusal:?}");
    }
}

#[tokio::test]
async fn the_list_can_be_asked_for_one_user() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 60.0).await;
    api.say("eva", "oi", 60.0).await;

    let (_, page) = api.get("/api/chats?user=eva").await;
    let (_, nobody) = api.get("/api/chats?user=rui").await;

    assert_eq!(page["items"][0]["user"], "eva");
    assert_eq!(
        (&page["total"], &page["next_cursor"]),
        (&json!(1), &json!(null))
    );
    assert_eq!(
        nobody,
        json!({"items": [], "total": 0, "next_cursor": null})
    );
}

#[tokio::test]
async fn a_flushed_window_is_delivered_at_once() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say(ODD, "oi", 60.0).await;
    api.say(ODD, "tudo bem?", 60.0).await;

    let path = format!("/api/chats/{ODD_IN_PATH}/flush");
    let (status, answer) = api.request(Method::POST, &path, None).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "success": true,
            "message": "Window closed, on its way",
            "user": ODD,
            "messages": 2,
        })
    );
    let call = receiver.call().await;
    assert_eq!((call.user().as_str(), call.messages().len()), (ODD, 2));
}

#[tokio::test]
async fn a_flush_without_a_window_does_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let (status, answer) = api
        .request(Method::POST, "/api/chats/ana/flush", None)
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "No open window", "user": "ana", "messages": 0})
    );
    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn a_cancelled_window_says_how_many_messages_it_dropped() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say(ODD, "oi", 60.0).await;
    api.say(ODD, "esquece", 60.0).await;

    let path = format!("/api/chats/{ODD_IN_PATH}");
    let (status, answer) = api.request(Method::DELETE, &path, None).await;
    let (_, again) = api.request(Method::DELETE, &path, None).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "success": true,
            "message": "Window cancelled, its messages are dropped",
            "user": ODD,
            "messages": 2,
        })
    );
    assert_eq!(
        (&again["message"], &again["messages"]),
        (&json!("No open window"), &json!(0))
    );
}

#[tokio::test]
async fn nothing_of_a_cancelled_window_is_delivered() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say("ana", "esquece", 0.5).await;

    api.request(Method::DELETE, "/api/chats/ana", None).await;
    api.say("ana", "outra coisa", 0.6).await;

    assert_eq!(receiver.call().await.messages(), ["outra coisa"]);
    assert!(redis.keys("lull:*:window:*").await.is_empty());
}
