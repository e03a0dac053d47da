//! Chats that are always refused, beside others to the same destination: theirs is no matter of the others.

use std::collections::BTreeMap;

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// So many chats are refused, and as many are not.
const CHATS: usize = 40;

#[tokio::test]
async fn a_destination_that_refuses_some_chats_is_not_taken_for_down_and_takes_the_others() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::RefuseWith("refused")).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    // Enough for all of the refused to have come again and again.
    for _ in 0..5 {
        // All that are refused come first, so that they are refused in a row.
        for kind in ["refused", "good"] {
            for chat in 0..CHATS {
                api.say(&format!("{kind} {chat}"), "oi", 0.1).await;
            }
        }
        let mut taken = BTreeMap::new();
        while taken.len() < CHATS {
            let user = receiver.call().await.user();
            if user.starts_with("good") {
                *taken.entry(user).or_insert(0) += 1;
            }
        }
    }
    eventually("each refused one was tried again", async || {
        monitor
            .metric(r#"lull_attempts_total{outcome="retry"}"#)
            .await
            >= 2.0 * CHATS as f64
    })
    .await;

    assert!(!monitor.log().contains("refuses everything"));
    assert_eq!(monitor.metric("lull_breakers_open").await, 0.0);
}

#[tokio::test]
async fn a_destination_that_is_down_is_spared_and_gets_everything_when_it_is_back() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Status(503)).await;
    let api = Daemon::api(&redis).await;
    let settings = [("CONCURRENCY", "16")];
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    for chat in 0..400 {
        api.say(&format!("chat {chat}"), "oi", 0.1).await;
    }
    monitor.logs("refuses everything").await;
    eventually("all windows are closed", async || {
        monitor
            .metric(r#"lull_batches_total{reason="quiet"}"#)
            .await
            == 400.0
    })
    .await;

    receiver.calls_so_far();
    receiver.answer(Answer::Status(200));

    let calls = receiver.calls_of(400).await;
    assert!(
        calls
            .values()
            .all(|calls| calls.iter().all(|(id, _)| *id == calls[0].0))
    );
    monitor.logs("is back").await;
}
