//! The promises when things break: processes killed or frozen, Redis gone and back, several monitors.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

#[tokio::test]
async fn a_monitor_killed_during_an_attempt_leaves_it_to_the_next_under_the_same_id() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    // The lease is 10 s longer than that.
    let settings = [("WEBHOOK_TIMEOUT", "0.5")];
    let mut first = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    api.say("ana", "oi", 0.1).await;
    let cut_off = receiver.call().await;

    first.kill();
    let _second = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    let again = receiver.call().await;
    assert_eq!((again.id(), again.body), (cut_off.id(), cut_off.body));
}

#[tokio::test]
async fn windows_that_fell_due_while_no_monitor_ran_are_delivered_at_its_start() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    for user in 0..50 {
        api.say(&user.to_string(), "oi", 0.1).await;
    }

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let calls = receiver.calls_of(50).await;
    assert!(calls.values().all(|calls| calls.len() == 1));
}

#[tokio::test]
async fn an_api_killed_during_appends_loses_nothing_it_has_accepted() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let mut api = Daemon::api(&redis).await;
    let (client, url) = (api.client().clone(), api.url("/api/message"));
    let posting = (0..8).map(|writer| {
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            let mut accepted = Vec::new();
            for number in 0.. {
                let text = format!("{writer}-{number}");
                let body = json!({"user": "ana", "message": text, "ttl": 1}).to_string();
                let sent = client
                    .post(&url)
                    .header("content-type", "application/json")
                    .body(body)
                    .send()
                    .await;
                match sent {
                    Ok(answer) if answer.status() == 200 => accepted.push(text),
                    _ => return accepted,
                }
            }
            accepted
        })
    });
    let posting: Vec<_> = posting.collect();
    eventually("there is much in hand", async || {
        api.metric("lull_messages_accepted_total").await > 200.0
    })
    .await;

    api.kill();
    let mut accepted = BTreeSet::new();
    for writer in posting {
        accepted.extend(writer.await.unwrap());
    }
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let mut delivered = Vec::new();
    while !accepted.iter().all(|text| delivered.contains(text)) {
        delivered.extend(receiver.call().await.messages());
    }
    let once: BTreeSet<_> = delivered.iter().collect();
    assert_eq!(once.len(), delivered.len(), "a message came twice");
}

#[tokio::test]
async fn a_redis_killed_with_everything_in_it_comes_back_with_everything() {
    let mut redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    for user in 0..100 {
        api.say(&user.to_string(), "oi", 1.0).await;
    }

    redis.kill();
    eventually("api notices", async || {
        api.get("/api/health").await.0 == 503
    })
    .await;
    redis.start_again().await;

    let calls = receiver.calls_of(100).await;
    assert!(calls.values().all(|calls| calls[0].1 == ["oi"]));
    api.wait_until_up().await;
    monitor.wait_until_up().await;
}

#[tokio::test]
async fn what_was_delivered_while_redis_was_away_is_settled_when_it_is_back() {
    let mut redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &[("WEBHOOK_TIMEOUT", "2")]).await;
    api.say("ana", "oi", 0.1).await;
    receiver.call().await;

    redis.kill();
    // The attempt ends meanwhile; its end is told to Redis as soon as there is one.
    monitor.logs("Could not settle").await;
    redis.start_again().await;

    let again = receiver.call().await;
    assert_eq!(again.messages(), ["oi"]);
    eventually("it is over", async || {
        api.metric("lull_lanes_waiting").await == 0.0
    })
    .await;
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn two_monitors_deliver_each_batch_once() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let one = Daemon::monitor(&redis, &receiver.url()).await;
    let two = Daemon::monitor(&redis, &receiver.url()).await;

    for user in 0..300 {
        api.say(&user.to_string(), "oi", 0.3).await;
    }

    let calls = receiver.calls_of(300).await;
    eventually("all is settled", async || {
        api.metric("lull_lanes_waiting").await == 0.0
    })
    .await;
    assert!(calls.values().all(|calls| calls.len() == 1));
    assert!(receiver.calls_so_far().is_empty());
    let delivered = r#"lull_attempts_total{outcome="delivered"}"#;
    assert_eq!(
        one.metric(delivered).await + two.metric(delivered).await,
        300.0
    );
}

#[tokio::test]
async fn one_of_two_monitors_killed_delays_but_loses_nothing() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let settings = [("WEBHOOK_TIMEOUT", "0.5")];
    let mut one = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let _two = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    for user in 0..200 {
        api.say(&user.to_string(), "oi", 0.2).await;
    }
    receiver.call().await;

    one.kill();
    for user in 200..400 {
        api.say(&user.to_string(), "oi", 0.2).await;
    }

    let calls = receiver.calls_of(399).await;
    // What was in the hands of the killed one may come again, but then under its id.
    for calls in calls.values() {
        assert!(calls.iter().all(|call| *call == calls[0]), "{calls:?}");
    }
}

#[tokio::test]
async fn a_monitor_told_to_stop_finishes_what_is_in_hand() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [
        ("WEBHOOK_TIMEOUT", "1"),
        ("RETRY_FIRST", "0.001"),
        ("RETRY_CAP", "0.001"),
    ];
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    api.say("ana", "oi", 0.1).await;
    receiver.call().await;

    let status = monitor.stop().await;

    assert!(status.success());
    // Settled, not left to the end of its lease: the next monitor has it at once.
    let started = Instant::now();
    let _next = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    assert_eq!(receiver.call().await.messages(), ["oi"]);
    assert!(started.elapsed() < Duration::from_secs(9));
}

#[tokio::test]
async fn a_monitor_told_to_stop_gives_back_what_it_cannot_finish() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    // The attempt would last 60 s and its lease 70; the grace is 25.
    let settings = [("WEBHOOK_TIMEOUT", "60")];
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    api.say("ana", "oi", 0.1).await;
    let first = receiver.call().await;

    let told = Instant::now();
    let status = monitor.stop().await;

    assert!(status.success());
    assert!(told.elapsed() < Duration::from_secs(30));
    let _next = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let again = receiver.call().await;
    assert_eq!(again.id(), first.id());
}

#[tokio::test]
async fn a_frozen_monitor_does_not_hold_its_chats_for_longer_than_its_lease() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Silence], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [("WEBHOOK_TIMEOUT", "0.5")];
    let frozen = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    api.say("ana", "oi", 0.1).await;
    let first = receiver.call().await;

    frozen.signal(Signal::SIGSTOP);
    let _other = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let again = receiver.call().await;
    frozen.signal(Signal::SIGCONT);

    assert_eq!(again.id(), first.id());
    eventually("it is over", async || {
        api.metric("lull_lanes_waiting").await == 0.0
    })
    .await;
    // Woken, the frozen one finds its lease gone and changes nothing.
    frozen.logs("The lease ran out").await;
    assert!(receiver.calls_so_far().is_empty());
}
