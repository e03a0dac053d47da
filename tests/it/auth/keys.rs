//! Keys: where they may stand, what each reaches, and that none of them is told to anybody.

use std::io::Write;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{BOSS, EYES, KEYS, LOJA, MOUTH, ask, ask_with, bring, look, turned_away};
use crate::support::daemon::read;
use crate::support::metrics::sum_of;
use crate::support::system::System;
use crate::support::{Daemon, TestRedis};

/// A system with the buffer `loja`, whose doors have keys.
async fn locked() -> System {
    let buffer = json!({"name": "loja", "source": "fields", "window": {"wait": 60}});
    System::with_settings(&[buffer], &[("API_KEYS", KEYS)]).await
}

#[tokio::test]
async fn a_key_is_taken_from_every_place_it_may_stand_in() {
    let System { api, .. } = &locked().await;
    let bearer = format!("Bearer {MOUTH}");

    for header in [
        ("authorization", bearer.as_str()),
        ("authorization", MOUTH),
        ("x-api-key", MOUTH),
        ("x-ins-auth-key", MOUTH),
    ] {
        assert_eq!(
            bring(api, "/api/message", &[header]).await,
            200,
            "{header:?}"
        );
    }
    let both = [("authorization", "Bearer other"), ("x-api-key", MOUTH)];
    assert_eq!(bring(api, "/api/message", &both).await, 200);
    for path in [
        format!("/api/webhook/loja/{MOUTH}"),
        format!("/api/webhook/loja/{MOUTH}/messages-upsert"),
    ] {
        assert_eq!(bring(api, &path, &[]).await, 201, "{path}");
    }
}

