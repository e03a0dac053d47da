//! Messages as they come: their order, the quiet window and its two clocks, and many writers at once.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use lull::core::window::{CloseReason, WindowRules};
use lull::store::windows::NewMessage;
use lull::store::windows::closing::Closing;

use super::closed;
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, SHORT, item, texts};

#[tokio::test]
async fn messages_leave_in_the_order_they_came() {
    let buffer = WindowStore::with(RULES).await;

    for text in ["a", "b", "c"] {
        buffer.say(text, SHORT).await;
    }

    assert_eq!(buffer.close_when_due().await, closed(3, CloseReason::Quiet));
    assert_eq!(buffer.batch().await, ["a", "b", "c"]);
}

#[tokio::test]
async fn each_message_restarts_the_quiet_window() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", Duration::from_secs(2)).await;

    buffer.say("b", LONG).await;

    assert!(buffer.left().await > Duration::from_secs(20));
    assert_eq!(buffer.close().await, Closing::Open);
}

#[tokio::test]
async fn the_timer_expires_at_the_very_score_of_the_due_index() {
    let buffer = WindowStore::with(RULES).await;
    let mut raw = buffer.redis.raw().await;

    buffer.say("a", LONG).await;
    buffer.hold(Some(Duration::from_secs(45))).await;

    let timer = &buffer.redis.keys("lull:*:timer:*").await[0];
    let expires: f64 = redis::cmd("PEXPIRETIME")
        .arg(timer)
        .query_async(&mut raw)
        .await
        .unwrap();
    let due = &buffer.redis.keys("lull:*:due").await[0];
    let score: f64 = redis::cmd("ZSCORE")
        .arg(due)
        .arg("default:ana")
        .query_async(&mut raw)
        .await
        .unwrap();
    assert!((expires - score).abs() < 0.5, "{expires} {score}");
}

#[tokio::test]
async fn many_writers_of_one_chat_lose_nothing_and_overfill_nothing() {
    let rules = WindowRules {
        max_messages: 7,
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    let items: Vec<_> = (0..300).map(|n| item(&n.to_string())).collect();

    let appends = items
        .iter()
        .map(|item| buffer.append(NewMessage::plain(item, LONG)));
    join_all(appends).await;
    buffer.close_now().await;

    let mut lane_of_ana: Vec<String> = Vec::new();
    let key = &buffer.redis.keys("lull:*:lane:*").await[0];
    let batches: Vec<String> = redis::cmd("LRANGE")
        .arg(key)
        .arg(0)
        .arg(-1)
        .query_async(&mut buffer.redis.raw().await)
        .await
        .unwrap();
    for batch in batches {
        let said = texts(batch.split_once('\n').unwrap().1);
        assert!(said.len() <= 7);
        lane_of_ana.extend(said);
    }
    assert_eq!(lane_of_ana.len(), 300);
    assert_eq!(lane_of_ana.iter().collect::<HashSet<_>>().len(), 300);
}

#[tokio::test]
async fn scripts_survive_a_script_flush() {
    let buffer = WindowStore::with(RULES).await;
    redis::cmd("SCRIPT")
        .arg("FLUSH")
        .exec_async(&mut buffer.redis.raw().await)
        .await
        .unwrap();

    assert_eq!(buffer.say("a", LONG).await.count, 1);
}
