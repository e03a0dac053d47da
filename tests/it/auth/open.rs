//! One rule: messages are open where the environment names nobody, and everything else needs a key, from wherever a
//! request seems to come. The first key is made by the first api.

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};

use super::{KEYS, ask, ask_with, bring, look, turned_away};
use crate::support::daemon::{API, NO_KEY, free_port, read};
use crate::support::system::System;
use crate::support::tool::lull;
use crate::support::{Daemon, TestRedis, eventually};

/// An api that believes a proxy on this machine.
const PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.1");

/// What has to need a key, whoever asks.
const CLOSED: [&str; 6] = [
    "/api/chats",
    "/api/audit",
    "/api/buffers",
    "/api/keys",
    "/metrics",
    "/api/control",
];

#[tokio::test]
async fn without_keys_messages_are_open_and_nothing_else_is_wherever_it_seems_to_come_from() {
    let redis = TestRedis::start().await;
    for settings in [&[NO_KEY][..], &[NO_KEY, PROXY]] {
        let api = Daemon::api_with(&redis, settings).await;
        for headers in [
            &[][..],
            &[("x-forwarded-for", "127.0.0.1")],
            &[("x-forwarded-for", "203.0.113.9")],
            &[("host", "localhost:5000")],
            &[("host", "lull.example")],
            &[
                ("origin", "http://localhost:5000"),
                ("host", "localhost:5000"),
            ],
        ] {
            for path in ["/", "/message", "/api/message", "/webhook", "/api/typing"] {
                let status = bring(&api, path, headers).await;
                assert!(![401, 403].contains(&status), "{path}: {status}");
            }
            for path in [
                "/api/v1/message",
                "/api/messages",
                "/api/buffers/default/try",
            ] {
                assert_eq!(bring(&api, path, headers).await, 401, "{path} {headers:?}");
            }
            for path in CLOSED {
                assert_eq!(look(&api, path, headers).await, 401, "{path} {headers:?}");
            }
            assert_eq!(look(&api, "/api/health", headers).await, 200);
        }
        api.logs("everything else needs a key").await;
    }
}

#[tokio::test]
async fn the_first_api_makes_one_admin_key_and_shows_it_once() {
    let redis = TestRedis::start().await;
    let url = redis.url();
    // All at once, before any of them answers.
    let all: Vec<_> = (0..3)
        .map(|_| {
            let port = free_port();
            let text = port.to_string();
            let settings = [
                NO_KEY,
                ("REDIS_URL", url.as_str()),
                ("HOST", "127.0.0.1"),
                ("PORT", &text),
                ("LOG_LEVEL", "error"),
            ];
            Daemon::spawn(API, &[], &settings, port)
        })
        .collect();
    for api in &all {
        api.wait_until_up().await;
    }
    let shown = || all.iter().flat_map(Daemon::shown_keys).collect::<Vec<_>>();
    eventually("the first key is shown", async || !shown().is_empty()).await;
    let key = shown().remove(0);
    let key = key.as_str();
    let log: String = all.iter().map(Daemon::log).collect();

    assert!(
        log.contains(&format!(
            "The first admin key, shown this once:\n\n  {key}\n\n"
        )),
        "{log}"
    );
    for api in &all {
        eventually("each api takes it", async || {
            look(api, "/api/keys", &[("x-api-key", key)]).await == 200
        })
        .await;
    }
    let headers = [("x-api-key", key)];
    let (_, keys) = read(ask(&all[0], Method::GET, "/api/keys", &headers).await).await;
    assert_eq!(keys["items"].as_array().unwrap().len(), 1, "{keys}");
    assert_eq!(keys["items"][0]["scopes"], json!(["admin"]));
    let audit = ask(&all[0], Method::GET, "/api/audit?action=key.make", &headers).await;
    let (_, audit) = read(audit).await;
    assert_eq!(audit["items"][0]["actor"], Value::Null, "{audit}");
    // Every api has looked by now, and one that starts later finds a key.
    let mut late = Daemon::api_with(&redis, &[NO_KEY]).await;
    eventually("it takes the key", async || {
        look(&late, "/api/keys", &headers).await == 200
    })
    .await;
    late.stop().await;
    assert_eq!(shown(), [key]);
    assert_eq!(late.shown_keys(), [""; 0]);
}

