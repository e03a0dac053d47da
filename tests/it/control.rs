//! Deliveries that an operator stops and starts: nothing begins meanwhile, and nothing is lost.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, SHORT, TestRedis, eventually};

/// Stops or starts, and waits until the monitor goes by it.
async fn control(api: &Daemon, monitors: &[&Daemon], order: Value) -> Value {
    let (status, answer) = api.post("/api/control", order.clone()).await;
    assert_eq!(status, 200, "{answer}");
    for monitor in monitors {
        eventually("the monitor goes by it", async || {
            monitor.get("/api/health").await.1["stopped"] == answer["stopped"]
        })
        .await;
    }
    answer
}

async fn lanes(api: &Daemon, count: f64) {
    eventually("batches wait", async || {
        api.metric("lull_lanes_waiting").await == count
    })
    .await;
}

#[tokio::test]
async fn while_everything_is_stopped_messages_are_kept_and_none_leaves() {
    let mut system = System::open().await;
    let answer = control(&system.api, &[&system.monitor], json!({"action": "stop"})).await;
    assert_eq!(
        answer["stopped"],
        json!({"everything": true, "buffers": [], "destinations": []})
    );

    for text in ["a", "b"] {
        system.api.say("ana", text, 0.1).await;
        lanes(&system.api, 1.0).await;
        eventually("its window is closed", async || {
            system.api.metric("lull_windows_open").await == 0.0
        })
        .await;
    }
    assert_eq!(
        system
            .monitor
            .metric(r#"lull_stopped{what="everything"}"#)
            .await,
        1.0
    );
    assert!(system.default.calls_so_far().is_empty());

    control(&system.api, &[&system.monitor], json!({"action": "start"})).await;

    assert_eq!(system.default.call().await.messages(), ["a", "b"]);
}

#[tokio::test]
async fn a_stop_outlives_every_daemon() {
    let mut system = System::open().await;
    control(&system.api, &[&system.monitor], json!({"action": "stop"})).await;
    system.monitor.kill();
    system.api.kill();

    system.api = Daemon::api(&system.redis).await;
    system.monitor = Daemon::monitor(&system.redis, &system.default.url()).await;
    system.api.say("ana", "a", 0.1).await;
    lanes(&system.api, 1.0).await;

    assert_eq!(system.api.get("/api/control").await.1["everything"], true);
    assert_eq!(
        system.monitor.get("/api/health").await.1["stopped"]["everything"],
        true
    );
    assert!(system.default.calls_so_far().is_empty());
    control(&system.api, &[&system.monitor], json!({"action": "start"})).await;
    assert_eq!(system.default.call().await.messages(), ["a"]);
}

#[tokio::test]
async fn a_stopped_buffer_holds_only_its_own_chats_and_starts_at_once() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    let other = Daemon::monitor(&system.redis, &system.default.url()).await;
    let monitors = [&system.monitor, &other];
    control(
        &system.api,
        &monitors,
        json!({"action": "stop", "buffer": "loja"}),
    )
    .await;

    for user in ["ana", "bia", "eva"] {
        system.say("loja", user, "kept", SHORT).await;
    }
    lanes(&system.api, 3.0).await;
    // The lanes are looked at and put off before this one gets through.
    system.api.say("ana", "through", 0.1).await;
    assert_eq!(system.default.call().await.messages(), ["through"]);
    assert!(system.default.calls_so_far().is_empty());

    control(
        &system.api,
        &monitors,
        json!({"action": "start", "buffer": "loja"}),
    )
    .await;

    // Sooner than a lane that was put off would come by itself.
    let mut users = Vec::new();
    for _ in 0..3 {
        users.push(system.default.call().await.user());
    }
    users.sort();
    assert_eq!(users, ["ana", "bia", "eva"]);
}

#[tokio::test]
async fn a_stopped_destination_delays_no_other() {
    let mut system = System::open().await;
    let mut bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["bot", "default"]).await;
    let stop = json!({"action": "stop", "destination": "bot"});
    control(&system.api, &[&system.monitor], stop).await;

    system.say("loja", "ana", "oi", SHORT).await;

    assert_eq!(system.default.call().await.messages(), ["oi"]);
    lanes(&system.api, 1.0).await;
    assert!(bot.calls_so_far().is_empty());
    system.buffer("loja", &["default"]).await;
    let (status, answer) = system.delete("/api/destinations/bot?drain=true").await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    let start = json!({"action": "start", "destination": "bot"});
    control(&system.api, &[&system.monitor], start).await;
    assert_eq!(bot.call().await.messages(), ["oi"]);
}

#[tokio::test]
async fn an_attempt_in_hand_finishes_and_no_other_begins() {
    let redis = TestRedis::start().await;
    let mut webhook = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [("WEBHOOK_TIMEOUT", "2"), ("RETRY_FIRST", "0.01")];
    let monitor = Daemon::monitor_with(&redis, &webhook.url(), &settings).await;
    api.say("ana", "oi", 0.1).await;
    let first = webhook.call().await;

    control(&api, &[&monitor], json!({"action": "stop"})).await;

    // It times out and is settled, so that its retry is due; only the stop holds that.
    eventually("the attempt is settled", async || {
        monitor
            .metric(r#"lull_attempts_total{outcome="retry"}"#)
            .await
            == 1.0
    })
    .await;
    lanes(&api, 1.0).await;
    assert!(webhook.calls_so_far().is_empty());
    control(&api, &[&monitor], json!({"action": "start"})).await;
    assert_eq!(webhook.call().await.id(), first.id());
}

#[tokio::test]
async fn what_is_not_there_cannot_be_stopped_and_what_is_removed_is_forgotten() {
    let system = System::open().await;
    for order in [
        json!({"action": "stop", "buffer": "loja"}),
        json!({"action": "stop", "destination": "bot"}),
    ] {
        let (status, _) = system.api.post("/api/control", order).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let (status, answer) = system
        .api
        .post("/api/control", json!({"action": "halt"}))
        .await;
    assert_eq!(
        (status.as_u16(), &answer["error"]),
        (400, &json!("action must be start or stop"))
    );

    system.buffer("loja", &["default"]).await;
    control(
        &system.api,
        &[],
        json!({"action": "stop", "buffer": "loja"}),
    )
    .await;
    let (status, _) = system
        .api
        .request(Method::DELETE, "/api/buffers/loja", None)
        .await;
    assert_eq!(status, 200);

    assert_eq!(
        system.api.get("/api/control").await.1,
        json!({"everything": false, "buffers": [], "destinations": []})
    );
}
