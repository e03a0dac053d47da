//! What every request gets: an id, a line in the log, and, when it is refused, an answer of one shape.

use lull::core::code::Code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::refusal::Refusal;
use crate::support::system::System;
use crate::support::{Daemon, TestRedis};

const JSON_LOG: (&str, &str) = ("LOG_FORMAT", "json");

/// The lines of this daemon's log that belong to a request.
fn lines_of(api: &Daemon, id: &str) -> Vec<Value> {
    let log = api.log();
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["span"]["request_id"] == id)
        .collect()
}

async fn post(api: &Daemon, id: Option<&str>, body: Value) -> reqwest::Response {
    let mut request = api
        .client()
        .post(api.url("/api/message"))
        .header("content-type", "application/json")
        .body(body.to_string());
    if let Some(id) = id {
        request = request.header("x-request-id", id);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_request_keeps_its_id_or_gets_one_and_has_one_line() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[JSON_LOG]).await;
    let message = json!({"user": "5511999990000", "message": "oi"});

    let taken = post(&api, Some("trace-1/a"), message.clone()).await;
    let made = post(&api, None, message.clone()).await;
    let odd = post(&api, Some("two words"), message).await;
    let polled = api.client().get(api.url("/api/health"));
    let polled = polled.header("x-request-id", "poll").send().await.unwrap();

    assert_eq!(taken.headers()["x-request-id"], "trace-1/a");
    assert_eq!(polled.headers()["x-request-id"], "poll");
    let ids = [made, odd].map(|answer| {
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        assert!(id.starts_with("req_"), "{id}");
        id.to_owned()
    });
    assert_ne!(ids[0], ids[1]);
    for id in ["trace-1/a", &ids[0], &ids[1]] {
        api.logs(id).await;
        let lines = lines_of(&api, id);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0]["method"], "POST");
        assert_eq!(lines[0]["route"], "/api/message");
        assert_eq!(lines[0]["status"], 200);
        assert!(lines[0]["duration_ms"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(lines_of(&api, "poll"), [] as [Value; 0]);
    assert!(!api.log().contains("5511999990000"), "{}", api.log());
}

#[tokio::test]
async fn every_line_of_a_request_has_its_id_even_where_only_warnings_are_logged() {
    let mut redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[JSON_LOG, ("LOG_LEVEL", "warn")]).await;
    redis.kill();

    let answer = post(&api, Some("lost"), json!({"user": "ana", "message": "oi"})).await;
    let refusal = Refusal::of(answer).await;

    assert_eq!(refusal.code, Code::StorageUnavailable.word());
    api.logs("A request failed").await;
    let lines = lines_of(&api, "lost");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let told = lines[0]["message"].as_str().unwrap();
    assert!(told.starts_with("A request failed"), "{told}");
}

#[tokio::test]
async fn the_lines_of_a_request_and_of_its_delivery_name_the_same_chat() {
    let mut system = System::with_settings(&[], &[]).await;
    system.api.say("ana", "oi", 0.2).await;
    system.default.call().await;

    system.api.logs("POST /api/message: 200").await;
    let log = system.api.log();
    let line = log.lines().find(|line| line.contains("POST /api/message"));
    let chat = line.unwrap().split_once("chat=").unwrap().1;
    let chat = &chat[..8];
    system.monitor.logs(&format!("chat={chat}")).await;
}

#[tokio::test]
async fn a_refusal_says_by_code_and_field_what_was_wrong() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let cases = [
        (
            Method::POST,
            "/api/message",
            Some(json!([])),
            400,
            "invalid_json",
            None,
        ),
        (
            Method::POST,
            "/api/message",
            Some(json!({"message": "oi"})),
            400,
            "missing_field",
            Some("user"),
        ),
        (
            Method::POST,
            "/api/message",
            Some(json!({"user": "a", "message": "oi", "ttl": -1})),
            400,
            "invalid_field",
            Some("ttl"),
        ),
        (
            Method::PUT,
            "/api/buffers/loja",
            Some(json!({"window": {"wait": -1}})),
            400,
            "invalid_field",
            Some("window.wait"),
        ),
        (
            Method::POST,
            "/api/message",
            None,
            415,
            "wrong_content_type",
            None,
        ),
        (
            Method::GET,
            "/api/history?limit=0",
            None,
            400,
            "invalid_request",
            Some("limit"),
        ),
        (
            Method::GET,
            "/api/history?limit=x",
            None,
            400,
            "invalid_request",
            Some("limit"),
        ),
        (
            Method::GET,
            "/api/history?from=x",
            None,
            400,
            "invalid_request",
            Some("from"),
        ),
        (
            Method::GET,
            "/api/buffers/nobody",
            None,
            404,
            "not_found",
            None,
        ),
        (
            Method::POST,
            "/api/webhook/nobody",
            Some(json!({})),
            404,
            "no_such_buffer",
            None,
        ),
        (Method::GET, "/nowhere", None, 404, "no_such_path", None),
        (
            Method::DELETE,
            "/api/message",
            None,
            405,
            "method_not_allowed",
            None,
        ),
    ];
    for (method, path, body, status, code, field) in cases {
        let refusal = api.refused(method.clone(), path, body).await;
        let said = (
            refusal.status.as_u16(),
            refusal.code.as_str(),
            refusal.field.as_deref(),
        );
        assert_eq!(said, (status, code, field), "{method} {path}: {refusal:?}");
    }
}

#[test]
fn the_docs_list_every_code_with_its_status() {
    let docs = std::fs::read_to_string("docs/errors.md").unwrap();
    let rows = docs.lines().filter_map(|line| {
        let (code, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let (status, _) = rest.split_once(" |")?;
        Some((code, status.parse::<u16>().ok()?))
    });
    let rows: Vec<_> = rows.collect();
    let codes: Vec<_> = Code::ALL
        .iter()
        .map(|code| (code.word(), code.status()))
        .collect();
    assert_eq!(rows, codes);
}
