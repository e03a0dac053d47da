//! The limits of a window by the api's settings: cap, messages, bytes, and a crowd that writes to one chat.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{Daemon, Receiver, TestRedis, eventually};

/// Posts that are on their way at once; each holds a connection, and many systems give a process 1,024 files.
const IN_FLIGHT: usize = 400;

/// Says something; answers what is left of the window, in seconds.
async fn left_after(api: &Daemon, user: &str, ttl: f64) -> f64 {
    let body = json!({"user": user, "message": "oi", "ttl": ttl});
    let (status, answer) = api.post("/", body).await;
    assert_eq!(status, 200, "{answer}");
    answer["expires_in"].as_f64().unwrap()
}

/// Says a text of so many letters; answers the whole answer.
async fn say_letters(api: &Daemon, letters: usize) -> Value {
    let body = json!({"user": "ana", "message": "x".repeat(letters), "ttl": 60});
    api.post("/", body).await.1
}

/// Posts all numbers below `count` to one chat, as many at once as can be.
async fn crowd(api: &Arc<Daemon>, count: usize, ttl: f64) {
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut posts = JoinSet::new();
    for number in 0..count {
        let (api, room) = (api.clone(), room.clone());
        posts.spawn(async move {
            let _room = room.acquire().await.unwrap();
            let body = json!({"user": "ana", "message": number.to_string(), "ttl": ttl});
            let (status, answer) = api.post("/", body).await;
            assert_eq!(status, 200, "{answer}");
        });
    }
    while let Some(posted) = posts.join_next().await {
        posted.unwrap();
    }
}

/// The batches that arrive until so many messages have.
async fn batches(receiver: &mut Receiver, messages: usize) -> Vec<Vec<String>> {
    let mut batches: Vec<Vec<String>> = Vec::new();
    while batches.iter().map(Vec::len).sum::<usize>() < messages {
        batches.push(receiver.call().await.messages());
    }
    batches
}

#[tokio::test]
async fn a_chat_that_never_falls_quiet_is_delivered_at_its_cap() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_WAIT", "0.6")]).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let began = Instant::now();
    let mut calls = Vec::new();
    eventually("a call while the chat goes on", async || {
        api.say("ana", "e mais", 0.5).await;
        calls = receiver.calls_so_far();
        !calls.is_empty()
    })
    .await;

    assert!(calls[0].at - began >= Duration::from_millis(599));
}

#[tokio::test]
async fn a_max_wait_of_zero_is_no_cap() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_WAIT", "0")]).await;

    let began = Instant::now();
    let mut left = 0.0;
    eventually("a chat goes on for longer than its ttl", async || {
        left = left_after(&api, "ana", 0.5).await;
        began.elapsed() > Duration::from_millis(600)
    })
    .await;

    assert_eq!(left, 0.5);
}

#[tokio::test]
async fn a_window_with_max_messages_closes_at_once() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_MESSAGES", "3")]).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let mut left = Vec::new();
    for _ in 0..4 {
        left.push(left_after(&api, "ana", 60.0).await);
    }

    assert_eq!(left, [60.0, 60.0, 0.0, 60.0]);
    assert_eq!(receiver.call().await.messages().len(), 3);
}

#[tokio::test]
async fn a_message_as_large_as_a_window_leaves_at_once() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_WINDOW_BYTES", "1000")]).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let answer = say_letters(&api, 1000).await;

    assert_eq!(answer["expires_in"], 0.0);
    assert_eq!(receiver.call().await.messages(), ["x".repeat(1000)]);
}

#[tokio::test]
async fn a_message_that_does_not_fit_sends_the_window_off_and_opens_another() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_WINDOW_BYTES", "1000")]).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    say_letters(&api, 500).await;
    let answer = say_letters(&api, 600).await;

    assert_eq!(
        (&answer["buffered"], &answer["expires_in"]),
        (&json!(1), &json!(60.0))
    );
    assert_eq!(receiver.call().await.messages(), ["x".repeat(500)]);
}

#[tokio::test]
async fn limits_of_zero_are_no_limits() {
    let redis = TestRedis::start().await;
    let limits = [("MAX_MESSAGES", "0"), ("MAX_WINDOW_BYTES", "0")];
    let api = Arc::new(Daemon::api_with(&redis, &limits).await);

    crowd(&api, 501, 60.0).await;
    for _ in 0..4 {
        say_letters(&api, 1_000_000).await;
    }
    let answer = say_letters(&api, 1_000_000).await;

    assert_eq!(
        (&answer["buffered"], &answer["expires_in"]),
        (&json!(506), &json!(60.0))
    );
}

#[tokio::test]
async fn of_a_thousand_concurrent_posts_to_one_chat_none_is_lost() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let limits = [("MAX_MESSAGES", "0")];
    let api = Arc::new(Daemon::api_with(&redis, &limits).await);
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &limits).await;

    crowd(&api, 1000, 0.5).await;

    let batches = batches(&mut receiver, 1000).await;
    let distinct: HashSet<_> = batches.iter().flatten().collect();
    assert_eq!(distinct.len(), 1000);
}

#[tokio::test]
async fn of_a_thousand_concurrent_posts_no_batch_holds_more_than_max_messages() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let limits = [("MAX_MESSAGES", "150")];
    let api = Arc::new(Daemon::api_with(&redis, &limits).await);
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &limits).await;

    crowd(&api, 1000, 0.5).await;

    let batches = batches(&mut receiver, 1000).await;
    let distinct: HashSet<_> = batches.iter().flatten().collect();
    let most = batches.iter().map(Vec::len).max().unwrap();
    assert_eq!((distinct.len(), most), (1000, 150));
}
