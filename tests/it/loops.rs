//! Parts of a daemon that fail while it runs: said once, counted, begun anew, and named in health.

use lull::loops::Loop;
use lull::telemetry::metrics::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::daemons::cut;
use crate::support::{Daemon, Receiver, TestRedis, eventually};

const PANICS: &str = "LULL_TEST_PANICS";

/// Every loop that a daemon of this role has, so that none is forgotten here.
fn loops_of(role: Role) -> Vec<&'static str> {
    let of = Loop::ALL.iter().filter(|(_, roles)| roles.contains(&role));
    of.map(|(name, _)| name.as_str()).collect()
}

/// Has each of them panic so often.
fn asked(loops: &[&str], times: u32) -> String {
    let asked = loops.iter().map(|name| format!("{name}:{times}"));
    asked.collect::<Vec<_>>().join(",")
}

fn count(log: &str, words: &str) -> usize {
    log.matches(words).count()
}

#[tokio::test]
async fn every_loop_of_a_monitor_that_panics_begins_anew_and_is_named() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let loops = loops_of(Role::Monitor);
    let panics = asked(&loops, 2);
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &[(PANICS, &panics)]).await;

    for name in &loops {
        let metric = format!("lull_loop_restarts_total{{loop=\"{name}\"}}");
        eventually(name, async || monitor.metric(&metric).await == 2.0).await;
        // Once for each failure, and nothing beside it.
        let lines = count(&monitor.log(), &format!("The loop {name}"));
        assert_eq!(lines, 2, "{name}: {}", monitor.log());
    }
    assert_eq!(count(&monitor.log(), "panicked at"), 0);
    let (status, health) = monitor.get("/api/health").await;
    assert_eq!(
        (status, &health["status"]),
        (StatusCode::OK, &json!("degraded"))
    );
    let failed = health["failed_loops"].as_array().unwrap();
    let lanes = failed.iter().find(|failed| failed["of"] == "default");
    let lanes = lanes.unwrap();
    assert_eq!(
        (&lanes["name"], &lanes["runs"]),
        (&json!("lanes"), &json!(true))
    );
    assert!(
        lanes["why"].as_str().unwrap().contains("src/loops.rs"),
        "{lanes}"
    );

    api.say("ana", "hi", 0.1).await;
    assert_eq!(receiver.call().await.messages(), ["hi"]);
    assert!(monitor.stop().await.success());
}

#[tokio::test]
async fn every_loop_of_an_api_that_panics_begins_anew_and_is_named() {
    let redis = TestRedis::start().await;
    let loops = loops_of(Role::Api);
    let panics = asked(&loops, 1);
    let mut api = Daemon::api_with(&redis, &[(PANICS, &panics)]).await;

    for name in &loops {
        let metric = format!("lull_loop_restarts_total{{loop=\"{name}\"}}");
        eventually(name, async || api.metric(&metric).await == 1.0).await;
    }
    let (_, health) = api.get("/api/health").await;
    assert_eq!(health["status"], "degraded");
    assert_eq!(
        health["failed_loops"].as_array().unwrap().len(),
        loops.len()
    );
    assert!(api.stop().await.success());
}

#[tokio::test]
async fn signs_of_life_come_again_after_the_heart_has_failed() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &[(PANICS, "heart:3")]).await;

    monitor.logs("The loop heart has failed").await;

    eventually("api sees that the monitor lives", async || {
        api.metric("lull_monitors_alive").await == 1.0
    })
    .await;
    assert_eq!(
        monitor
            .metric("lull_loop_restarts_total{loop=\"heart\"}")
            .await,
        3.0
    );
}

#[tokio::test]
async fn a_connection_whose_mending_fails_is_mended_all_the_same() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[(PANICS, "mending:3")]).await;

    cut(&mut redis.raw().await).await;

    eventually("messages are taken again", async || {
        let body = json!({ "user": "ana", "message": "oi", "ttl": 1 });
        api.post("/api/message", body).await.0 == 200
    })
    .await;
    let told = "Connecting to Redis has failed within Lull";
    eventually(told, async || count(&api.log(), told) == 3).await;
}

#[tokio::test]
async fn an_attempt_that_panics_lets_go_of_all_it_held_and_is_made_again() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let settings = [
        (PANICS, "attempt:3,closing:2"),
        ("CONCURRENCY", "1"),
        ("RETRY_FIRST", "0.05"),
        ("WEBHOOK_TIMEOUT", "600"),
    ];
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    // A lease lasts ten minutes here, and there is one permit: both have to come back.
    api.say("ana", "hi", 0.1).await;

    let call = receiver.call().await;
    assert_eq!(call.messages(), ["hi"]);
    let told = "An attempt has failed within Lull";
    eventually(told, async || count(&monitor.log(), told) >= 3).await;
    let log = monitor.log();
    assert_eq!(count(&log, told), 3, "{log}");
    assert!(!log.contains("ana"), "{log}");
    eventually("nothing is in flight", async || {
        monitor.metric("lull_attempts_in_flight").await == 0.0
    })
    .await;
    api.say("bia", "hello", 0.1).await;
    assert_eq!(receiver.call().await.messages(), ["hello"]);
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_and_its_connection_goes_on() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[(PANICS, "request:9")]).await;

    let mut statuses = Vec::new();
    eventually("all panics are through", async || {
        let message = json!({"user": "ana", "message": "my secret", "ttl": 30});
        let (status, answer) = api.post("/api/message", message).await;
        statuses.push(status);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            assert_eq!(answer["code"], "internal_error");
            let id = answer["request_id"].as_str().unwrap();
            api.logs(id).await;
        }
        status == StatusCode::OK
    })
    .await;

    let (status, _) = api.request(Method::GET, "/api/chats", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!api.log().contains("my secret"));
}
