//! HTTP that no client should speak: refused or taken apart as it was meant, and never more than one meaning.

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::post;
use crate::support::{DEADLINE, Daemon, TestRedis};

const BODY: &str = r#"{"user":"ana","message":"oi","ttl":60}"#;

/// A post with these header lines and this body.
fn posted(headers: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\n{headers}\r\n{body}"
    )
}

/// Says this and nothing more; answers what came back, also from a server that did not listen to the end.
async fn answer_to(api: &Daemon, words: &str) -> String {
    let mut stream = api.connect().await;
    let _ = stream.write_all(words.as_bytes()).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let reading = async {
        let mut some = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut some).await {
            answer.extend_from_slice(&some[..read]);
        }
    };
    timeout(DEADLINE, reading).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// The statuses of the answers on one connection, in their order.
fn statuses(answers: &str) -> Vec<&str> {
    let lines = answers.split("HTTP/1.1 ").skip(1);
    lines.map(|line| &line[..3]).collect()
}

async fn open_chats(api: &Daemon) -> Value {
    api.get("/api/chats").await.1["total"].clone()
}

#[tokio::test]
async fn floods_of_headers_are_refused_with_431() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let memory = api.memory_kib();

    for headers in [
        (0..10_000)
            .map(|number| format!("x-{number}: y\r\n"))
            .collect(),
        "x: y\r\n".repeat(101),
        format!("x: {}\r\n", "y".repeat(40_000)),
        format!("x: {}\r\n", "y".repeat(10_000_000)),
        format!("{}: y\r\n", "x".repeat(40_000)),
    ] {
        let answer = answer_to(&api, &posted(&headers, BODY)).await;

        assert_eq!(statuses(&answer), ["431"], "{headers:.40}: {answer}");
    }
    let line = format!(
        "GET /{} HTTP/1.1\r\nhost: lull\r\n\r\n",
        "x".repeat(1_000_000)
    );
    assert_eq!(statuses(&answer_to(&api, &line).await), ["431"]);
    let usual = "x: y\r\n".repeat(60);
    let length = BODY.len();
    let usual = posted(&format!("{usual}content-length: {length}\r\n"), BODY);
    assert_eq!(statuses(&answer_to(&api, &usual).await), ["200"]);
    assert!(api.memory_kib() < memory + 20_000);
}

#[tokio::test]
async fn what_is_no_http_is_refused_or_hung_up_on() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (words, expected) in [
        ("\x16\x03\x01\x02\x00\x01\x00\x01", "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        ("*1\r\n$8\r\nFLUSHALL\r\n", "400"),
        ("GET / HTTP/9.9\r\n\r\n", "400"),
        ("GET /\0 HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost : lull\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nho\0st: lull\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: lull\r\n folded\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nx: a\rb\r\n\r\n", "400"),
        ("\r\n\r\n", ""),
        ("GET", ""),
    ] {
        let answer = answer_to(&api, words).await;

        let status = statuses(&answer).concat();
        assert!(
            status == expected || (status == "400" && expected.is_empty()),
            "{words:?}: {answer}"
        );
    }
    assert_eq!(api.get("/api/health").await.0, 200);
}

#[tokio::test]
async fn a_body_whose_length_has_two_meanings_is_never_two_requests() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let length = BODY.len();
    let smuggled = "GET /api/smuggled HTTP/1.1\r\nhost: lull\r\n\r\n";
    let in_chunks = format!("0\r\n\r\n{smuggled}");

    for (headers, body) in [
        (
            format!("content-length: {length}\r\ncontent-length: 1\r\n"),
            BODY,
        ),
        ("content-length: 5, 6\r\n".to_owned(), BODY),
        ("content-length: -1\r\n".to_owned(), BODY),
        ("content-length: +5\r\n".to_owned(), BODY),
        ("content-length: 99999999999999999999\r\n".to_owned(), BODY),
        ("transfer-encoding: xchunked\r\n".to_owned(), BODY),
        ("transfer-encoding: chunked, identity\r\n".to_owned(), BODY),
        (
            format!(
                "content-length: {}\r\ntransfer-encoding: chunked\r\n",
                in_chunks.len()
            ),
            &in_chunks,
        ),
        (
            format!(
                "transfer-encoding: chunked\r\ncontent-length: {}\r\n",
                in_chunks.len()
            ),
            &in_chunks,
        ),
    ] {
        let answer = answer_to(&api, &posted(&headers, body)).await;

        assert!(
            statuses(&answer).iter().all(|status| *status == "400"),
            "{headers}: {answer}"
        );
        assert!(!answer.contains("smuggled"), "{headers}: {answer}");
    }
    assert_eq!(open_chats(&api).await, 0);
}

#[tokio::test]
async fn chunks_that_are_none_store_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let size = format!("{:x}", BODY.len());

    for chunks in [
        format!("zz\r\n{BODY}\r\n0\r\n\r\n"),
        format!("-1\r\n{BODY}\r\n0\r\n\r\n"),
        format!("fffffffffffffffff\r\n{BODY}\r\n0\r\n\r\n"),
        format!("{size}\r\n{BODY}0\r\n\r\n"),
        format!("{size};{}\r\n{BODY}\r\n0\r\n\r\n", "x".repeat(100_000)),
        format!("{size}\r\n{BODY}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
        format!("{size}\r\n{BODY}\r\n"),
        "1\r\n \r\n".repeat(1000),
    ] {
        let answer = answer_to(&api, &posted("transfer-encoding: chunked\r\n", &chunks)).await;

        assert_ne!(statuses(&answer), ["200"], "{chunks:.60}: {answer}");
    }
    assert_eq!(open_chats(&api).await, 0);
    let sound = format!(
        "1;a=b\r\n{}\r\n{:x}\r\n{}\r\n0\r\nx: y\r\n\r\n",
        &BODY[..1],
        BODY.len() - 1,
        &BODY[1..]
    );
    let answer = answer_to(&api, &posted("transfer-encoding: chunked\r\n", &sound)).await;
    assert_eq!(statuses(&answer), ["200"], "{answer}");
}

#[tokio::test]
async fn requests_in_one_breath_are_answered_in_their_order() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let message = posted(&format!("content-length: {}\r\n", BODY.len()), BODY);
    let nowhere = "GET /nowhere HTTP/1.1\r\nhost: lull\r\n\r\n";

    // The side that has said all is shut before any answer is there.
    let answer = answer_to(&api, &format!("{message}{nowhere}").repeat(50)).await;

    assert_eq!(statuses(&answer), ["200", "404"].repeat(50));
    assert_eq!(open_chats(&api).await, 1);
    assert_eq!(api.get("/api/chats").await.1["items"][0]["messages"], 50);
}

#[tokio::test]
async fn a_path_becomes_no_header() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for path in [
        "/%0d%0aset-cookie:%20a",
        "/api/chats/%0d%0aset-cookie:%20a",
        "/api/webhook/%0d%0aset-cookie:%20a",
    ] {
        let answer = post(&api, Method::DELETE, path, String::new()).await;

        assert!(
            !answer.headers().contains_key("set-cookie"),
            "{path}: {answer:?}"
        );
    }
}