#[tokio::test]
async fn a_log_of_json_shows_the_first_key_in_a_line_of_its_own() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[NO_KEY, ("LOG_FORMAT", "json")]).await;

    let key = api.first_key().await;

    let log = api.log();
    let line = log.lines().find(|line| line.contains(&key)).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert!(line["timestamp"].is_string(), "{line}");
    let message = line["message"].as_str().unwrap();
    assert!(
        message.starts_with(&format!("The first admin key, shown this once: {key} ")),
        "{message}"
    );
}

#[tokio::test]
async fn where_the_environment_names_somebody_no_key_is_made() {
    let redis = TestRedis::start().await;
    for settings in [
        ("API_KEYS", "mouth:1ngest1ngest1ngest1ng:ingest"),
        ("SECRET_KEY", "a secret of more than thirty-two characters"),
    ] {
        let mut api = Daemon::api_with(&redis, &[settings]).await;
        assert_eq!(bring(&api, "/api/message", &[]).await, 401);
        assert_eq!(look(&api, "/api/chats", &[]).await, 401);
        api.stop().await;
        assert_eq!(api.shown_keys(), [""; 0]);
    }
    assert!(redis.keys("lull:{config}:keys").await.is_empty());
}

#[tokio::test]
async fn a_redis_that_comes_back_late_gets_its_first_key_all_the_same() {
    let redis = TestRedis::start().await;
    redis.signal(Signal::SIGSTOP);
    let (url, port) = (redis.url(), free_port());
    let text = port.to_string();
    let settings = [
        NO_KEY,
        ("REDIS_URL", url.as_str()),
        ("HOST", "127.0.0.1"),
        ("PORT", &text),
    ];
    let api = Daemon::spawn(API, &[], &settings, port);
    redis.signal(Signal::SIGCONT);
    api.wait_until_up().await;

    let key = api.first_key().await;

    eventually("it is taken", async || {
        look(&api, "/api/keys", &[("x-api-key", &key)]).await == 200
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_loses_its_keys_gets_a_first_one_again_and_one_without_keys_does_not() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[NO_KEY]).await;
    let old = api.first_key().await;
    let taken = async |key: &str| look(&api, "/api/keys", &[("x-api-key", key)]).await == 200;

    // Whoever revokes the last one has decided that.
    lull(&["key", "revoke", "admin"], &[("REDIS_URL", &redis.url())])
        .await
        .well();
    eventually("the old key is gone", async || !taken(&old).await).await;
    let mut raw = redis.raw().await;
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut raw)
        .await
        .unwrap();

    eventually("a new key is shown", async || api.shown_keys().len() > 1).await;
    let new = api.shown_keys().remove(1);
    eventually("it is taken", async || taken(&new).await).await;
    assert_eq!(api.shown_keys(), [old, new]);
}

#[tokio::test]
async fn messages_can_be_closed_and_what_reaches_anywhere_opened() {
    let redis = TestRedis::start().await;
    let closed = Daemon::api_with(&redis, &[("OPEN_INGEST", "false")]).await;
    for path in ["/", "/message", "/api/message", "/webhook", "/api/typing"] {
        assert_eq!(bring(&closed, path, &[]).await, 401, "{path}");
    }
    for path in ["/api/webhook/default", "/api/buffers/default/messages"] {
        assert_eq!(bring(&closed, path, &[]).await, 401, "{path}");
    }
    let key = closed.first_key().await;
    assert_eq!(
        bring(&closed, "/api/message", &[("x-api-key", &key)]).await,
        200
    );

    let open = Daemon::api_with(&redis, &[("OPEN_BUFFER_SERVICE", "true")]).await;
    for path in ["/api/v1/message", "/api/messages", "/api/message"] {
        let status = bring(&open, path, &[]).await;
        assert!(![401, 403].contains(&status), "{path}: {status}");
    }
    open.logs("because OPEN_BUFFER_SERVICE is true").await;
    // Keys close all of it, but for what is opened by its own setting.
    let keys = [("API_KEYS", KEYS), ("OPEN_BUFFER_SERVICE", "true")];
    let keys = Daemon::api_with(&redis, &keys).await;
    assert_eq!(bring(&keys, "/api/message", &[]).await, 401);
    assert_ne!(bring(&keys, "/api/messages", &[]).await, 401);
}

