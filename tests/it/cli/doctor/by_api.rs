//! `GET /api/doctor`: the same findings, by the same rules, from a daemon that runs.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Patient, Report};
use crate::support::Daemon;

/// The findings that both see alike, in the order of both.
fn seen_alike(findings: &[Value]) -> Vec<&Value> {
    // The environments of a daemon and of the tool are told apart, and times and sizes change.
    let own = ["settings", "keys", "redis", "memory", "webhook", "monitors"];
    let all = findings.iter();
    all.filter(|it| !own.contains(&it["check"].as_str().unwrap()))
        .collect()
}

fn of<'a>(findings: &'a [Value], check: &str) -> Vec<&'a Value> {
    findings.iter().filter(|it| it["check"] == check).collect()
}

#[tokio::test]
async fn a_daemon_finds_what_the_tool_does() {
    let patient = Patient::with(&["--maxmemory-policy", "allkeys-lru"]).await;
    let api = Daemon::api(&patient.redis).await;
    let bot = json!({"url": patient.receiver.url().replace("/webhook", "/webhook-test/bot")});
    let written = api.request(Method::PUT, "/api/destinations/bot", Some(bot));
    assert_eq!(written.await.0, 200);
    api.post("/api/control", json!({"action": "stop"})).await;
    let queues = json!({"name": "loja", "amqp": {"queues": ["loja.messages.upsert"]}});
    assert_eq!(api.post("/api/buffers", queues).await.0, 201);
    api.logs("Buffer loja takes nothing out of its queues: RABBITMQ_URL is not set")
        .await;

    let (status, report) = api.get("/api/doctor").await;

    assert_eq!(status, 200, "{report}");
    let findings = report["findings"].as_array().unwrap();
    let count = |level: &str| findings.iter().filter(|it| it["level"] == level).count();
    assert_eq!(
        (&report["problems"], &report["warnings"]),
        (&json!(count("problem")), &json!(count("warning")))
    );
    let tool: Report = patient.examined().await;
    assert_eq!(seen_alike(findings), seen_alike(&tool.findings));
    assert_eq!(of(findings, "eviction")[0]["level"], "problem");
    assert_eq!(of(findings, "control")[0]["level"], "warning");
    assert_eq!(of(findings, "rabbitmq")[0]["level"], "problem");
    assert!(tool.found("rabbitmq").contains("RABBITMQ_URL is not set"));
    let nobody = [("RABBITMQ_URL", "amqp://lull:hunter2@127.0.0.1:1")];
    let tool = patient.examined_with(&[], &nobody).await;
    let found = tool.found("rabbitmq");
    assert!(
        found.contains("amqp://127.0.0.1:1, whose queues loja need"),
        "{found}"
    );
    let webhook = of(findings, "webhook");
    assert!(
        webhook[0]["found"].as_str().unwrap().starts_with("bot at "),
        "{webhook:?}"
    );
    assert!(
        webhook[1]["found"]
            .as_str()
            .unwrap()
            .contains("/webhook-test/"),
        "{webhook:?}"
    );
    assert_eq!(
        webhook[2]["found"],
        "no WEBHOOK_URL is set here, so the destination default was not looked at: run the doctor beside the monitor"
    );
}
