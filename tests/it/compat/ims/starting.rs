//! `SCHEDULER_AUTO_START=false`: nothing leaves until somebody has started it.

use reqwest::Method;
use serde_json::json;

use super::{ANA, FAST, Ims};
use crate::support::Daemon;

const BY_HAND: [(&str, &str); 3] = [FAST[0], FAST[1], ("SCHEDULER_AUTO_START", "false")];

async fn stopped(daemon: &Daemon) -> serde_json::Value {
    let (_, health) = daemon.get("/api/health").await;
    health["stopped"].clone()
}

#[tokio::test]
async fn messages_wait_for_the_first_start_and_nothing_else_does() {
    for start in [
        json!({"action": "start"}),
        json!({"action": "start", "destination": "messages"}),
    ] {
        let mut ims = Ims::open(&BY_HAND).await;
        let id = ims.send(ANA, "oi").await;
        let monitor = ims.monitor(&BY_HAND).await;
        let waiting = json!({"everything": false, "buffers": [], "destinations": ["messages"]});
        assert_eq!(ims.api.get("/api/control").await.1, waiting);
        assert_eq!(
            (stopped(&ims.api).await, stopped(&monitor).await),
            (waiting.clone(), waiting)
        );
        ims.api.say("ana", "oi", 0.1).await;
        assert_eq!(ims.receiver.call().await.user(), "ana");
        assert_eq!(ims.message(&id).await["status"], "pending");

        let (status, answer) = ims.api.post("/api/control", start).await;

        assert_eq!(
            (status.as_u16(), &answer["stopped"]["destinations"]),
            (200, &json!([]))
        );
        assert_eq!(ims.receiver.call().await.id(), id);
    }
}

#[tokio::test]
async fn what_was_started_once_is_started_after_a_restart_too_and_can_be_stopped() {
    let mut ims = Ims::open(&BY_HAND).await;
    ims.api
        .post("/api/control", json!({"action": "start"}))
        .await;
    let api = Daemon::api_with(&ims.redis, &BY_HAND).await;
    assert_eq!(stopped(&api).await["destinations"], json!([]));
    let _monitor = ims.monitor(&BY_HAND).await;
    let id = ims.send(ANA, "um").await;
    assert_eq!(ims.receiver.call().await.id(), id);

    let stop = Some(json!({"action": "stop"}));
    let (_, answer) = ims.api.request(Method::POST, "/api/control", stop).await;

    assert_eq!(answer["stopped"]["everything"], true);
}
