//! More pauses than there may be.

use reqwest::Method;
use serde_json::json;

use crate::support::{Daemon, TestRedis};

async fn pauses(api: &Daemon, user: &str, buffer: &str, seconds: f64) -> bool {
    let path = format!("/api/chats/{user}/pause?buffer={buffer}");
    let (status, _) = api.post(&path, json!({"for": seconds})).await;
    status == 200
}

async fn refusal_code(api: &Daemon) -> String {
    let path = "/api/chats/another/pause";
    let body = Some(json!({"for": 60}));
    let refused = api.refused(Method::POST, path, body).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers["retry-after"], "5");
    refused.code
}

async fn many(api: &Daemon) -> usize {
    let users: Vec<_> = (0..20).map(|number| format!("chat{number}")).collect();
    let asked = users
        .iter()
        .map(async |user| pauses(api, user, "default", 60.0).await);
    let paused = futures_util::future::join_all(asked).await;
    paused.into_iter().filter(|it| *it).count()
}

#[tokio::test]
async fn no_more_chats_are_paused_than_may_be() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_PAUSED", "3")]).await;

    assert_eq!(many(&api).await, 3);

    assert_eq!(refusal_code(&api).await, "too_many_paused");
    let paused = redis.store().await.chats().count_paused().await.unwrap();
    assert_eq!(paused, 3);
    // The three that are may be made longer, and one that is over makes room.
    assert_eq!(many(&api).await, 3);
    for number in 0..20 {
        let path = format!("/api/chats/chat{number}/resume");
        let (status, _) = api.post(&path, json!({})).await;
        assert_eq!(status, 200);
    }
    assert!(pauses(&api, "another", "default", 60.0).await);
}

#[tokio::test]
async fn no_more_chats_of_one_buffer_are_paused_than_may_be() {
    let redis = TestRedis::start().await;
    let settings = [
        ("MAX_PAUSED_PER_BUFFER", "3"),
        ("WEBHOOK_URL", "http://127.0.0.1:9/"),
    ];
    let api = Daemon::api_with(&redis, &settings).await;
    let spec = Some(json!({"destinations": ["default"]}));
    let (status, answer) = api.request(Method::PUT, "/api/buffers/shop", spec).await;
    assert!(status.is_success(), "{answer}");

    assert_eq!(many(&api).await, 3);

    assert_eq!(refusal_code(&api).await, "too_many_paused_in_buffer");
    assert!(pauses(&api, "ana", "shop", 60.0).await);
}