#[tokio::test]
async fn who_has_no_key_or_a_wrong_one_is_told_so_and_nothing_is_stored() {
    let system = locked().await;
    let near = &MOUTH[..MOUTH.len() - 1];

    for (path, headers, says) in [
        ("/api/message", vec![], "needs a key"),
        ("/api/typing", vec![], "needs a key"),
        (
            "/webhook",
            vec![("authorization", "Bearer ")],
            "needs a key",
        ),
        ("/api/message", vec![("authorization", near)], "not known"),
        ("/api/v1/message", vec![("x-api-key", "guess")], "not known"),
        ("/api/webhook/loja", vec![], "needs a key"),
        (
            "/api/webhook/loja",
            vec![("x-api-key", "guess")],
            "not known",
        ),
        ("/api/webhook/loja/guess", vec![], "not known"),
        ("/api/webhook", vec![], "needs a key"),
        ("/api/buffers/loja/messages", vec![], "needs a key"),
        ("/api/control", vec![], "needs a key"),
    ] {
        let refusal = turned_away(&system.api, path, &headers).await;

        assert_eq!(refusal.status, 401, "{path}: {refusal:?}");
        assert!(refusal.error.contains(says), "{path}: {refusal:?}");
        assert_eq!(refusal.headers["www-authenticate"], "Bearer realm=\"lull\"");
    }
    assert!(system.windows().await.is_empty());
    let bearer = [("authorization", BOSS)];
    let metrics = ask(&system.api, Method::GET, "/metrics", &bearer).await;
    let metrics = metrics.text().await.unwrap();
    let refused = sum_of(&metrics, r#"lull_requests_refused_total{reason="key"}"#);
    assert_eq!(refused, 11.0, "{metrics}");
}

#[tokio::test]
async fn a_key_reaches_what_its_scopes_say() {
    let System { api, .. } = &locked().await;
    let message = json!({"user": "ana", "message": "oi", "ttl": 60});
    let brought = json!({
        "webhook": {"url": "http://127.0.0.1:9/"}, "buffer": {"key": "ana", "aggregate_field": "q"}, "payload": {"q": "oi"},
    });
    let stop = json!({"action": "stop"});
    let post = Method::POST;
    // Who gets through: boss, eyes, mouth, loja.
    let cases: [(Method, &str, &Value, [bool; 4]); 10] = [
        (
            post.clone(),
            "/api/message",
            &message,
            [true, false, true, false],
        ),
        (
            post.clone(),
            "/api/typing",
            &message,
            [true, false, true, false],
        ),
        (
            post.clone(),
            "/api/v1/message",
            &brought,
            [true, false, true, false],
        ),
        (
            post.clone(),
            "/api/webhook/loja",
            &message,
            [true, false, true, true],
        ),
        (
            post.clone(),
            "/api/webhook",
            &message,
            [true, false, true, true],
        ),
        (
            post.clone(),
            "/api/buffers/default/messages",
            &message,
            [true, false, true, false],
        ),
        (
            post.clone(),
            "/api/buffers/loja/try",
            &message,
            [true, true, false, false],
        ),
        (
            Method::GET,
            "/api/chats",
            &Value::Null,
            [true, true, false, false],
        ),
        (
            Method::GET,
            "/metrics",
            &Value::Null,
            [true, true, false, false],
        ),
        (post, "/api/control", &stop, [true, false, false, false]),
    ];

    for (method, path, body, through) in cases {
        for (key, through) in [BOSS, EYES, MOUTH, LOJA].into_iter().zip(through) {
            let headers = [("x-api-key", key)];
            let answer = ask_with(api, method.clone(), path, &headers, body).await;
            let (status, answer) = read(answer).await;
            assert_eq!(
                status != 403,
                through,
                "{method} {path} {key}: {status} {answer}"
            );
            assert_ne!(status, 401, "{method} {path} {key}");
        }
    }
    let refusal = turned_away(api, "/api/message", &[("x-api-key", EYES)]).await;
    assert_eq!(
        refusal.error,
        "eyes may not do this: it needs the scope ingest or ingest@default"
    );
}

#[tokio::test]
async fn health_asks_for_no_key() {
    let System { api, .. } = &locked().await;

    assert_eq!(look(api, "/api/health", &[]).await, 200);
    assert_eq!(look(api, "/metrics", &[]).await, 401);
}

#[tokio::test]
async fn the_audit_names_who_has_the_key() {
    let System { api, .. } = &locked().await;
    let headers = [("x-api-key", BOSS)];
    let order = json!({"action": "stop"});
    ask_with(api, Method::POST, "/api/control", &headers, &order).await;

    let path = "/api/audit?action=control.stop";
    let (_, audit) = read(ask(api, Method::GET, path, &headers).await).await;

    assert_eq!(audit["items"][0]["actor"], "boss");
    assert_eq!(audit["items"][0]["address"], "127.0.0.1");
}

#[tokio::test]
async fn no_key_stands_in_any_line_of_the_log() {
    let redis = TestRedis::start().await;
    let settings = [("API_KEYS", KEYS), ("LOG_LEVEL", "trace")];
    let mut api = Daemon::api_with(&redis, &settings).await;
    for key in [BOSS, "wr0ngwr0ngwr0ng"] {
        let bearer = format!("Bearer {key}");
        bring(&api, "/api/message", &[("authorization", &bearer)]).await;
        bring(&api, "/api/message", &[("x-ins-auth-key", key)]).await;
        bring(&api, &format!("/api/webhook/default/{key}"), &[]).await;
        bring(&api, &format!("/api/webhook/nobody/{key}"), &[]).await;
        look(&api, &format!("/nowhere/{key}"), &[("x-api-key", key)]).await;
    }
    api.stop().await;

    let log = api.log();
    assert!(
        log.contains("Only who has a key comes in: boss, eyes, mouth, loja"),
        "{log}"
    );
    for key in [BOSS, EYES, MOUTH, LOJA, "wr0ngwr0ngwr0ng"] {
        assert!(!log.contains(key), "{log}");
    }
}

#[tokio::test]
async fn keys_come_from_a_file_too() {
    let redis = TestRedis::start().await;
    let mut file = NamedTempFile::new().unwrap();
    writeln!(
        file,
        "# who: what for\npanel:{EYES}:read\n\nn8n:{MOUTH}:ingest"
    )
    .unwrap();
    let path = file.path().to_str().unwrap();
    let api = Daemon::api_with(&redis, &[("API_KEYS_FILE", path)]).await;

    assert_eq!(look(&api, "/api/chats", &[("x-api-key", EYES)]).await, 200);
    assert_eq!(
        bring(&api, "/api/message", &[("x-api-key", MOUTH)]).await,
        200
    );
    assert_eq!(bring(&api, "/api/message", &[]).await, 401);
}
