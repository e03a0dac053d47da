//! How many requests a caller may send.

use lull::core::chat::Name;
use lull::store::config::{Kind, Mode};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{BOSS, KEYS, MOUTH, ask, ask_with, bring, look, turned_away};
use crate::support::daemon::{NO_KEY, read};
use crate::support::refusal::Refusal;
use crate::support::system::System;
use crate::support::{Daemon, TestRedis};

fn told<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn each_key_has_a_bucket_and_is_told_what_is_left_in_it() {
    let redis = TestRedis::start().await;
    let settings = [
        ("API_KEYS", KEYS),
        ("RATE_LIMIT", "3/h"),
        ("RATE_LIMIT_BURST", "2"),
    ];
    let api = Daemon::api_with(&redis, &settings).await;
    let key = [("x-api-key", MOUTH)];

    for left in ["1", "0"] {
        let answer = ask(&api, Method::POST, "/api/message", &key).await;
        assert_eq!(answer.status(), 200);
        let limit = told(answer.headers(), "ratelimit");
        assert!(
            limit.starts_with(&format!("\"default\";r={left};t=")),
            "{limit}"
        );
        assert_eq!(
            told(answer.headers(), "ratelimit-policy"),
            "\"default\";q=2;w=2400"
        );
    }
    let refusal = turned_away(&api, "/api/message", &key).await;

    assert_eq!(refusal.status, 429);
    assert!(refusal.error.contains("Retry-After"), "{refusal:?}");
    let wait: u64 = told(&refusal.headers, "retry-after").parse().unwrap();
    assert!((1000..=1200).contains(&wait), "{wait}");
    assert_eq!(
        told(&refusal.headers, "ratelimit"),
        "\"default\";r=0;t=2400"
    );
    assert_eq!(
        bring(&api, "/api/message", &[("x-api-key", BOSS)]).await,
        200
    );
    assert_eq!(look(&api, "/api/health", &key).await, 200);
}

#[tokio::test]
async fn who_has_no_key_has_a_bucket_by_the_address_that_a_trusted_proxy_tells() {
    let redis = TestRedis::start().await;
    let proxy = ("TRUSTED_PROXIES", "127.0.0.1");
    let api = Daemon::api_with(&redis, &[NO_KEY, proxy, ("RATE_LIMIT", "1/h")]).await;
    let from = |address| [("x-forwarded-for", address)];

    assert_eq!(bring(&api, "/api/message", &from("203.0.113.9")).await, 200);
    assert_eq!(bring(&api, "/api/message", &from("203.0.113.9")).await, 429);
    assert_eq!(
        bring(&api, "/api/message", &from("203.0.113.9, 203.0.113.10")).await,
        200
    );
    assert_eq!(bring(&api, "/api/message", &[]).await, 200);
}

#[tokio::test]
async fn guessing_keys_empties_the_bucket_of_the_address_whoever_it_pretends_to_be() {
    let redis = TestRedis::start().await;
    let settings = [("API_KEYS", KEYS), ("RATE_LIMIT", "2/h")];
    let api = Daemon::api_with(&redis, &settings).await;

    for (guess, status) in [("one", 401), ("two", 401), ("three", 429), ("four", 429)] {
        let headers = [("x-api-key", guess), ("x-forwarded-for", guess)];
        assert_eq!(look(&api, "/api/chats", &headers).await, status);
    }
    assert_eq!(look(&api, "/api/chats", &[("x-api-key", BOSS)]).await, 200);
}

#[tokio::test]
async fn without_a_limit_nothing_is_told_of_one() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let answer = ask(&api, Method::POST, "/api/message", &[]).await;

    assert!(!answer.headers().contains_key("ratelimit"));
}

