//! `GET /api/daemons`: who works on this Redis.

use redis::AsyncCommands;
use serde_json::{Value, json};

use crate::support::{Daemon, Receiver, TestRedis, eventually};

const DAEMONS: &str = "lull:{config}:daemons";

async fn daemons(api: &Daemon) -> Vec<Value> {
    let (status, answer) = api.get("/api/daemons").await;
    assert_eq!(status, 200, "{answer}");
    answer["items"].as_array().unwrap().clone()
}

/// The roles, and whether each counts as alive.
fn roles(daemons: &[Value]) -> Vec<(String, bool)> {
    let role = |it: &Value| it["role"].as_str().unwrap().to_owned();
    let all = daemons.iter();
    let mut roles: Vec<_> = all
        .map(|it| (role(it), it["alive"].as_bool().unwrap()))
        .collect();
    roles.sort();
    roles
}

#[tokio::test]
async fn every_daemon_is_listed_until_it_is_told_to_stop() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let mut seen = Vec::new();
    eventually("both are seen", async || {
        seen = daemons(&api).await;
        seen.len() == 2
    })
    .await;

    assert_eq!(
        roles(&seen),
        [("api".to_owned(), true), ("monitor".to_owned(), true)]
    );
    for daemon in &seen {
        assert_eq!(daemon["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(daemon["stands"], json!([]));
        assert!(!daemon["name"].as_str().unwrap().is_empty(), "{daemon}");
        assert!(daemon["since"].as_str() <= daemon["last_sign"].as_str());
    }

    monitor.stop().await;
    eventually("the one that ended is gone", async || {
        roles(&daemons(&api).await) == [("api".to_owned(), true)]
    })
    .await;
}

#[tokio::test]
async fn one_that_was_killed_is_listed_as_dead_with_what_stood_still_in_it() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let now: (i64, i64) = redis::cmd("TIME")
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    let sign = (now.0 - 60) * 1000;
    let about = json!({"name": "b", "role": "monitor", "version": "0.0.9", "stands": ["windows"]});
    let text = format!("{sign} {} {about}", sign - 1000);
    let _: () = redis
        .raw()
        .await
        .hset(DAEMONS, "00000001", text)
        .await
        .unwrap();

    let mut dead = Value::Null;
    eventually("the dead one is seen", async || {
        let all = daemons(&api).await.into_iter();
        dead = all.into_iter().find(|it| it["id"] == "00000001").into();
        !dead.is_null()
    })
    .await;

    assert_eq!(dead["alive"], false);
    assert_eq!(dead["version"], "0.0.9");
    assert_eq!(dead["stands"], json!(["windows"]));
}
