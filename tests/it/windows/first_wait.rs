//! Chats that have just turned up, and the quiet window of their own that they have.

use std::time::Duration;

use futures_util::StreamExt;
use lull::core::window::{CloseReason, MAX_FIRST_AFTER};
use lull::store::windows::NewMessage;
use lull::store::windows::closing::Closing;

use super::{FEW, HOUR, closed, first};
use crate::support::window_store::WindowStore;
use crate::support::{DEADLINE, LONG, RETENTION, RULES, SHORT, item};

#[tokio::test]
async fn a_chat_that_has_just_turned_up_has_a_quiet_window_of_its_own() {
    let buffer = WindowStore::with(first(FEW)).await;

    let greeting = buffer.say("oi", LONG).await;
    let more = buffer.say("about my order", LONG).await;

    assert!(greeting.left <= FEW, "{greeting:?}");
    assert!(more.left > FEW, "{more:?}");
}

#[tokio::test]
async fn a_greeting_without_a_wait_is_due_at_once_and_wakes_whoever_sleeps() {
    let buffer = WindowStore::with(first(Duration::ZERO)).await;
    let client = redis::Client::open(buffer.redis.url()).unwrap();
    let mut monitor = client.get_async_pubsub().await.unwrap();
    monitor.subscribe("lull:wake").await.unwrap();

    let greeting = buffer.say("oi", LONG).await;

    assert_eq!(greeting.left, Duration::ZERO);
    let wake = tokio::time::timeout(DEADLINE, monitor.on_message().next()).await;
    assert!(wake.unwrap().is_some());
    assert_eq!(buffer.close().await, closed(1, CloseReason::Quiet));
}

#[tokio::test]
async fn a_message_that_follows_a_greeting_before_it_left_goes_with_it() {
    let buffer = WindowStore::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;

    buffer.say("about my order", LONG).await;

    assert_eq!(buffer.close().await, Closing::Open);
    assert!(buffer.left().await > FEW);
}

#[tokio::test]
async fn who_was_heard_a_moment_ago_has_not_just_turned_up() {
    let buffer = WindowStore::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;
    buffer.close().await;

    let next = buffer.say("about my order", LONG).await;

    assert!(next.left > FEW, "{next:?}");
}

#[tokio::test]
async fn who_was_not_heard_for_long_has_just_turned_up_again() {
    let buffer = WindowStore::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;
    buffer.close().await;
    buffer.redis.long_ago("lull:*:heard", HOUR).await;

    let next = buffer.say("oi", LONG).await;

    assert_eq!(next.left, Duration::ZERO);
}

#[tokio::test]
async fn whoever_has_an_open_window_has_not_just_turned_up() {
    let buffer = WindowStore::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;
    buffer.redis.long_ago("lull:*:heard", HOUR).await;

    let next = buffer.say("about my order", LONG).await;

    assert!(next.left > FEW, "{next:?}");
}

#[tokio::test]
async fn a_ttl_that_the_client_asked_for_wins_and_the_chat_was_heard() {
    let buffer = WindowStore::with(first(Duration::ZERO)).await;
    let said = item("oi");
    let asked = NewMessage {
        asked: true,
        ..NewMessage::plain(&said, SHORT)
    };

    buffer.append(asked).await;
    buffer.close_when_due().await;
    let next = buffer.say("about my order", LONG).await;

    assert!(next.left > FEW, "{next:?}");
}

#[tokio::test]
async fn who_was_heard_is_forgotten_in_the_end_and_nobody_is_kept_without_need() {
    let buffer = WindowStore::with(first(FEW)).await;
    buffer.say("oi", LONG).await;
    buffer
        .redis
        .long_ago("lull:*:heard", MAX_FIRST_AFTER + FEW)
        .await;
    buffer.store.history().trim(&RETENTION).await.unwrap();
    assert!(buffer.redis.keys("lull:*:heard").await.is_empty());

    let plain = WindowStore::with(RULES).await;
    plain.say("oi", LONG).await;

    assert!(plain.redis.keys("lull:*:heard").await.is_empty());
}
