//! What nobody reads is refused, on every path that the document names.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::operations::{Operation, operations};
use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis};

const UNKNOWN: &str = "nobody_reads_this";

/// Paths whose address may hold whatever a gateway puts into it.
pub(crate) fn is_of_gateways(path: &str) -> bool {
    path.starts_with("/api/webhook") || path == "/api/buffers/{name}/messages"
}

/// Paths of messages, which may have any field.
fn passes_fields_on(path: &str) -> bool {
    is_of_gateways(path)
        || path == "/api/buffers/{name}/try"
        || ["/", "/message", "/api/message", "/webhook", "/api/messages"].contains(&path)
}

#[tokio::test]
async fn every_path_refuses_a_parameter_that_it_does_not_read() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for Operation {
        method,
        path,
        real,
        body,
        ..
    } in operations(&api).await
    {
        let joined_by = if real.contains('?') { '&' } else { '?' };
        let asked = format!("{real}{joined_by}{UNKNOWN}=1");
        let (status, answer) = api.request(method.clone(), &asked, body).await;

        let refused = answer["code"] == "unknown_parameter";
        assert_eq!(
            refused,
            !is_of_gateways(&path),
            "{method} {path}: {status} {answer}"
        );
        if refused {
            assert_eq!(
                (status.as_u16(), &answer["field"]),
                (400, &json!(UNKNOWN)),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn every_path_refuses_a_field_that_it_does_not_read() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let mut bodies = 0;
    for Operation {
        method,
        path,
        real,
        body,
        ..
    } in operations(&api).await
    {
        let Some(mut body) = body else {
            continue;
        };
        bodies += 1;
        body[UNKNOWN] = json!(1);
        let (status, answer) = api.request(method.clone(), &real, Some(body)).await;

        let why = answer["error"].as_str().unwrap_or_default();
        let refused = status == 400 && why.contains(UNKNOWN);
        assert_eq!(
            refused,
            !passes_fields_on(&path),
            "{method} {path}: {status} {answer}"
        );
    }
    assert!(bodies > 15, "{bodies}");
}

/// A route that reads no body, and one that nobody sends anything but a question to.
fn reads_no_body(path: &str, body: Option<&Value>) -> bool {
    body.is_none() && !is_of_gateways(path)
}

#[tokio::test]
async fn every_path_that_reads_no_body_takes_none_and_says_so() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let mut without = 0;
    for Operation {
        method,
        path,
        real,
        body,
        ..
    } in operations(&api).await
    {
        if !reads_no_body(&path, body.as_ref()) {
            continue;
        }
        without += 1;
        let asked = json!({UNKNOWN: true});
        let refusal = api.refused(method.clone(), &real, Some(asked)).await;

        assert_eq!(
            (refusal.status.as_u16(), refusal.code.as_str()),
            (400, "unknown_field"),
            "{method} {path}: {}",
            refusal.error
        );
        assert_eq!(refusal.field.as_deref(), Some(UNKNOWN), "{method} {path}");
        assert!(refusal.error.contains("query"), "{}", refusal.error);
        // What HTTP clients send by themselves is no mistake.
        let nothing = api.client().request(method.clone(), api.url(&real));
        for empty in ["", " ", "{}"] {
            let request = nothing.try_clone().unwrap().body(empty);
            let answer = request.header("content-type", "application/json");
            let answer = answer.send().await.unwrap();
            assert_ne!(answer.status(), 400, "{method} {path} with {empty:?}");
        }
    }
    assert!(without > 30, "{without}");
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_refused_whatever_it_is_and_changes_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "hi", 60.0).await;
    let flush = api.client().post(api.url("/api/chats/ana/flush"));
    let form = "application/x-www-form-urlencoded";
    let large = "x".repeat(100_000);

    for (kind, body, field) in [
        (form, "buffer=loja", Some("buffer")),
        // As curl sends it.
        (form, r#"{"buffer":"loja"}"#, Some("buffer")),
        ("text/plain", r#"{"buffer":"loja"}"#, Some("buffer")),
        ("application/json", "[]", None),
        ("application/json", "null", None),
        ("application/json", "{", None),
        ("text/plain", "loja", None),
        ("text/plain", large.as_str(), None),
    ] {
        let request = flush.try_clone().unwrap().header("content-type", kind);
        let answer = request.body(body.to_owned()).send().await.unwrap();
        let refusal = Refusal::of(answer).await;

        let shown: String = body.chars().take(20).collect();
        assert_eq!(
            (refusal.status.as_u16(), refusal.code.as_str()),
            (400, "unknown_field"),
            "{shown}: {}",
            refusal.error
        );
        assert_eq!(refusal.field.as_deref(), field, "{shown}");
    }
    let (_, chats) = api.get("/api/chats").await;
    assert_eq!(chats["total"], 1, "{chats}");
}

#[tokio::test]
async fn a_null_stops_and_revives_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (path, asked, field) in [
        (
            "/api/control",
            json!({"action": "stop", "buffer": null}),
            "buffer",
        ),
        (
            "/api/control",
            json!({"action": "start", "destination": null}),
            "destination",
        ),
        (
            "/api/dead-letter/revive",
            json!({"all": true, "destination": null}),
            "destination",
        ),
        (
            "/api/dead-letter/revive",
            json!({"all": true, "dry_run": null}),
            "dry_run",
        ),
    ] {
        let refusal = api.refused(Method::POST, path, Some(asked)).await;
        assert_eq!(
            (refusal.status.as_u16(), refusal.code.as_str()),
            (400, "invalid_field"),
            "{path}: {}",
            refusal.error
        );
        assert_eq!(refusal.field.as_deref(), Some(field), "{path}");
    }
    let (_, stopped) = api.get("/api/control").await;
    assert_eq!(stopped["everything"], json!(false), "{stopped}");
}

#[tokio::test]
async fn what_is_wrong_with_a_configuration_is_named_by_its_path() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let call = json!({"name": "a", "cron": "@daily", "url": "http://127.0.0.1:9/x"});
    let with = |field: &str, value: Value| {
        let mut call = call.clone();
        call[field] = value;
        call
    };
    let anonymous = |buffer: Value| json!({"webhook": {"url": "https://93.184.215.14/x"}, "buffer": buffer, "payload": {"q": "a"}});
    let url = "http://127.0.0.1:9/x";

    for (method, path, body, code, field) in [
        (
            "POST",
            "/api/buffers",
            json!({"name": "a", "wait": 3}),
            "unknown_field",
            "wait",
        ),
        (
            "PUT",
            "/api/buffers/Loja",
            json!({"wait": 3}),
            "invalid_request",
            "name",
        ),
        (
            "PUT",
            "/api/schedules/Loja",
            call.clone(),
            "invalid_request",
            "name",
        ),
        (
            "PUT",
            "/api/buffers/a",
            json!({"window": {"waitt": 3}}),
            "unknown_field",
            "window.waitt",
        ),
        (
            "PUT",
            "/api/buffers/a",
            json!({"window": {"wait": "3"}}),
            "invalid_field",
            "window.wait",
        ),
        (
            "PUT",
            "/api/buffers/a",
            json!({"window": {"max_messages": -1}}),
            "invalid_field",
            "window.max_messages",
        ),
        (
            "PUT",
            "/api/buffers/a",
            json!({"destinations": ["a", 7]}),
            "invalid_field",
            "destinations[1]",
        ),
        (
            "PUT",
            "/api/buffers/a",
            json!({"order": "none"}),
            "invalid_field",
            "order",
        ),
        (
            "PUT",
            "/api/buffers/a",
            json!({"follow_up": {"after": 3600, "mx": 1}}),
            "unknown_field",
            "follow_up.mx",
        ),
        (
            "POST",
            "/api/destinations",
            json!({"name": "a", "url": url, "retry": {"forr": 1}}),
            "unknown_field",
            "retry.forr",
        ),
        (
            "PUT",
            "/api/destinations/a",
            json!({"url": url, "pace": {"batch": 1, "every": 1, "q": 1}}),
            "unknown_field",
            "pace.q",
        ),
        (
            "PUT",
            "/api/destinations/a",
            json!({"url": 7}),
            "invalid_field",
            "url",
        ),
        (
            "POST",
            "/api/schedules",
            with("often", json!(1)),
            "unknown_field",
            "often",
        ),
        (
            "PUT",
            "/api/schedules/a",
            with("retry", json!({"max": "x"})),
            "invalid_field",
            "retry.max",
        ),
        (
            "POST",
            "/api/schedules",
            with("body", json!("{{")),
            "invalid_field",
            "body",
        ),
        (
            "POST",
            "/api/v1/message",
            anonymous(json!({"key": "a", "aggregate_field": "q", "size": 1})),
            "unknown_field",
            "buffer.size",
        ),
        (
            "POST",
            "/api/v1/message",
            anonymous(json!({"key": "a"})),
            "missing_field",
            "buffer.aggregate_field",
        ),
    ] {
        let refusal = api.refused(method.parse().unwrap(), path, Some(body)).await;

        assert_eq!(
            (
                refusal.status.as_u16(),
                refusal.code.as_str(),
                refusal.field.as_deref()
            ),
            (400, code, Some(field)),
            "{method} {path}: {}",
            refusal.error
        );
        assert!(!refusal.error.contains(" column "), "{}", refusal.error);
    }
}