#[tokio::test]
async fn what_is_open_takes_whatever_a_client_sends_for_a_key() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[NO_KEY]).await;
    let key = api.first_key().await;

    for sent in ["", "Bearer wrong", "Basic YTpi", "Bearer a.b.c", &key] {
        let headers = [("authorization", sent)];
        assert_eq!(bring(&api, "/api/message", &headers).await, 200, "{sent}");
    }
}

#[tokio::test]
async fn a_page_of_somebody_else_brings_no_message_without_a_key() {
    let system = System::with_settings(
        &[
            json!({"name": "loja", "window": {"wait": 60}}),
            json!({"name": "proven", "window": {"wait": 60}, "secret": "s3cret"}),
        ],
        &[NO_KEY, ("ALLOWED_ORIGINS", "https://panel.example")],
    )
    .await;
    let api = &system.api;
    let key = api.first_key().await;
    let evil = ("origin", "https://evil.example");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let own = api.url("");

    for path in [
        "/",
        "/message",
        "/api/message",
        "/api/typing",
        "/webhook",
        "/api/webhook/loja",
        "/api/webhook",
        "/api/buffers/loja/messages",
    ] {
        for headers in [
            &[evil][..],
            &[("origin", "null")],
            &[evil, ("x-api-key", "wrong")],
        ] {
            if path == "/api/webhook" {
                // Several buffers are there, and it is said first that one has to be named.
                continue;
            }
            let refusal = turned_away(api, path, headers).await;
            assert_eq!(refusal.status, 403, "{path} {headers:?}: {refusal:?}");
            assert_eq!(refusal.code, "foreign_origin", "{path}");
            assert!(refusal.error.contains("ALLOWED_ORIGINS"), "{refusal:?}");
        }
    }
    // A form is what a browser lets any page send anywhere.
    let sent = api.client().post(api.url("/api/message"));
    let sent = sent.header(form.0, form.1).header(evil.0, evil.1);
    let sent = sent.body("user=ana&message=oi").send().await.unwrap();
    assert_eq!(sent.status(), 403);
    assert!(system.windows().await.is_empty());

    for headers in [
        &[evil, ("x-api-key", key.as_str())][..],
        &[("origin", "https://panel.example")],
        &[("origin", own.as_str())],
    ] {
        let status = bring(api, "/api/message", headers).await;
        assert_eq!(status, 200, "{headers:?}");
    }
    // What proves its buffer's secret has a key of its own.
    let proven = [evil, ("x-webhook-secret", "s3cret")];
    assert_eq!(bring(api, "/api/webhook/proven", &proven).await, 201);
}

#[tokio::test]
async fn the_audit_has_the_address_that_a_trusted_proxy_tells_and_no_other() {
    let redis = TestRedis::start().await;
    let trusting = Daemon::api_with(&redis, &[PROXY, ("API_KEYS", "boss:b0ss")]).await;
    let trusting_nobody = Daemon::api_with(&redis, &[("API_KEYS", "boss:b0ss")]).await;
    let headers = [
        ("x-forwarded-for", "10.0.0.1, 203.0.113.9"),
        ("x-api-key", "b0ss"),
    ];
    let order = json!({"action": "start"});

    for (api, address) in [(&trusting, "203.0.113.9"), (&trusting_nobody, "127.0.0.1")] {
        ask_with(api, Method::POST, "/api/control", &headers, &order).await;

        let audit = ask(api, Method::GET, "/api/audit?limit=1", &headers).await;
        let (_, audit) = read(audit).await;
        assert_eq!(audit["items"][0]["address"], address);
    }
    trusting
        .logs("The key of boss has fewer than 16 characters")
        .await;
}
