//! More messages for later than may wait: by number, by bytes, and in one buffer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Daemon, Receiver, TestRedis, eventually};

const YEAR: u64 = 365 * 24 * 3600;

fn later(id: usize, text: &str) -> Value {
    json!({"user": format!("chat {id}"), "message": text, "delay": YEAR, "message_id": id.to_string()})
}

async fn waits(api: &Daemon, id: usize, text: &str) -> bool {
    api.post("/api/message", later(id, text)).await.0 == 200
}

async fn is_refused(api: &Daemon, code: &str) {
    let body = Some(later(9999, "oi"));
    let refusal = api.refused(Method::POST, "/api/message", body).await;
    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.code, code);
    assert_eq!(refusal.headers["retry-after"], "5");
}

/// Posts many at one moment, and those that were refused again, until so many wait, and no more will.
async fn fill(api: &Daemon, many: usize, text: &str, expected: u64) {
    let posts = (0..many).map(async |id| waits(api, id, text).await);
    futures_util::future::join_all(posts).await;
    let again = async || {
        for id in 0..many {
            waits(api, id, text).await;
        }
        total(api).await
    };
    // Those that came at one moment may have been refused for each other, and counted twice until the next count.
    eventually("as many wait as may", async || again().await >= expected).await;
    assert_eq!(again().await, expected);
}

async fn total(api: &Daemon) -> u64 {
    let (_, page) = api.get("/api/messages/later?limit=500").await;
    page["items"].as_array().unwrap().len().try_into().unwrap()
}

#[tokio::test]
async fn no_more_messages_wait_for_later_than_may() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_LATER", "5")]).await;

    fill(&api, 30, "oi", 5).await;

    is_refused(&api, "too_many_for_later").await;
    // Another api hears of them, too.
    let other = Daemon::api_with(&redis, &[("MAX_LATER", "5")]).await;
    is_refused(&other, "too_many_for_later").await;
    // What leaves at once is taken as ever.
    let now = json!({"user": "ana", "message": "oi"});
    assert_eq!(api.post("/api/message", now).await.0, 200);
    // One that waits may be sent again, and is taken for what it is.
    let (_, page) = api.get("/api/messages/later").await;
    let id = page["items"][0]["id"].as_str().unwrap().to_owned();
    let again = later(id.parse().unwrap(), "oi");
    let (status, answer) = api.post("/api/message", again).await;
    assert_eq!((status.as_u16(), &answer["duplicate"]), (200, &json!(true)));

    let (status, _) = api
        .request(Method::DELETE, &format!("/api/messages/later/{id}"), None)
        .await;
    assert_eq!(status, 200);
    eventually("another may wait", async || waits(&api, 77, "oi").await).await;
    assert_eq!(total(&api).await, 5);
}

#[tokio::test]
async fn no_more_bytes_wait_for_later_than_may() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_LATER_BYTES", "1000000")]).await;

    fill(&api, 30, &"x".repeat(100_000), 9).await;

    is_refused_large(&api).await;
    // A small one has room still.
    assert!(waits(&api, 77, "oi").await);
}

async fn is_refused_large(api: &Daemon) {
    let body = Some(later(9999, &"x".repeat(100_000)));
    let refusal = api.refused(Method::POST, "/api/message", body).await;
    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.code, "too_much_for_later");
}

#[tokio::test]
async fn no_more_messages_wait_for_later_in_one_buffer_than_may() {
    let redis = TestRedis::start().await;
    let settings = [
        ("MAX_LATER_PER_BUFFER", "3"),
        ("WEBHOOK_URL", "http://127.0.0.1:9/"),
    ];
    let api = Daemon::api_with(&redis, &settings).await;
    let (status, answer) = api
        .request(
            Method::PUT,
            "/api/buffers/shop",
            Some(json!({"destinations": ["default"]})),
        )
        .await;
    assert!(status.is_success(), "{answer}");

    fill(&api, 20, "oi", 3).await;

    is_refused(&api, "too_many_for_later_in_buffer").await;
    let (status, answer) = api.post("/api/buffers/shop/messages", later(1, "oi")).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn what_has_left_makes_room_for_others() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let limits = [("MAX_LATER", "2"), ("MAX_LATER_BYTES", "3000")];
    let api = Daemon::api_with(&redis, &limits).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for round in 0..6 {
        let body = json!({"user": "ana", "message": "oi", "delay": 0.1, "message_id": round});
        eventually("there is room", async || {
            api.post("/api/message", body.clone()).await.0 == 200
        })
        .await;
        assert_eq!(receiver.call().await.messages(), ["oi"]);
    }

    eventually("nothing is counted any more", async || {
        redis.keys("lull:{*}:later:held").await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_is_full_of_what_gives_way_keeps_messages_for_later() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let ballast = "x".repeat(1_000_000);
    let mut raw = redis.raw().await;
    for number in 0..52 {
        let key = format!("ballast:{number}");
        let _: () = redis::cmd("SET")
            .arg(key)
            .arg(&ballast)
            .query_async(&mut raw)
            .await
            .unwrap();
    }
    redis.limit_memory(64 * 1024 * 1024).await;
    let percent = async || redis.store().await.memory().await.unwrap().percent();
    assert!(percent().await > Some(76) && percent().await < Some(89));
    // Each of ours is one, and the api's come in between: it looked at least twice.
    let before = redis.calls_of("info").await;
    let mut asked = 0;
    eventually("the api has seen it", async || {
        asked += 1;
        redis.calls_of("info").await >= before + asked + 2
    })
    .await;

    for id in 0..5 {
        assert!(waits(&api, id, "oi").await, "{id}");
    }
}