#[tokio::test]
async fn what_is_misspelt_revives_nothing_and_says_what_is_taken() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let asked = json!({"all": true, "destnation": "n8n"});
    let refusal = api
        .refused(Method::POST, "/api/dead-letter/revive", Some(asked))
        .await;

    assert_eq!(
        (refusal.status.as_u16(), refusal.code.as_str()),
        (400, "unknown_field")
    );
    assert_eq!(refusal.field.as_deref(), Some("destnation"));
    assert!(refusal.error.contains("destination"), "{}", refusal.error);
}

#[tokio::test]
async fn what_clients_of_the_service_buffer_put_back_is_taken() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let config = json!({"name": "Loja B", "filter_field": "phone"});
    let (_, mut shown) = api.post("/api/buffer-configs", config).await;
    shown["created_at"] = json!("2026-01-01T00:00:00Z");
    shown["max_time"] = json!(30);

    let path = format!("/api/buffer-configs/{}", shown["id"].as_str().unwrap());
    let (status, answer) = api.request(Method::PUT, &path, Some(shown)).await;

    assert_eq!(status, 200, "{answer}");
    for query in [
        "key=ana",
        "buffer_name=a",
        "buffer_id=a&start_date=2026-01-01T00:00:00Z",
    ] {
        let (status, answer) = api.get(&format!("/api/messages/received?{query}")).await;
        assert_eq!(status, 200, "{query}: {answer}");
    }
}
