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
    let cluster = Cluster::start(3, 0).await;
    let mut receiver = Receiver::start().await;
    // Any node leads to all.
    let api = daemon(API, &cluster.url(0), &[]).await;
    let webhook = [("WEBHOOK_URL", &*receiver.url())];
    let _monitor = daemon(MONITOR, &cluster.url(2), &webhook).await;

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
}
