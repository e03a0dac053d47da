//! Bodies that are refused unread: too large, of another content type, broken off.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::support::daemon::{speak, speak_and_wait};
use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis};

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
        answer.contains(r#"{"error":"the body is larger than 1000 bytes","code":"too_large","#),
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
    assert!(redis.chat_keys().await.is_empty());
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
