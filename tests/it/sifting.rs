//! Lists of one buffer's windows and messages for later, of which each page looks through so much and no more.

use std::collections::BTreeSet;
use std::time::Duration;

use lull::core::chat::{Chat, ChatId, Name};
use lull::store::keys::Shard;
use lull::store::windows::NewMessage;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Daemon, LONG, RULES, TestRedis, destinations, item};

/// All pages of a list, from the first on.
async fn pages(api: &Daemon, path: &str) -> Vec<Value> {
    let mut pages: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    while pages.len() < 100 {
        let (status, page) = api.get(&format!("{path}{cursor}")).await;
        assert_eq!(status, 200, "{page}");
        let next = page["next_cursor"].as_str().map(str::to_owned);
        pages.push(page);
        let Some(next) = next else {
            return pages;
        };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        cursor = format!("&cursor={next}");
    }
    panic!("{path} has no end");
}

fn users(pages: &[Value]) -> Vec<&str> {
    let items = pages
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap());
    items.map(|it| it["user"].as_str().unwrap()).collect()
}

async fn say(redis: &TestRedis, buffer: &str, user: &str, ttl: Duration) {
    let chat = Chat::new(Name::parse(buffer).unwrap(), ChatId::parse(user).unwrap());
    say_in(redis, &chat, ttl).await;
}

async fn say_in(redis: &TestRedis, chat: &Chat, ttl: Duration) {
    let store = redis.store().await;
    let item = item("oi");
    let message = NewMessage::plain(&item, ttl);
    let windows = store.windows();
    windows
        .append(chat, message, &RULES, &destinations())
        .await
        .unwrap();
}

#[tokio::test]
async fn the_windows_of_a_buffer_come_once_each_in_order_over_pages_of_any_size() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    for number in 0..40 {
        let left = LONG + Duration::from_secs(40 - number);
        for buffer in ["loja", "loja-b", "ja"] {
            say(&redis, buffer, &format!("u{number}"), left).await;
        }
    }
    let all: Vec<_> = (0..40).rev().map(|number| format!("u{number}")).collect();

    for limit in [1, 7, 40, 500] {
        let pages = pages(&api, &format!("/api/chats?buffer=loja&limit={limit}")).await;

        assert_eq!(users(&pages), all, "{limit}");
        assert!(pages.iter().all(|page| page["total"] == 40), "{pages:?}");
        assert!(pages.len() <= 40 / limit + 1, "{limit}");
    }
    let (_, none) = api.get("/api/chats?buffer=none").await;
    assert_eq!(none, json!({"items": [], "total": 0, "next_cursor": null}));
}

#[tokio::test]
async fn a_page_is_whole_where_all_that_closes_next_lies_in_one_shard() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let all: Vec<_> = (0..30).map(|number| format!("u{number:02}")).collect();
    for (user, left) in all.iter().zip(0..) {
        let buffer = Name::parse("loja").unwrap();
        let chat = Chat::new(buffer, ChatId::parse(user).unwrap()).in_other_order();
        say_in(&redis, &chat, LONG + Duration::from_secs(left)).await;
        say(&redis, "other", user, 2 * LONG).await;
    }

    for limit in [3, 7, 12, 25] {
        let pages = pages(&api, &format!("/api/chats?limit={limit}")).await;

        let users = users(&pages);
        assert_eq!((users.len(), pages.len()), (60, 60_usize.div_ceil(limit)));
        assert_eq!(&users[..30], &all[..], "{limit}");
    }
}

#[tokio::test]
async fn windows_that_close_in_one_moment_come_once_each() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let mut raw = redis.raw().await;
    for number in 0..30 {
        say(&redis, "loja", &format!("u{number}"), LONG).await;
    }
    for shard in 0..64 {
        let due = format!("lull:{{{shard:02}}}:due");
        let members: Vec<String> = redis::cmd("ZRANGE")
            .arg(&due)
            .arg(0)
            .arg(-1)
            .query_async(&mut raw)
            .await
            .unwrap();
        for member in members {
            let () = redis::cmd("ZADD")
                .arg(&due)
                .arg(1_800_000_000_000_u64)
                .arg(member)
                .query_async(&mut raw)
                .await
                .unwrap();
        }
    }

    let pages = pages(&api, "/api/chats?buffer=loja&limit=4").await;

    let all = users(&pages);
    assert_eq!(
        (all.len(), all.iter().collect::<BTreeSet<_>>().len()),
        (30, 30)
    );
}

#[tokio::test]
async fn a_page_looks_through_so_much_and_says_until_when() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    say(&redis, "loja", "ana", LONG).await;
    let chat = Chat::new(Name::parse("loja").unwrap(), ChatId::parse("ana").unwrap());
    let due = format!("lull:{{{:02}}}:due", Shard::of(&chat).index());
    let mut others = redis::pipe();
    for number in 0..20_000_u64 {
        others.zadd(&due, format!("other:u{number}"), 1_700_000_000_000 + number);
    }
    let () = others.query_async(&mut redis.raw().await).await.unwrap();

    let pages = pages(&api, "/api/chats?buffer=loja").await;

    assert_eq!(users(&pages), ["ana"]);
    assert!(pages.len() > 2, "{}", pages.len());
    let (last, empty) = pages.split_last().unwrap();
    let mut until = String::new();
    for page in empty {
        let searched = page["searched_until"].as_str().unwrap();
        assert!(searched > until.as_str(), "{page}");
        until = searched.to_owned();
        assert_eq!((&page["items"], &page["total"]), (&json!([]), &json!(1)));
    }
    assert_eq!(
        (&last["next_cursor"], &last["searched_until"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn messages_for_later_of_a_buffer_come_once_each_in_order() {
    let system = System::with(&[
        json!({"name": "loja", "destinations": ["default"]}),
        json!({"name": "loja-b", "destinations": ["default"]}),
    ])
    .await;
    for number in 0..12 {
        for buffer in ["loja", "loja-b"] {
            let body =
                json!({"user": format!("u{number}"), "message": "oi", "delay": 600 + number});
            let path = format!("/api/buffers/{buffer}/messages");
            let (status, answer) = system.api.post(&path, body).await;
            assert!(status.is_success(), "{answer}");
        }
    }
    let all: Vec<_> = (0..12).map(|number| format!("u{number}")).collect();

    for limit in [1, 5, 100] {
        let path = format!("/api/messages/later?buffer=loja&limit={limit}");
        assert_eq!(users(&pages(&system.api, &path).await), all, "{limit}");
    }
}

#[tokio::test]
async fn an_empty_page_of_history_says_until_when_it_was_searched() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let record = json!({
        "id": "msg_1", "buffer": "other", "chat": "u", "destination": "default", "outcome": "delivered", "messages": 1,
        "reason": "quiet", "opened": 1, "closed": 2, "last": null,
    })
    .to_string();
    let mut entries = redis::pipe();
    for number in 0..6_000_u64 {
        entries
            .cmd("XADD")
            .arg("lull:{07}:history")
            .arg(format!("{}-0", 1_700_000_000_000 + number));
        entries.arg("record").arg(&record);
    }
    let () = entries.query_async(&mut redis.raw().await).await.unwrap();

    let pages = pages(&api, "/api/history?buffer=loja").await;

    assert_eq!(pages.len(), 2, "{pages:?}");
    assert_eq!(pages[0]["searched_until"], "2023-11-14T22:13:21.000Z");
    assert_eq!(pages[1]["searched_until"], Value::Null);
}