#[tokio::test]
async fn guesses_of_a_verify_token_and_of_a_secret_are_limited_as_everything_is() {
    let buffer = json!({
        "name": "meta", "source": "cloud", "secret": "s3cret", "verify_token": "t0ken",
        "window": {"wait": 60},
    });
    let settings = [("RATE_LIMIT", "6/h"), ("API_KEYS", KEYS)];
    let system = System::with_settings(&[buffer], &settings).await;
    let guess = "/api/webhook/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess";

    for _ in 0..3 {
        let answer = ask(&system.api, Method::GET, guess, &[]).await;
        assert_eq!(answer.status(), 401);
        assert!(answer.headers().contains_key("ratelimit"));
        let wrong = [("x-webhook-secret", "guess")];
        assert_eq!(bring(&system.api, "/api/webhook/meta", &wrong).await, 401);
    }
    let right = guess.replace("guess", "t0ken");

    let answer = ask(&system.api, Method::GET, &right, &[]).await;
    assert_eq!(answer.status(), 429);
    assert_eq!(bring(&system.api, "/api/webhook/meta", &[]).await, 429);
}

/// A post of so many messages by one person.
fn post(from: usize, count: usize) -> Value {
    let data: Vec<_> = (from..from + count)
        .map(|number| {
            json!({
                "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": format!("A{number}")},
                "message": {"conversation": "oi"},
            })
        })
        .collect();
    json!({"event": "messages.upsert", "instance": "loja", "data": data})
}

#[tokio::test]
async fn each_message_of_a_post_counts_and_all_or_none_are_taken() {
    let redis = TestRedis::start().await;
    let settings = [
        ("API_KEYS", KEYS),
        ("RATE_LIMIT", "60/h"),
        ("RATE_LIMIT_BURST", "10"),
    ];
    let api = Daemon::api_with(&redis, &settings).await;
    let buffer = json!({"source": "evolution", "window": {"wait": 60}});
    let boss = [("x-api-key", BOSS)];
    let made = ask_with(&api, Method::PUT, "/api/buffers/wpp", &boss, &buffer).await;
    assert_eq!(made.status(), 200);
    let mouth = [("x-api-key", MOUTH)];
    let post = async |from: usize, count: usize| {
        let post = post(from, count);
        ask_with(&api, Method::POST, "/api/webhook/wpp", &mouth, &post).await
    };

    let taken = post(0, 7).await;
    assert_eq!(taken.status(), 200);
    assert_eq!(told(taken.headers(), "ratelimit"), "\"default\";r=3;t=420");
    let refusal = Refusal::of(post(10, 5).await).await;
    assert_eq!(
        (refusal.status.as_u16(), refusal.code.as_str()),
        (429, "rate_limited")
    );
    assert!(refusal.error.contains("5 messages"), "{refusal:?}");
    let wait: u64 = told(&refusal.headers, "retry-after").parse().unwrap();
    assert!((120..=180).contains(&wait), "{wait}");
    // The request itself is counted, and nothing of what it brought is stored.
    let taken = post(20, 1).await;
    assert!(told(taken.headers(), "ratelimit").starts_with("\"default\";r=1;"));
    let chats = ask(&api, Method::GET, "/api/chats", &boss).await;
    let (_, chats) = read(chats).await;
    assert_eq!(chats["items"][0]["messages"], 8, "{chats}");
}

#[tokio::test]
async fn a_post_of_more_messages_than_the_bucket_holds_is_taken_when_that_is_full() {
    let redis = TestRedis::start().await;
    let spec = json!({"name": "wpp", "source": "evolution", "window": {"wait": 60}});
    let name = Name::parse("wpp").unwrap();
    let store = redis.store().await;
    store
        .config()
        .write(Kind::Buffer, &name, &spec, Mode::Any, None, None)
        .await
        .unwrap();
    let settings = [NO_KEY, ("RATE_LIMIT", "3600/h"), ("RATE_LIMIT_BURST", "2")];
    let api = Daemon::api_with(&redis, &settings).await;

    let taken = ask_with(&api, Method::POST, "/api/webhook/wpp", &[], &post(0, 900)).await;

    assert_eq!(taken.status(), 200);
    assert!(told(taken.headers(), "ratelimit").starts_with("\"default\";r=0;t="));
    let refusal = turned_away(&api, "/api/message", &[]).await;

    assert_eq!(refusal.status, 429);
    let wait: u64 = told(&refusal.headers, "retry-after").parse().unwrap();
    assert!((700..=900).contains(&wait), "{wait}");
}
