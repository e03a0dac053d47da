//! Keys that operators make: shown once, taken by every api, revoked for good.

use reqwest::Method;
use serde_json::{Value, json};

use super::{BOSS, KEYS, ask, ask_with, bring, look};
use crate::support::daemon::read;
use crate::support::refusal::Refusal;
use crate::support::tool::lull;
use crate::support::{Daemon, TestRedis, eventually};

const AS_BOSS: [(&str, &str); 1] = [("x-api-key", BOSS)];

async fn api(redis: &TestRedis) -> Daemon {
    Daemon::api_with(redis, &[("API_KEYS", KEYS)]).await
}

/// Makes a key; answers its text.
async fn made(api: &Daemon, name: &str, scopes: &[&str]) -> String {
    let body = json!({"name": name, "scopes": scopes});
    let answer = ask_with(api, Method::POST, "/api/keys", &AS_BOSS, &body).await;
    let (status, answer) = read(answer).await;
    assert_eq!(status, 201, "{answer}");
    answer["key"].as_str().unwrap().to_owned()
}

/// Revokes a key; the status of the answer.
async fn revoke(api: &Daemon, name: &str) -> u16 {
    let revoke = api.client().delete(api.url(&format!("/api/keys/{name}")));
    let answer = revoke.header("x-api-key", BOSS).send().await.unwrap();
    answer.status().as_u16()
}

async fn listed(api: &Daemon) -> Value {
    read(ask(api, Method::GET, "/api/keys", &AS_BOSS).await)
        .await
        .1
}

#[tokio::test]
async fn a_key_that_was_made_opens_what_it_says_at_every_api_until_it_is_revoked() {
    let redis = TestRedis::start().await;
    let (one, other) = (api(&redis).await, api(&redis).await);

    let key = made(&one, "panel", &["read"]).await;
    let headers = [("x-api-key", key.as_str())];

    assert_eq!(look(&one, "/api/chats", &headers).await, 200);
    assert_eq!(bring(&one, "/api/message", &headers).await, 403);
    assert_eq!(look(&one, "/api/keys", &headers).await, 403);
    eventually("the other api takes it", async || {
        look(&other, "/api/chats", &headers).await == 200
    })
    .await;

    assert_eq!(revoke(&one, "panel").await, 200);
    assert_eq!(look(&one, "/api/chats", &headers).await, 401);
    eventually("the other api takes it no more", async || {
        look(&other, "/api/chats", &headers).await == 401
    })
    .await;
    assert_eq!(revoke(&one, "panel").await, 404);
}

#[tokio::test]
async fn only_its_digest_is_kept_and_nobody_is_shown_it_again() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS), ("LOG_LEVEL", "trace")]).await;

    let key = made(&api, "n8n", &["ingest@loja", "read"]).await;
    look(&api, "/api/chats", &[("x-api-key", &key)]).await;

    let list = listed(&api).await;
    assert_eq!(list["items"][0]["name"], "n8n");
    assert_eq!(list["items"][0]["scopes"], json!(["ingest@loja", "read"]));
    assert!(list["items"][0]["made_at"].is_string(), "{list}");
    let audit = ask(&api, Method::GET, "/api/audit", &AS_BOSS).await;
    let (_, audit) = read(audit).await;
    let kept: Vec<String> = redis::cmd("HVALS")
        .arg("lull:{config}:keys")
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    assert_eq!(kept.len(), 2, "{kept:?}");
    let bare = key.strip_prefix("lull_").unwrap();
    assert_eq!(bare.len(), 64, "256 bits");
    for shown in [
        list.to_string(),
        audit.to_string(),
        kept.concat(),
        api.log(),
    ] {
        assert!(!shown.contains(bare), "{shown}");
    }
}

