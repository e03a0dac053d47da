//! More than the store is meant to hold: open chats beyond their number, and a Redis that is nearly full.

use lull::store::StoreError;
use redis::AsyncCommands;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::refusal::Refusal;
use crate::support::{Daemon, LONG, Receiver, TestRedis, chat, eventually, say};

/// Nothing but messages, so that nothing gives way.
const NO_HISTORY: [(&str, &str); 1] = [("HISTORY_COUNT", "0")];

fn message(user: &str) -> Value {
    json!({"user": user, "message": "oi", "ttl": 60})
}

async fn refused(api: &Daemon, user: &str) -> Refusal {
    let body = Some(message(user));
    api.refused(Method::POST, "/api/message", body).await
}

async fn takes(api: &Daemon, user: &str) -> bool {
    api.post("/api/message", message(user)).await.0 == 200
}

/// Chats that say so much that one percent of it is more than a connection's buffers: those come and go.
const CHATS: usize = 200;
const TEXT: usize = 50_000;

/// Lets chats say much. A few speak at a time: what waits in the buffers of connections would count as memory in use.
async fn fill(api: &Daemon) {
    let text = "x".repeat(TEXT);
    let users: Vec<_> = (0..CHATS).map(|chat| format!("chat {chat}")).collect();
    for users in users.chunks(5) {
        let saying = users.iter().map(|user| api.say(user, &text, 0.1));
        futures_util::future::join_all(saying).await;
    }
}

/// Sets the limit of Redis so that it uses so many percent of it now.
async fn limit_to(redis: &TestRedis, percent: u64) {
    let used = redis.store().await.memory().await.unwrap().used;
    redis.limit_memory(used * 1000 / (percent * 10 + 5)).await;
}

#[tokio::test]
async fn a_nearly_full_redis_takes_nothing_new_and_still_delivers() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &NO_HISTORY).await;

    fill(&api).await;
    eventually("new messages are refused", async || {
        limit_to(&redis, 97).await;
        api.log().contains("new messages are refused")
    })
    .await;
    let refusal = refused(&api, "ana").await;
    let (status, health) = api.get("/api/health").await;
    let queued = json!({"phone_number": "+5511999990000", "content": "oi"});
    let queue = api
        .refused(Method::POST, "/api/messages", Some(queued))
        .await;
    let later = json!({"user": "ana", "message": "oi", "delay": 60});
    let later = api.refused(Method::POST, "/api/message", Some(later)).await;

    for refusal in [refusal, queue, later] {
        assert_eq!(refusal.code, "storage_full", "{refusal:?}");
        assert_eq!(refusal.status, 503);
        assert_eq!(refusal.headers["retry-after"], "5");
    }
    assert_eq!(
        (status.as_u16(), &health["refusing"]),
        (200, &json!("storage_full"))
    );
    assert!(
        health["redis"]["memory_percent"].as_u64().unwrap() >= 93,
        "{health}"
    );
    // Redis itself would have taken it: it is for those who drain.
    assert_eq!(say(&redis.store().await, "eva", "oi", LONG).await, 1);

    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &NO_HISTORY).await;
    eventually("there is room", async || takes(&api, "ana").await).await;
    api.logs("Redis has room again").await;
    assert_eq!(api.get("/api/health").await.1["refusing"], Value::Null);
}

#[tokio::test]
async fn before_anything_is_refused_what_is_over_gives_way() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let received = async || {
        let streams = redis.keys("lull:{*}:received").await;
        let mut lengths = redis::pipe();
        for stream in &streams {
            lengths.xlen(stream);
        }
        let lengths: Vec<usize> = lengths.query_async(&mut redis.raw().await).await.unwrap();
        lengths.iter().sum::<usize>()
    };

    fill(&api).await;
    eventually("received messages go", async || {
        limit_to(&redis, 91).await;
        received().await < CHATS
    })
    .await;

    assert!(takes(&api, "ana").await);
    assert_eq!(
        api.metric(r#"lull_requests_refused_total{reason="full"}"#)
            .await,
        0.0
    );
    assert_eq!(api.get("/api/chats").await.1["total"], CHATS + 1);
}

#[tokio::test]
async fn no_more_chats_are_open_than_may_be_and_those_that_are_go_on() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_OPEN_CHATS", "3")]).await;

    let users: Vec<_> = (0..30).map(|number| format!("chat {number}")).collect();
    let posts = users.iter().map(async |user| takes(&api, user).await);
    let taken = futures_util::future::join_all(posts).await;
    let open = api.get("/api/chats").await.1["total"].as_u64().unwrap();
    // Those that came at one moment may have been refused for each other.
    for user in &users {
        takes(&api, user).await;
    }

    let (_, chats) = api.get("/api/chats").await;
    assert!(open <= 3 && taken.contains(&false), "{open}: {taken:?}");
    assert_eq!(chats["total"], 3);
    let refusal = refused(&api, "another").await;
    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.code, "too_many_open_chats");
    assert_eq!(refusal.headers["retry-after"], "1");
    assert_eq!(
        api.get("/api/health").await.1["refusing"],
        "too_many_open_chats"
    );
    let user = chats["items"][0]["user"].as_str().unwrap();
    assert!(takes(&api, user).await);
    let (status, _) = api
        .request(Method::DELETE, &format!("/api/chats/{user}"), None)
        .await;
    assert_eq!(status, 200);
    eventually("another may open", async || takes(&api, "another").await).await;
}

#[tokio::test]
async fn messages_for_later_cannot_take_the_room_of_those_that_leave_at_once() {
    let redis = TestRedis::start().await;
    redis.limit_memory(64 * 1024 * 1024).await;
    let api = Daemon::api_with(&redis, &[("HISTORY_COUNT", "0")]).await;
    let text = "x".repeat(900_000);
    let year = 365 * 24 * 3600;

    let mut refusal = None;
    // More than Redis can hold.
    for number in 0..80 {
        let body = json!({"user": "ana", "message": text, "delay": year, "message_id": number.to_string()});
        let (status, answer) = api.post("/api/message", body).await;
        if status != 200 {
            refusal = Some((status, answer));
            break;
        }
    }

    let (status, answer) = refusal.unwrap();
    assert_eq!(
        (status.as_u16(), &answer["code"]),
        (503, &json!("too_much_for_later"))
    );
    assert!(redis.store().await.memory().await.unwrap().percent() < Some(90));
    for number in 0..20 {
        assert!(takes(&api, &format!("chat {number}")).await);
    }
}

#[tokio::test]
async fn a_script_that_meets_what_lull_did_not_write_is_named() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "oi", LONG).await;
    let raw = &mut redis.raw().await;
    for window in redis.keys("lull:*:window:*").await {
        let _: () = raw.set(window, "by hand").await.unwrap();
    }

    let refused = store.windows().hold(&chat("ana"), None).await;

    let error = refused.unwrap_err();
    assert!(
        matches!(error, StoreError::Script { name: "hold", .. }),
        "{error}"
    );
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
}
