//! More than may wait in open chats, and for a destination that does not take it: refused when it comes, with a code
//! that names the limit; what was taken goes its way.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::refusal::Refusal;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// Nothing that gives way, so that what is kept is what waits.
const NO_HISTORY: (&str, &str) = ("HISTORY_COUNT", "0");

fn message(user: &str, text: &str, ttl: f64) -> Value {
    json!({"user": user, "message": text, "ttl": ttl})
}

/// How many of these chats' messages are taken.
async fn taken(api: &Daemon, chats: usize, text: &str, ttl: f64) -> usize {
    let mut taken = 0;
    for number in 0..chats {
        let body = message(&format!("chat {number}"), text, ttl);
        taken += usize::from(api.post("/api/message", body).await.0 == 200);
    }
    taken
}

/// Lets chats say this until so many messages are taken, which are all that may wait. What arrives in the very moment
/// of a count is counted twice until the next.
async fn fill(api: &Daemon, expected: usize, text: &str, ttl: f64) {
    let (mut chat, mut kept) = (0, 0);
    eventually("as many are taken as may wait", async || {
        let body = message(&format!("chat {chat}"), text, ttl);
        chat += 1;
        kept += usize::from(api.post("/api/message", body).await.0 == 200);
        kept == expected
    })
    .await;
    for number in 0..30 {
        let body = message(&format!("other {number}"), text, ttl);
        assert_eq!(api.post("/api/message", body).await.0, 503);
    }
}

async fn refusal(api: &Daemon, path: &str, text: &str) -> Refusal {
    let body = Some(message("another", text, 60.0));
    let refusal = api.refused(Method::POST, path, body).await;
    assert_eq!(refusal.status, 503);
    refusal
}

async fn refusing(api: &Daemon) -> Value {
    let (status, health) = api.get("/api/health").await;
    assert_eq!(status, 200, "{health}");
    health["refusing"].clone()
}

/// All that waits, wherever it does, is delivered once the destination takes it, and then nothing is counted.
async fn all_arrive(redis: &TestRedis, receiver: &mut Receiver, messages: usize) {
    receiver.answer(Answer::Status(200));
    let mut arrived = 0;
    let mut ids = std::collections::HashSet::new();
    while arrived < messages {
        let call = receiver.call().await;
        if ids.insert(call.id()) {
            arrived += call.messages().len();
        }
    }
    assert_eq!(arrived, messages);
    eventually("nothing is counted any more", async || {
        redis.keys("lull:{*}:*:held").await.is_empty()
    })
    .await;
}

/// Refused calls are looked at no more.
async fn down() -> Receiver {
    Receiver::answering(&[], Answer::Status(503)).await
}

#[tokio::test]
async fn no_more_batches_wait_for_a_destination_than_may_and_all_that_were_taken_leave() {
    let redis = TestRedis::start().await;
    let mut receiver = down().await;
    let limits = [("MAX_ON_LANES", "5"), NO_HISTORY];
    let api = Daemon::api_with(&redis, &limits).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    fill(&api, 5, "oi", 0.1).await;

    let refused = refusal(&api, "/api/message", "oi").await;
    assert_eq!(refused.code, "too_many_on_lanes");
    assert_eq!(refused.headers["retry-after"], "5");
    assert_eq!(refusing(&api).await, "too_many_on_lanes");
    // Another api hears of them, too, and so does a message that leaves one by one.
    let other = Daemon::api_with(&redis, &limits).await;
    let refused = refusal(&other, "/api/message", "oi").await;
    assert_eq!(refused.code, "too_many_on_lanes");
    let queued = Some(json!({"phone_number": "+5511999990000", "content": "oi"}));
    let refused = other.refused(Method::POST, "/api/messages", queued).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.code, "too_many_on_lanes");
    // What leaves later has a bound of its own.
    let later = json!({"user": "ana", "message": "oi", "delay": 3600, "message_id": "1"});
    assert_eq!(api.post("/api/message", later).await.0, 200);
    let (status, _) = api
        .request(Method::DELETE, "/api/messages/later/1", None)
        .await;
    assert_eq!(status, 200);

    receiver.calls_so_far();
    all_arrive(&redis, &mut receiver, 5).await;
    eventually("there is room again", async || {
        taken(&api, 1, "oi", 0.1).await == 1
    })
    .await;
    eventually("health says so, too", async || {
        refusing(&api).await == Value::Null
    })
    .await;
}

