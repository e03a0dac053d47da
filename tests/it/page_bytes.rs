//! Pages of what is large: bounded in bytes, with all of it over several pages.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{Daemon, TestRedis};

/// What an answer may have.
const MOST: usize = 16 * 1024 * 1024;
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

/// Each chat is there once, over several pages of bounded size.
async fn all_in_pages(api: &Daemon, list: &str, user: &str) {
    let (mut pages, mut users) = (0, Vec::new());
    let mut cursor = String::new();
    loop {
        let path = format!("{list}{cursor}");
        let answer = api.client().get(api.url(&path)).send().await.unwrap();
        let bytes = answer.bytes().await.unwrap();
        assert!(bytes.len() <= MOST, "{} bytes", bytes.len());
        pages += 1;
        let page: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
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
