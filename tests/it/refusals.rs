//! What `POST /api/message` refuses, how it says so, and that nothing of it is stored.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::{Refusal, speak, speak_and_wait};
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
    assert!(redis.keys("*").await.is_empty());
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
    assert!(redis.keys("*").await.is_empty());
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
    assert!(redis.keys("*").await.is_empty());
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
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_BODY_BYTES", "1000")]).await;
    let body_of = |bytes: usize| {
        let rest = r#"{"user":"ana","message":""}"#.len();
        format!(
            r#"{{"user":"ana","message":"{}"}}"#,
            "x".repeat(bytes - rest)
        )
    };
    let post = async |body: String| {
        let request = api.client().post(api.url("/"));
        let request = request.header("content-type", "application/json");
        request.body(body).send().await.unwrap()
    };

    let over = Refusal::of(post(body_of(1001)).await).await;
    let at = post(body_of(1000)).await.status();

    assert_eq!((over.status.as_u16(), at.as_u16()), (413, 200));
    assert_eq!(over.error, "the body is larger than 1000 bytes");
}

#[tokio::test]
async fn who_sends_a_large_body_gets_the_refusal_and_not_a_broken_connection() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let body = vec![b'x'; 8 * 1024 * 1024];

    for (method, path, kind, status) in [
        (Method::POST, "/", "application/json", 413),
        (Method::POST, "/", "image/jpeg", 415),
        (Method::PUT, "/", "application/json", 405),
        (Method::POST, "/nowhere", "application/json", 404),
    ] {
        for _ in 0..5 {
            let request = api.client().request(method.clone(), api.url(path));
            let request = request.header("content-type", kind).body(body.clone());
            let refusal = Refusal::of(request.send().await.unwrap()).await;

            assert_eq!(refusal.status, status, "{method} {path} {kind}");
        }
    }
}

#[tokio::test]
async fn who_waits_for_permission_to_send_a_large_body_is_refused_at_once() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let began = Instant::now();
    let answer = speak_and_wait(
        &api,
        "POST / HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\ncontent-length: 9999999\r\n\
         expect: 100-continue\r\n\r\n",
    )
    .await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_refused_though_it_never_says_how_long_it_is() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_BODY_BYTES", "1000")]).await;

    let chunk = "x".repeat(600);
    let answer = speak(
        &api,
        &format!(
            "POST / HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
             258\r\n{chunk}\r\n258\r\n{chunk}\r\n"
        ),
    )
    .await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.ends_with(r#"{"error":"the body is larger than 1000 bytes"}"#),
        "{answer}"
    );
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for kind in [
        None,
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonp"),
    ] {
        let mut request = api.client().post(api.url("/api/message"));
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let body = r#"{"user": "ana", "message": "oi"}"#;
        let refusal = Refusal::of(request.body(body).send().await.unwrap()).await;

        assert_eq!(refusal.status, 415, "{kind:?}");
        assert!(refusal.error.contains("application/json"), "{refusal:?}");
    }
    assert!(redis.keys("*").await.is_empty());
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
        (Method::GET, "/api/chats/ana", "DELETE"),
        (Method::PATCH, "/api/dead-letter/1-0-1", "GET,HEAD,DELETE"),
        (Method::POST, "/metrics", "GET,HEAD"),
    ] {
        let request = api.client().request(method.clone(), api.url(path));
        let refusal = Refusal::of(request.send().await.unwrap()).await;

        assert_eq!(refusal.status, 405, "{method} {path}");
        assert_eq!(refusal.headers["allow"], allow, "{method} {path}");
    }
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_refused() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for path in ["/api", "/api/messages", "/api/message/", "/favicon.ico"] {
        let request = api.client().post(api.url(path));
        let refusal = Refusal::of(request.send().await.unwrap()).await;

        assert_eq!(refusal.status, 404, "{path}");
        assert!(refusal.error.ends_with(path), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_stores_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let whole = r#"{"user": "ana", "message": "oi"}"#;
    let answer = speak(
        &api,
        &format!(
            "POST / HTTP/1.1\r\nhost: lull\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{whole}",
            whole.len() + 10
        ),
    )
    .await;

    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    let (_, chats): (_, Value) = api.get("/api/chats").await;
    assert_eq!(chats["total"], 0);
}
