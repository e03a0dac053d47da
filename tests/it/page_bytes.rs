//! Pages of what is large: bounded in bytes, with all of it over several pages.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Daemon, TestRedis};

/// What an answer may have.
const MOST: usize = 16 * 1024 * 1024;
/// What twelve whole chats at once may take, twice as much as they do; unbounded they would take 700,000.
const MOST_KIB: u64 = 350_000;
/// Together they are more than two pages.
const MESSAGES: usize = 30;

#[tokio::test]
async fn a_page_of_large_messages_is_bounded_and_the_next_ones_have_the_rest() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let text = "x".repeat(900_000);
    for number in 0..MESSAGES {
        api.say(&format!("chat {number}"), &text, 600.0).await;
    }

    all_in_pages(&api, "/api/messages/received?limit=500", "key").await;
}

#[tokio::test]
async fn a_page_of_large_messages_for_later_is_bounded_and_the_next_ones_have_the_rest() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let text = "x".repeat(900_000);
    for number in 0..MESSAGES {
        let user = format!("chat {number}");
        let body = json!({"user": user, "message": text, "delay": 3600 + number});
        assert_eq!(api.post("/api/message", body).await.0, 200);
    }

    for of in ["", "&buffer=default"] {
        let path = format!("/api/messages/later?limit=500{of}");
        all_in_pages(&api, &path, "user").await;
    }
}

/// A bot that is switched off, and a buffer whose batches wait for it.
async fn lane_that_waits(system: &System) {
    system
        .destination_of(
            "bot",
            json!({"url": "http://127.0.0.1:9/", "active": false}),
        )
        .await;
    system.buffer("loja", &["bot"]).await;
}

#[tokio::test]
async fn a_whole_chat_of_large_batches_is_bounded_and_says_so() {
    let system = System::open().await;
    lane_that_waits(&system).await;
    let text = "x".repeat(900_000);
    for number in 0..MESSAGES {
        let text = format!("{number} {text}");
        let said = json!({"user": "ana", "message": text});
        let (status, answer) = system.api.post("/api/webhook/loja", said).await;
        assert!(status.is_success(), "{answer}");
        let flush = "/api/chats/ana/flush?buffer=loja";
        assert_eq!(system.api.post(flush, json!({})).await.0, 200);
    }
    let later = json!({"user": "ana", "message": text, "delay": 600});
    let (status, answer) = system.api.post("/api/webhook/loja", later).await;
    assert!(status.is_success(), "{answer}");

    let answer = bounded(&system.api, "/api/chats/ana?buffer=loja").await;

    let batches = answer["lanes"][0]["batches"].as_array().unwrap();
    assert!((5..MESSAGES).contains(&batches.len()), "{}", batches.len());
    for (number, batch) in batches.iter().enumerate() {
        let said = batch["messages"][0].as_str().unwrap();
        assert!(said.starts_with(&format!("{number} ")), "{}", &said[..9]);
    }
    let more = names(&answer);
    assert!(more.starts_with(&["lanes", "later"]), "{more:?}");

    let before = system.api.memory_kib();
    let many = (0..12).map(|_| bounded(&system.api, "/api/chats/ana?buffer=loja"));
    join_all(many).await;
    let taken = system.api.memory_kib() - before;
    assert!(taken < MOST_KIB, "{before} and {taken} KiB");
}

#[tokio::test]
async fn a_whole_chat_with_a_large_window_shows_the_newest_of_it() {
    let redis = TestRedis::start().await;
    let no_end = [("MAX_MESSAGES", "0"), ("MAX_WINDOW_BYTES", "0")];
    let api = Daemon::api_with(&redis, &no_end).await;
    let text = "x".repeat(900_000);
    for number in 0..MESSAGES {
        api.say("ana", &format!("{number} {text}"), 600.0).await;
    }

    let answer = bounded(&api, "/api/chats/ana").await;

    let said = answer["window"]["said"].as_array().unwrap();
    assert!((5..MESSAGES).contains(&said.len()), "{}", said.len());
    for (number, said) in (MESSAGES - said.len()..).zip(said) {
        let said = said["message"].as_str().unwrap();
        assert!(said.starts_with(&format!("{number} ")), "{}", &said[..9]);
    }
    assert_eq!(answer["window"]["messages"], MESSAGES);
    assert_eq!(names(&answer)[0], "window");
}

/// The answer at this path, which is bounded.
async fn bounded(api: &Daemon, path: &str) -> Value {
    let answer = api.client().get(api.url(path)).send().await.unwrap();
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.len() <= MOST, "{} bytes", bytes.len());
    serde_json::from_slice(&bytes).unwrap()
}

fn names(answer: &Value) -> Vec<&str> {
    let names = answer["more_in"].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap()).collect()
}

/// Each chat is there once, over several pages of bounded size.
async fn all_in_pages(api: &Daemon, list: &str, user: &str) {
    let (mut pages, mut users) = (0, Vec::new());
    let mut cursor = String::new();
    loop {
        let page = bounded(api, &format!("{list}{cursor}")).await;
        pages += 1;
        let items = page["items"].as_array().unwrap().iter();
        users.extend(items.map(|item| item[user].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }

    assert!(pages > 2, "{pages}");
    assert_eq!(users.len(), MESSAGES);
    assert_eq!(users.iter().collect::<HashSet<_>>().len(), MESSAGES);
}