#[tokio::test]
async fn a_message_of_an_open_chat_is_taken_however_much_waits_for_its_destination() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_ON_LANES", "2"), NO_HISTORY]).await;

    fill(&api, 2, "oi", 60.0).await;

    // The first of them is open.
    assert_eq!(taken(&api, 1, "again", 60.0).await, 1);
    assert_eq!(
        refusal(&api, "/api/message", "oi").await.code,
        "too_many_on_lanes"
    );
}

#[tokio::test]
async fn no_more_batches_of_one_buffer_wait_for_a_destination_than_may() {
    let redis = TestRedis::start().await;
    let receiver = down().await;
    let url = receiver.url();
    let settings = [
        ("MAX_ON_LANES_PER_BUFFER", "3"),
        ("WEBHOOK_URL", url.as_str()),
        NO_HISTORY,
    ];
    let api = Daemon::api_with(&redis, &settings).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let spec = Some(json!({"destinations": ["default"]}));
    let (status, answer) = api.request(Method::PUT, "/api/buffers/shop", spec).await;
    assert!(status.is_success(), "{answer}");

    fill(&api, 3, "oi", 0.1).await;

    let refused = refusal(&api, "/api/message", "oi").await;
    assert_eq!(refused.code, "too_many_on_lanes_in_buffer");
    assert_eq!(refusing(&api).await, "too_many_on_lanes_in_buffer");
    let body = message("ana", "oi", 60.0);
    let (status, answer) = api.post("/api/buffers/shop/messages", body).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn no_more_bytes_wait_for_a_destination_than_may() {
    let redis = TestRedis::start().await;
    let mut receiver = down().await;
    let limits = [("MAX_ON_LANES_BYTES", "1000000"), NO_HISTORY];
    let api = Daemon::api_with(&redis, &limits).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let text = "x".repeat(100_000);

    let kept = 9;
    fill(&api, kept, &text, 0.1).await;
    let refused = refusal(&api, "/api/message", &text).await;
    assert_eq!(refused.code, "too_much_on_lanes");
    assert_eq!(refusing(&api).await, "too_much_on_lanes");
    receiver.calls_so_far();
    all_arrive(&redis, &mut receiver, kept).await;
}

#[tokio::test]
async fn a_destination_that_is_down_does_not_fill_redis() {
    let redis = TestRedis::start().await;
    redis.limit_memory(64 * 1024 * 1024).await;
    let mut receiver = down().await;
    let api = Daemon::api_with(&redis, &[NO_HISTORY]).await;
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &[NO_HISTORY]).await;
    let text = "x".repeat(900_000);

    let kept = taken(&api, 71, &text, 0.1).await;

    assert!((20..40).contains(&kept), "{kept}");
    let refused = refusal(&api, "/api/message", &text).await;
    assert_eq!(refused.code, "too_much_on_lanes");
    assert!(redis.store().await.memory().await.unwrap().percent() < Some(90));
    receiver.calls_so_far();
    all_arrive(&redis, &mut receiver, kept).await;
}

#[tokio::test]
async fn no_more_bytes_wait_in_open_chats_than_may() {
    let redis = TestRedis::start().await;
    let limits = [("MAX_OPEN_CHATS_BYTES", "1000000"), NO_HISTORY];
    let api = Daemon::api_with(&redis, &limits).await;
    let text = "x".repeat(100_000);

    fill(&api, 9, &text, 60.0).await;

    // Also of a chat that is open, for it would hold more.
    let body = Some(message("chat 0", &text, 60.0));
    let refused = api.refused(Method::POST, "/api/message", body).await;
    assert_eq!(refused.code, "too_much_in_open_chats");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refusing(&api).await, "too_much_in_open_chats");
    assert_eq!(taken(&api, 1, "oi", 60.0).await, 1);
    let (status, _) = api
        .request(Method::DELETE, "/api/chats/chat%200", None)
        .await;
    assert_eq!(status, 200);
    eventually("there is room", async || {
        taken(&api, 1, &text, 60.0).await == 1
    })
    .await;
}

