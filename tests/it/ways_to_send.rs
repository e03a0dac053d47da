//! The same body in every way that programs send it: compressed, in another charset, with a mark in front, to a path with
//! a slash at its end.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::refusal::Refusal;
use crate::support::system::System;
use crate::support::{Daemon, Receiver, TestRedis};

const FORM: &str = "application/x-www-form-urlencoded";

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

async fn send(
    api: &Daemon,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> reqwest::Response {
    let mut request = api.client().request(Method::POST, api.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.to_vec()).send().await.unwrap()
}

#[tokio::test]
async fn what_is_said_arrives_whole_whichever_way_it_was_sent() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let json = br#"{"user":"u","message":"n\u00e3o","ttl":0.2}"#;
    let latin = "application/json; charset=ISO-8859-1";
    let latin_form = "application/x-www-form-urlencoded; charset=ISO-8859-1";

    for (headers, body) in [
        (
            vec![
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ],
            gzip(json),
        ),
        (
            vec![("content-type", FORM), ("content-encoding", "gzip")],
            gzip(b"user=u&message=n%C3%A3o&ttl=0.2"),
        ),
        (
            vec![("content-type", latin)],
            b"{\"user\":\"u\",\"message\":\"n\xE3o\",\"ttl\":0.2}".to_vec(),
        ),
        (
            vec![("content-type", latin_form)],
            b"user=u&message=n%E3o&ttl=0.2".to_vec(),
        ),
        (
            vec![("content-type", "application/json")],
            [b"\xEF\xBB\xBF", &json[..]].concat(),
        ),
    ] {
        for path in [
            "/api/message",
            "/api/message/",
            "/",
            "/api/webhook/default/",
        ] {
            let answer = send(&api, path, &headers, &body).await;
            assert!(answer.status().is_success(), "{path} {headers:?}");
            assert_eq!(
                receiver.call().await.messages(),
                ["não"],
                "{path} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_for_certain_is_refused_and_stores_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_BODY_BYTES", "10000")]).await;
    let bomb = gzip(
        &[
            b"{\"user\":\"u\",\"message\":\"",
            &vec![b'x'; 1_000_000][..],
            b"\"}",
        ]
        .concat(),
    );
    let json = "application/json";

    for (headers, body, status, code) in [
        (
            vec![("content-type", FORM)],
            b"user=u&message=n%E3o".to_vec(),
            400,
            "wrong_charset",
        ),
        (
            vec![("content-type", "application/json; charset=klingon")],
            b"{}".to_vec(),
            415,
            "wrong_content_type",
        ),
        (
            vec![("content-type", json), ("content-encoding", "zstd")],
            b"{}".to_vec(),
            415,
            "wrong_content_encoding",
        ),
        (
            vec![("content-type", json), ("content-encoding", "gzip")],
            b"{}".to_vec(),
            400,
            "invalid_request",
        ),
        (
            vec![("content-type", json), ("content-encoding", "gzip")],
            bomb,
            413,
            "too_large",
        ),
    ] {
        let refusal = Refusal::of(send(&api, "/api/message", &headers, &body).await).await;
        assert_eq!(
            (refusal.status.as_u16(), refusal.code.as_str()),
            (status, code)
        );
    }
    assert!(redis.keys("lull:*:window:*").await.is_empty());
}

#[tokio::test]
async fn a_slash_at_the_end_is_the_same_path_and_is_signed_as_it_was_called() {
    let buffer =
        json!({"name": "sms", "source": "twilio", "secret": "t0ken", "window": {"wait": 60}});
    let system = System::with(&[buffer]).await;
    let api = &system.api;

    for path in [
        "/api/chats/",
        "/api/buffers/sms/",
        "/api/health/",
        "/metrics/",
    ] {
        assert_eq!(api.get(path.trim_end_matches('/')).await.0, 200, "{path}");
        assert_eq!(api.get(path).await.0, 200, "{path}");
    }
    assert_eq!(api.get("/api/nothing/").await.0, 404);
    // The pages load their files from beside them.
    for page in ["/docs/", "/api/docs/", "/redoc/"] {
        let answer = api.client().get(api.url(page)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT, "{page}");
        let without = page.trim_matches('/').rsplit('/').next().unwrap();
        assert_eq!(answer.headers()["location"], format!("../{without}"));
    }
    // The signature was made with Python's hmac over the URL with its slash, as in webhooks::proof.
    let signed = [
        ("content-type", FORM),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "lull.example"),
        ("x-twilio-signature", "m1FayM7L7VHcO14gXWmf15s6/1Y="),
    ];
    let form = b"MessageSid=SM1&From=whatsapp%3A%2B5511988887777&To=whatsapp%3A%2B551140000000&Body=oi&NumMedia=0";
    assert_eq!(
        send(api, "/api/webhook/sms/", &signed, form).await.status(),
        200
    );
}