#[tokio::test]
async fn the_audit_has_who_made_and_who_revoked_a_key() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    made(&api, "panel", &["read"]).await;
    revoke(&api, "panel").await;

    for (action, after) in [
        ("key.make", json!({"scopes": ["read"]})),
        ("key.revoke", Value::Null),
    ] {
        let path = format!("/api/audit?action={action}");
        let (_, audit) = read(ask(&api, Method::GET, &path, &AS_BOSS).await).await;
        let entry = &audit["items"][0];
        assert_eq!(entry["subject"], "panel", "{audit}");
        assert_eq!(entry["actor"], "boss");
        assert_eq!(entry["after"], after);
    }
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused_and_makes_none() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    made(&api, "panel", &["read"]).await;

    for (body, code, field) in [
        (json!({"scopes": ["read"]}), "missing_field", "name"),
        (json!({"name": "a"}), "missing_field", "scopes"),
        (
            json!({"name": "A b", "scopes": ["read"]}),
            "invalid_field",
            "name",
        ),
        (
            json!({"name": "a", "scopes": []}),
            "invalid_field",
            "scopes",
        ),
        (
            json!({"name": "a", "scopes": ["all"]}),
            "invalid_field",
            "scopes",
        ),
        (
            json!({"name": "a", "scopes": ["read"], "key": "mine"}),
            "unknown_field",
            "key",
        ),
        (json!({"name": "panel", "scopes": ["read"]}), "conflict", ""),
    ] {
        let answer = ask_with(&api, Method::POST, "/api/keys", &AS_BOSS, &body).await;
        let refusal = Refusal::of(answer).await;
        assert_eq!(refusal.code, code, "{body}: {refusal:?}");
        assert_eq!(
            refusal.field.as_deref().unwrap_or_default(),
            field,
            "{body}"
        );
    }
    assert_eq!(listed(&api).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn it_is_written_down_when_a_key_was_last_used() {
    let redis = TestRedis::start().await;
    let (boss, mut used) = (api(&redis).await, api(&redis).await);
    let key = made(&boss, "panel", &["read"]).await;
    made(&boss, "idle", &["read"]).await;
    eventually("it takes the key", async || {
        look(&used, "/api/chats", &[("x-api-key", &key)]).await == 200
    })
    .await;
    assert_eq!(listed(&boss).await["items"][1]["last_used_at"], Value::Null);

    // Once a minute, and at the end.
    used.stop().await;

    let list = listed(&boss).await;
    assert_eq!(list["items"][0]["name"], "idle");
    assert_eq!(list["items"][0]["last_used_at"], Value::Null);
    assert!(list["items"][1]["last_used_at"].is_string(), "{list}");
}

#[tokio::test]
async fn while_redis_is_away_the_last_known_keys_go_on() {
    let mut redis = TestRedis::start().await;
    let api = api(&redis).await;
    let key = made(&api, "panel", &["read"]).await;

    redis.kill();

    let known = [("x-api-key", key.as_str())];
    assert_eq!(look(&api, "/api/chats", &known).await, 503);
    let wrong = [("x-api-key", "lull_0")];
    assert_eq!(look(&api, "/api/chats", &wrong).await, 401);
}

#[tokio::test]
async fn a_redis_that_was_emptied_has_no_keys_even_if_others_were_made_since() {
    let redis = TestRedis::start().await;
    let (api, other) = (api(&redis).await, api(&redis).await);
    let old = made(&api, "panel", &["read"]).await;
    eventually("it takes the key", async || {
        look(&other, "/api/chats", &[("x-api-key", &old)]).await == 200
    })
    .await;

    let mut raw = redis.raw().await;
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut raw)
        .await
        .unwrap();
    made(&api, "panel", &["read"]).await;

    eventually("the old key is gone", async || {
        look(&other, "/api/chats", &[("x-api-key", &old)]).await == 401
    })
    .await;
}

#[tokio::test]
async fn the_tool_makes_lists_and_revokes_keys_straight_in_redis() {
    let redis = TestRedis::start().await;
    let url = redis.url();
    let settings = [("REDIS_URL", url.as_str())];
    let api = api(&redis).await;

    let admin = lull(&["key", "new"], &settings).await;
    assert_eq!(
        (admin.code, &*admin.err),
        (0, "The key admin, for everything:\n")
    );
    let admin = admin.out;
    let panel = [
        "key",
        "new",
        "panel",
        "--scopes",
        "read+ingest@loja",
        "--json",
    ];
    let panel = lull(&panel, &settings).await.well().json();
    for (key, path) in [
        (admin.trim(), "/api/keys"),
        (panel["key"].as_str().unwrap(), "/api/chats"),
    ] {
        eventually("api takes the key", async || {
            look(&api, path, &[("x-api-key", key)]).await == 200
        })
        .await;
    }
    // Whoever has missed the first makes another.
    let another = lull(&["key", "new", "--json"], &settings).await.json();
    assert_eq!(another["name"], "admin-2");
    let twice = lull(&["key", "new", "panel"], &settings).await;
    assert_eq!(twice.code, 1);
    assert!(
        twice.err.contains("there is a key panel already"),
        "{twice:?}"
    );
    let wrong = lull(&["key", "new", "x", "--scopes", "all"], &settings).await;
    assert!(wrong.err.contains("--scopes"), "{wrong:?}");

    let list = lull(&["key", "list"], &settings).await.well().out;
    assert!(list.contains("NAME     SCOPES"), "{list}");
    assert!(list.contains("panel    ingest@loja+read"), "{list}");
    assert!(!list.contains(admin.trim()), "{list}");
    let list = lull(&["key", "list", "--json"], &settings).await.well();
    assert_eq!(list.json()["items"][0]["name"], "admin");

    lull(&["key", "revoke", "admin"], &settings).await.well();
    eventually("api takes it no more", async || {
        look(&api, "/api/keys", &[("x-api-key", admin.trim())]).await == 401
    })
    .await;
    let gone = lull(&["key", "revoke", "admin"], &settings).await;
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("there is no key admin"), "{gone:?}");
    let audit = ask(&api, Method::GET, "/api/audit?action=key.revoke", &AS_BOSS).await;
    assert_eq!(read(audit).await.1["items"][0]["actor"], "lull key");
}