#[tokio::test]
async fn no_more_chats_of_one_buffer_are_open_than_may_be() {
    let redis = TestRedis::start().await;
    let settings = [
        ("MAX_OPEN_CHATS_PER_BUFFER", "3"),
        ("WEBHOOK_URL", "http://127.0.0.1:9/"),
    ];
    let api = Daemon::api_with(&redis, &settings).await;
    let spec = Some(json!({"destinations": ["default"]}));
    let (status, answer) = api.request(Method::PUT, "/api/buffers/shop", spec).await;
    assert!(status.is_success(), "{answer}");

    fill(&api, 3, "oi", 60.0).await;

    let refused = refusal(&api, "/api/message", "oi").await;
    assert_eq!(refused.code, "too_many_open_chats_in_buffer");
    assert_eq!(refusing(&api).await, "too_many_open_chats_in_buffer");
    assert_eq!(taken(&api, 1, "again", 60.0).await, 1);
    let body = message("ana", "oi", 60.0);
    let (status, answer) = api.post("/api/buffers/shop/messages", body).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn other_data_in_redis_makes_no_limit_refuse() {
    let redis = TestRedis::start().await;
    let ballast = "x".repeat(1_000_000);
    let mut raw = redis.raw().await;
    for number in 0..52 {
        let key = format!("ballast:{number}");
        let set = redis::cmd("SET").arg(key).arg(&ballast).to_owned();
        let _: () = set.query_async(&mut raw).await.unwrap();
    }
    redis.limit_memory(64 * 1024 * 1024).await;
    let percent = redis.store().await.memory().await.unwrap().percent();
    assert!(percent > Some(75) && percent < Some(90), "{percent:?}");
    let api = Daemon::api_with(&redis, &[NO_HISTORY]).await;

    assert_eq!(taken(&api, 20, "oi", 60.0).await, 20);
    let later = json!({"user": "ana", "message": "oi", "delay": 3600});
    assert_eq!(api.post("/api/message", later).await.0, 200);
    let queued = json!({"phone_number": "+5511999990000", "content": "oi"});
    assert_eq!(api.post("/api/messages", queued).await.0, 201);
    assert_eq!(refusing(&api).await, Value::Null);
}

#[tokio::test]
async fn what_an_older_lull_left_is_counted_and_what_is_counted_and_not_there_is_forgotten() {
    let redis = TestRedis::start().await;
    let receiver = down().await;
    let api = Daemon::api_with(&redis, &[("MAX_ON_LANES", "4"), NO_HISTORY]).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    fill(&api, 4, "oi", 0.1).await;
    eventually("all wait on lanes", async || {
        redis.keys("lull:{*}:lane:*").await.len() == 4
    })
    .await;
    monitor.stop().await;
    let mut raw = redis.raw().await;
    for key in redis.keys("lull:{*}:*:held").await {
        let _: () = redis::cmd("DEL")
            .arg(key)
            .query_async(&mut raw)
            .await
            .unwrap();
    }
    // As if something had been taken away uncounted.
    let _: () = redis::cmd("HSET")
        .arg("lull:{00}:windows:held")
        .arg(&[":count", "77", ":bytes", "9999", "default", "77"])
        .query_async(&mut raw)
        .await
        .unwrap();

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let store = redis.store().await;
    let names = [lull::core::chat::Name::default_name()];
    eventually("all is counted as it is", async || {
        let windows = store
            .held()
            .sum(lull::store::work::Kind::Windows, &names)
            .await;
        let lanes = store
            .held()
            .sum(lull::store::work::Kind::Lanes, &names)
            .await;
        windows.unwrap().count == 0 && lanes.unwrap().count == 4
    })
    .await;
    crate::support::counted::assert_counted(&store, &mut raw, &names).await;
    eventually("no other may come", async || {
        let body = Some(message("another", "oi", 60.0));
        let (status, _) = api.request(Method::POST, "/api/message", body).await;
        status == 503
    })
    .await;
}
