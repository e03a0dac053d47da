//! How many requests a caller may send.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::{BOSS, KEYS, MOUTH, ask, bring, look, turned_away};
use crate::support::daemon::NO_KEY;
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
