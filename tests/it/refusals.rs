//! Requests that are refused for what they say: how it is said, and that nothing of them is stored.

use reqwest::Method;
use serde_json::json;

use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis};

/// What a refusal of `body` says, which is always 400.
async fn complaint(api: &Daemon, kind: &str, body: impl Into<reqwest::Body>) -> String {
    let request = api
        .client()
        .post(api.url("/api/message"))
        .header("content-type", kind)
        .body(body);
    let refusal = Refusal::of(request.send().await.unwrap()).await;
    assert_eq!(refusal.status, 400, "{refusal:?}");
    refusal.error
}

#[tokio::test]
async fn bad_input_is_refused_with_the_field_and_nothing_is_stored() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_TTL", "60"), ("DEFAULT_TTL", "10")]).await;
    let long = "é".repeat(257);
    let cases = [
        ("user", json!({"message": "oi"})),
        ("user", json!({"user": null, "message": "oi"})),
        ("user", json!({"user": "", "message": "oi"})),
        ("user", json!({"user": " \n", "message": "oi"})),
        ("user", json!({"user": 5.5, "message": "oi"})),
        ("user", json!({"user": true, "message": "oi"})),
        ("user", json!({"user": ["55"], "message": "oi"})),
        ("user", json!({"user": {"id": "55"}, "message": "oi"})),
        ("user", json!({"user": long, "message": "oi"})),
        ("message", json!({"user": "ana"})),
        ("message", json!({"user": "ana", "message": null})),
        ("message", json!({"user": "ana", "message": ""})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": 0})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": -5})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": 0.09})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": 60.5})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": "NaN"})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": "inf"})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": "10s"})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": ""})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": true})),
        ("ttl", json!({"user": "ana", "message": "oi", "ttl": [5]})),
        (
            "ttl",
            json!({"user": "ana", "message": "oi", "ttl": -5, "delay": 5}),
        ),
        (
            "message_id",
            json!({"user": "ana", "message": "oi", "message_id": ""}),
        ),
        (
            "message_id",
            json!({"user": "ana", "message": "oi", "message_id": "x".repeat(513)}),
        ),
        (
            "message_id",
            json!({"user": "ana", "message": "oi", "message_id": {}}),
        ),
    ];

    for (field, body) in cases {
        let error = complaint(&api, "application/json", body.to_string()).await;

        let (first, _) = error.split_once(' ').unwrap();
        assert_eq!(first, field, "{body}: {error}");
    }
    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_and_nothing_is_stored() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let cases: [&[u8]; 8] = [
        b"",
        b"  ",
        b"user=ana",
        br#"{"user": "ana", "message": "oi""#,
        br#"{"user": "ana", "message": "oi"} x"#,
        br#"["ana", "oi"]"#,
        b"null",
        b"{\"user\": \"ana\", \"message\": \"\xff\"}",
    ];

    for body in cases {
        let error = complaint(&api, "application/json", body).await;

        assert!(error.contains("not a JSON object"), "{body:?}: {error}");
    }
    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn a_ttl_beyond_all_numbers_is_refused() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let body = r#"{"user": "ana", "message": "oi", "ttl": 1e999}"#;
    let error = complaint(&api, "application/json", body).await;

    assert_eq!(error, "ttl must be a number of seconds");
}

#[tokio::test]
async fn a_form_is_refused_like_json() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (body, field) in [
        ("", "user"),
        ("message=oi", "user"),
        ("user=&message=oi", "user"),
        ("user=ana&message=", "message"),
        ("user=ana&message=oi&ttl=soon", "ttl"),
    ] {
        let error = complaint(&api, "application/x-www-form-urlencoded", body).await;

        assert!(error.starts_with(field), "{body}: {error}");
    }
    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn json_sent_as_a_form_gets_a_hint_at_the_header() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let body = r#"{"user": "ana", "message": "oi"}"#;
    let error = complaint(&api, "application/x-www-form-urlencoded", body).await;

    assert!(error.contains("Content-Type: application/json"), "{error}");
}

#[tokio::test]
async fn another_method_is_refused_with_the_ones_that_are_taken() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (method, path, allow) in [
        (Method::GET, "/", "POST"),
        (Method::PUT, "/message", "POST"),
        (Method::DELETE, "/api/message", "POST"),
        (Method::GET, "/api/typing", "POST"),
        (Method::POST, "/api/chats", "GET,HEAD"),
        (Method::POST, "/api/chats/ana", "GET,HEAD,DELETE"),
        (Method::PATCH, "/api/dead-letter/1-0-1", "GET,HEAD,DELETE"),
        (Method::POST, "/metrics", "GET,HEAD"),
    ] {
        let refusal = api.refused(method.clone(), path, None).await;

        assert_eq!(refusal.status, 405, "{method} {path}");
        assert_eq!(refusal.headers["allow"], allow, "{method} {path}");
    }
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_refused() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for path in ["/api", "/api/letters", "/api/message/x", "/favicon.ico"] {
        let refusal = api.refused(Method::POST, path, None).await;

        assert_eq!(refusal.status, 404, "{path}");
        assert!(refusal.error.ends_with(path), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_cursor_that_no_list_gives_is_refused_and_not_taken_for_a_fault_of_redis() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for list in ["history", "audit", "messages/sent", "messages/dead-letter"] {
        for cursor in ["0-0-0", "1-1-64", "1-1", "x"] {
            let path = format!("/api/{list}?cursor={cursor}");
            let refusal = api.refused(Method::GET, &path, None).await;
            assert_eq!(refusal.code, "invalid_request", "{path}: {refusal:?}");
        }
    }
}
