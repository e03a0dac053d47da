//! Ids, names and texts that mean something to Redis, Lua, HTTP or templates: they are data and nothing else, from the
//! door to the webhook.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Daemon, Receiver};

const WORDS: [&str; 22] = [
    "a:b",
    ":",
    "{07}",
    "}{",
    "*",
    "lull:{00}:due",
    "w:default:ana",
    "+default",
    "+default:ana",
    "m:0:default:ana",
    "a\nb",
    "a\r\nSET x y\r\n",
    "*1\r\n$8\r\nFLUSHALL\r\n",
    "a\0b",
    "' .. redis.call('FLUSHALL') .. '",
    "]] redis.call('FLUSHALL') --[[",
    "\"}, {\"user\": \"eva",
    "{{ 7 * 7 }}{% for x in y %}{# c #}",
    "../../admin?x=1#y",
    "%0d%0aset-cookie: a=b",
    "a\r\nx-evil: 1\r\n\r\n",
    "é\u{202e}\u{feff}😀",
];

/// What a key of chats may be called behind its shard.
const KINDS: [&str; 23] = [
    "known",
    "people",
    "timer:",
    "window:",
    "due",
    "due:",
    "later",
    "later:items",
    "windows:held",
    "lanes",
    "lanes:held",
    "lane:",
    "head:",
    "ids",
    "ids:",
    "seen",
    "heard",
    "paused",
    "aliases",
    "received",
    "history",
    "dead",
    "history:",
];

/// The path of a chat, as a client writes it.
fn path_of(user: &str, rest: &str) -> String {
    let user: String = form_urlencoded::byte_serialize(user.as_bytes()).collect();
    format!("/api/chats/{}{rest}", user.replace('+', "%20"))
}

async fn say(api: &Daemon, words: &str) {
    let message =
        json!({"user": words, "message": words, "message_id": words, words: words, "ttl": 60});
    let (status, answer) = api.post("/api/message", message).await;
    assert_eq!(status, 200, "{words:?}: {answer}");
}

#[tokio::test]
async fn whatever_is_said_by_whomever_arrives_as_it_is_and_is_nothing_else() {
    let mut system = System::open().await;

    for words in WORDS {
        say(&system.api, words).await;
    }
    let (_, chats) = system.api.get("/api/chats").await;
    for words in WORDS {
        let (status, chat) = system.api.get(&path_of(words, "")).await;
        assert_eq!(
            (status.as_u16(), &chat["user"]),
            (200, &json!(words)),
            "{chat}"
        );
        let (status, answer) = system.api.post(&path_of(words, "/flush"), json!({})).await;
        assert_eq!(status, 200, "{words:?}: {answer}");
    }

    assert_eq!(chats["total"], WORDS.len());
    let mut headers = BTreeSet::new();
    let mut left: BTreeSet<_> = WORDS.into();
    while !left.is_empty() {
        let call = system.default.call().await;
        let body = call.json();
        let user = call.user();
        assert!(left.remove(user.as_str()), "{user:?}");
        assert_eq!(call.messages(), [user.as_str()]);
        assert_eq!(body[&user], Value::from(user.as_str()));
        assert_eq!(call.request_line, "POST /webhook HTTP/1.1");
        headers.extend(call.headers.into_keys());
    }
    assert!(
        headers.iter().all(|name| !name.contains("evil")),
        "{headers:?}"
    );
    for key in system.redis.keys("*").await {
        let rest = key
            .strip_prefix("lull:{")
            .unwrap_or_else(|| panic!("{key:?}"));
        let (shard, kind) = rest.split_once('}').unwrap();
        let kind = kind.trim_start_matches(':');
        let known = KINDS
            .iter()
            .any(|known| kind == *known || (known.ends_with(':') && kind.starts_with(known)));
        let is_shard = shard.len() == 2 && shard.bytes().all(|c| c.is_ascii_digit());
        assert!(shard == "config" || (is_shard && known), "{key:?}");
    }
}

#[tokio::test]
async fn templates_take_what_was_said_for_text() {
    let system = System::open().await;
    let mut bot = Receiver::start().await;
    let template = r#"{"who": {{ user }}, "said": "{{ text }}"}"#;
    system
        .destination_of("bot", json!({"url": bot.url(), "template": template}))
        .await;
    let spec =
        json!({"key": "user", "text": "message", "destinations": ["bot"], "window": {"wait": 0.1}});
    system.buffer_of("any", spec).await;

    for words in WORDS {
        system
            .api
            .post("/api/webhook/any", json!({"user": words, "message": words}))
            .await;
        let call = bot.call().await.json();
        assert_eq!(call, json!({"who": words, "said": words}));
    }
}

#[tokio::test]
async fn names_that_could_be_part_of_a_key_or_of_a_header_are_refused() {
    let system = System::open().await;
    let before = system.redis.lasting_keys().await;

    for name in [
        "a:b",
        "%7B07%7D",
        "*",
        "a%0Ab",
        "..%2Fx",
        "A",
        ".schedules",
        "a%00",
        "%F0%9F%98%80",
    ] {
        for (method, path) in [
            (Method::PUT, format!("/api/buffers/{name}")),
            (Method::PUT, format!("/api/destinations/{name}")),
            (Method::POST, format!("/api/webhook/{name}")),
            (Method::DELETE, format!("/api/buffers/{name}")),
        ] {
            let body = json!({"url": "http://127.0.0.1:9/", "user": "ana", "message": "oi"});
            let (status, answer) = system.api.request(method.clone(), &path, Some(body)).await;

            assert!(
                status == 400 || status == 404,
                "{method} {path}: {status} {answer}"
            );
        }
    }
    for spec in [
        json!({"headers": {"x": "a\r\nx-evil: 1"}}),
        json!({"headers": {"x\r\nx-evil": "a"}}),
        json!({"headers": {"x": "a\0"}}),
        json!({"headers": {"": "a"}}),
        json!({"method": "GET /\r\n"}),
        json!({"url": "http://127.0.0.1:9/ HTTP/1.1\r\nx-evil: 1"}),
        json!({"url": "file:///etc/passwd"}),
        json!({"secrets": ["whsec_\r\n"]}),
    ] {
        let mut spec = spec;
        if spec["url"].is_null() {
            spec["url"] = json!("http://127.0.0.1:9/");
        }
        let (status, answer) = system.put("/api/destinations/bot", spec.clone()).await;

        assert_eq!(status, 400, "{spec}: {answer}");
    }
    let keys = system.redis.lasting_keys().await;
    let grown = keys
        .iter()
        .filter(|key| !before.contains(key) && !key.starts_with("lull:{config}"))
        // What was refused is listed.
        .filter(|key| !key.ends_with("}:posts"));
    assert_eq!(grown.count(), 0, "{keys:?}");
}
