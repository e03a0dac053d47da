//! Fixed windows: only the first message sets their deadline.

use std::time::Duration;

use lull::core::window::{CloseReason, WindowRules};

use super::{FEW, FIXED, closed};
use crate::support::window_store::WindowStore;
use crate::support::{LONG, SHORT};

#[tokio::test]
async fn only_the_first_message_sets_the_deadline_of_a_fixed_window() {
    let buffer = WindowStore::with(FIXED).await;
    buffer.say("a", FEW).await;

    for _ in 0..50 {
        let appended = buffer.say("b", LONG).await;
        assert!(appended.left <= FEW, "{appended:?}");
    }

    assert!(buffer.left().await <= FEW);
}

#[tokio::test]
async fn a_message_that_crosses_the_deadline_of_a_fixed_window_is_in_it_and_moves_nothing() {
    let buffer = WindowStore::with(FIXED).await;
    buffer.say("a", SHORT).await;
    buffer.take_when_due().await;

    buffer.say("b", LONG).await;

    assert_eq!(buffer.close().await, closed(2, CloseReason::Quiet));
}

#[tokio::test]
async fn a_limit_closes_a_fixed_window_at_once() {
    let buffer = WindowStore::with(WindowRules {
        max_messages: 2,
        ..FIXED
    })
    .await;
    buffer.say("a", LONG).await;

    let full = buffer.say("b", LONG).await;

    assert_eq!(full.left, Duration::ZERO);
    assert_eq!(buffer.close().await, closed(2, CloseReason::Messages));
}

#[tokio::test]
async fn typing_holds_a_fixed_window_and_stopping_gives_it_its_deadline_back() {
    let buffer = WindowStore::with(FIXED).await;
    buffer.say("a", FEW).await;
    let own = buffer.deadline().await;

    buffer.hold(Some(LONG)).await;
    let held = buffer.deadline().await;
    buffer.say("b", FEW).await;
    let after_a_message = buffer.deadline().await;
    buffer.hold(None).await;
    let stopped = buffer.deadline().await;

    assert!(held > own, "{held} {own}");
    assert_eq!((after_a_message, stopped), (held, own));
}
