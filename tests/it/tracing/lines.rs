//! The lines about requests and attempts, which name the trace.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PARENT, post};
use crate::support::{Answer, Daemon, Receiver, TestRedis};

const FIELDS: [&str; 11] = [
    "attempt",
    "batch",
    "chat",
    "destination",
    "duration_ms",
    "level",
    "message",
    "messages",
    "next",
    "timestamp",
    "trace_id",
];

/// The lines about attempts.
fn attempts(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line.get("next").is_some())
        .collect()
}

#[tokio::test]
async fn each_attempt_writes_one_line_with_the_same_fields_and_the_trace() {
    let redis = TestRedis::start().await;
    let script = [
        Answer::Status(503),
        Answer::Reset,
        Answer::Status(200),
        Answer::Status(410),
    ];
    let mut receiver = Receiver::answering(&script, Answer::Status(200)).await;
    let common = [("LOG_FORMAT", "json"), ("RETRY_FIRST", "0.01")];
    let api = Daemon::api_with(&redis, &common).await;
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &common).await;

    for (user, calls) in [("ana", 3), ("eva", 1)] {
        let body = json!({"user": user, "message": "oi", "ttl": 0.1});
        post(&api, "/api/message", body, &[("traceparent", PARENT)]).await;
        for _ in 0..calls {
            receiver.call().await;
        }
    }
    assert!(monitor.stop().await.success());

    let lines = attempts(&monitor.log());
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                &line["level"],
                &line["attempt"],
                &line["status"],
                &line["next"],
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (&json!("WARN"), &json!(1), &json!(503), &json!("retry")),
            (&json!("WARN"), &json!(2), &Value::Null, &json!("retry")),
            (&json!("INFO"), &json!(3), &json!(200), &json!("done")),
            (
                &json!("ERROR"),
                &json!(1),
                &json!(410),
                &json!("dead_letter")
            ),
        ]
    );
    for line in &lines {
        let mut fields: BTreeSet<_> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(fields.remove("status"), !line["status"].is_null());
        assert_eq!(fields.remove("wait_ms"), line["next"] == "retry");
        assert_eq!(fields, BTreeSet::from(FIELDS));
        assert_eq!(line["trace_id"], PARENT[3..35]);
    }
    api.logs("POST /api/message").await;
    let request = api.log();
    let request = request.lines().find(|line| line.contains("/api/message"));
    let request: Value = serde_json::from_str(request.unwrap()).unwrap();
    assert_eq!(request["span"]["trace_id"], PARENT[3..35]);
}

#[tokio::test]
async fn an_attempt_of_a_message_without_a_trace_names_none() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &[("LOG_FORMAT", "json")]).await;
    let settings = [("LOG_FORMAT", "json")];
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    api.say("ana", "oi", 0.1).await;
    receiver.call().await;
    assert!(monitor.stop().await.success());

    let lines = attempts(&monitor.log());
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].get("trace_id"), None);
    assert!(!api.log().contains("trace_id"));
}
