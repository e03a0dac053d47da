//! The whole product on a cluster of three masters.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cluster::Cluster;
use crate::daemons::daemon;
use crate::support::daemon::{API, MONITOR};
use crate::support::{Receiver, eventually};

/// Chats that speak: some of each shard.
const CHATS: usize = 200;

#[tokio::test]
async fn everything_said_arrives_once_and_in_order() {
    let mut cluster = Cluster::start(3, 0).await;
    let mut receiver = Receiver::start().await;
    // Any node leads to all.
    let api = daemon(API, &cluster.url(0), &[]).await;
    let webhook = [("WEBHOOK_URL", &*receiver.url())];
    // Any that answers, too, where several are named.
    let several = cluster
        .url(2)
        .replace("redis://", "redis+cluster://127.0.0.1:1,");
    let _monitor = daemon(MONITOR, &several, &webhook).await;

    for text in ["oi", "tudo bem?"] {
        for chat in 0..CHATS {
            api.say(&format!("c{chat}"), text, 1.0).await;
        }
    }

    let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while heard.values().map(Vec::len).sum::<usize>() < 2 * CHATS {
        let call = receiver.call().await;
        heard
            .entry(call.user())
            .or_default()
            .extend(call.messages());
    }
    assert_eq!(heard.len(), CHATS);
    assert!(
        heard.values().all(|texts| texts == &["oi", "tudo bem?"]),
        "{heard:?}"
    );
    assert!(
        cluster.keys().await.iter().all(|keys| *keys > 20),
        "each master has a part"
    );

    eventually("all are told as delivered", async || {
        let delivered = api.get("/api/history?status=delivered&limit=500").await.1;
        delivered["items"].as_array().unwrap().len() >= CHATS
    })
    .await;
    let (status, story) = api.get("/api/chats/c7/story").await;
    assert_eq!(
        (status.as_u16(), &story["verdict"]["not_answered"]["code"]),
        (200, &json!("delivered"))
    );
    let found = api.get("/api/find?q=c7").await.1;
    assert_ne!(found["people"], json!([]), "{found}");
    let overview = api.get("/api/overview").await.1;
    assert_eq!(overview["counts"]["waiting_batches"], 0, "{overview}");
    let (status, erased) = api
        .request(
            reqwest::Method::DELETE,
            "/api/chats/c7?everything=true",
            None,
        )
        .await;
    assert_eq!(status, 200, "{erased}");

    // A master that nobody replaces is missed by its own chats alone.
    cluster.kill(1);
    let dead = cluster.slots_of(1);
    let mut served = [0, 0];
    for chat in 0..CHATS {
        let chat = format!("c{chat}");
        let is_dead = dead.contains(&cluster.slot_of(&chat).await);
        let said = json!({"user": chat, "message": "alô", "ttl": 600});
        let (status, answer) = api.post("/api/message", said).await;
        let expected = if is_dead { 503 } else { 200 };
        assert_eq!(status, expected, "{chat}: {answer}");
        served[usize::from(is_dead)] += 1;
        if served.iter().all(|count| *count > 3) {
            break;
        }
    }
    let (status, health) = api.get("/api/health").await;
    assert_eq!(
        (status.as_u16(), &health["redis"]["status"]),
        (200, &json!("ok")),
        "{health}"
    );
}
