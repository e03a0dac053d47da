//! The limits of a window: its cap, messages and bytes.

use std::time::Duration;

use lull::core::window::{CloseReason, WindowRules};
use lull::store::windows::closing::Closing;

use super::{FEW, FIXED, MEDIA, NO_REPEATS, closed, first};
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, eventually};

#[tokio::test]
async fn a_window_closes_at_its_cap_however_much_is_said() {
    let rules = WindowRules {
        max_wait: Duration::from_millis(50),
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    let quiet = Duration::from_millis(20);
    buffer.say("a", quiet).await;

    let mut closing = Closing::Open;
    eventually("the cap closes it", async || {
        buffer.say("a", quiet).await;
        closing = buffer.close().await;
        closing != Closing::Open
    })
    .await;

    assert!(
        matches!(
            closing,
            Closing::Closed {
                reason: CloseReason::Cap,
                ..
            }
        ),
        "{closing:?}"
    );
}

#[tokio::test]
async fn a_larger_ttl_raises_the_cap() {
    let rules = WindowRules {
        max_wait: Duration::from_secs(5),
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    buffer.say("a", Duration::from_secs(1)).await;

    let appended = buffer.say("b", LONG).await;

    assert!(appended.left > Duration::from_secs(25), "{appended:?}");
}

#[tokio::test]
async fn a_full_window_is_due_at_once_and_the_next_message_opens_another() {
    let rules = WindowRules {
        max_messages: 2,
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    buffer.say("a", LONG).await;

    let full = buffer.say("b", LONG).await;
    let next = buffer.say("c", LONG).await;

    assert_eq!((full.count, full.left), (2, Duration::ZERO));
    assert_eq!((next.count, next.closed), (1, Some(CloseReason::Messages)));
    assert_eq!(buffer.batch().await, ["a", "b"]);
}

#[tokio::test]
async fn nothing_moves_the_deadline_of_a_full_window() {
    let rules = WindowRules {
        max_messages: 1,
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    buffer.say("a", LONG).await;

    assert_eq!(buffer.hold(Some(LONG)).await, Duration::ZERO);

    assert_eq!(buffer.close().await, closed(1, CloseReason::Messages));
}

#[tokio::test]
async fn a_message_that_would_burst_the_window_goes_into_the_next() {
    let rules = WindowRules {
        max_bytes: 100,
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    let large = "x".repeat(60);

    let first = buffer.say(&large, LONG).await;
    let second = buffer.say(&large, LONG).await;

    assert_eq!((first.count, first.closed), (1, None));
    assert_eq!((second.count, second.closed), (1, Some(CloseReason::Bytes)));
}

#[tokio::test]
async fn a_message_larger_than_a_window_is_one_by_itself() {
    let rules = WindowRules {
        max_bytes: 10,
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;

    let appended = buffer.say("far more than ten bytes", LONG).await;

    assert_eq!((appended.count, appended.left), (1, Duration::ZERO));
    assert_eq!(buffer.close().await, closed(1, CloseReason::Bytes));
}

#[tokio::test]
async fn the_cap_wins_whatever_the_rules() {
    let cap = Duration::from_secs(3);
    for rules in [FIXED, MEDIA, NO_REPEATS, first(Duration::ZERO), first(FEW)] {
        let buffer = WindowStore::with(WindowRules {
            max_wait: cap,
            ..rules
        })
        .await;
        let most = cap.max(rules.first.map_or(cap, |first| first.wait));

        buffer.picture(cap).await;
        buffer.picture(cap).await;
        let text = buffer.say("a", cap).await;
        let held = buffer.hold(Some(LONG)).await;
        let stopped = buffer.hold(None).await;

        for left in [text.left, held, stopped] {
            assert!(left <= most, "{rules:?}: {left:?}");
        }
    }
}
