//! Typing signals, and what they may move.

use std::time::Duration;

use lull::core::window::WindowRules;

use super::FEW;
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, chat};

#[tokio::test]
async fn a_typing_signal_moves_the_deadline_but_never_nearer() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", FEW).await;

    let longer = buffer.hold(Some(Duration::from_secs(10))).await;
    let not_shorter = buffer.hold(Some(Duration::from_secs(1))).await;

    assert!(
        longer > Duration::from_secs(9) && longer <= Duration::from_secs(10),
        "{longer:?}"
    );
    assert!(not_shorter > Duration::from_secs(8), "{not_shorter:?}");
}

#[tokio::test]
async fn who_stops_typing_gets_the_quiet_window_again() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", FEW).await;
    buffer.hold(Some(LONG)).await;

    let left = buffer.hold(None).await;

    assert!(left > Duration::from_secs(4) && left <= FEW, "{left:?}");
}

#[tokio::test]
async fn the_end_of_a_typing_that_held_nothing_moves_nothing() {
    let rules = WindowRules {
        max_wait: LONG,
        media_waits: true,
        ..RULES
    };
    for kind in ["plain", "fixed", "media"] {
        let restarts = kind != "fixed";
        let buffer = WindowStore::with(WindowRules { restarts, ..rules }).await;
        match kind {
            "media" => buffer.picture(FEW).await,
            _ => buffer.say("a", FEW).await,
        };
        let own = buffer.deadline().await;

        let came_and_went = buffer.signal(None).await;
        let stayed = buffer.deadline().await;
        buffer.signal(Some(LONG)).await;
        let ceased = buffer.signal(None).await;
        let after_typing = buffer.deadline().await;
        let went_again = buffer.signal(None).await;

        assert!(!came_and_went.heeded && ceased.heeded, "{kind}");
        assert_eq!(stayed, own, "{kind}");
        assert!(!went_again.heeded, "{kind}");
        assert_eq!(buffer.deadline().await, after_typing, "{kind}");
        // Only a message that restarts the quiet is followed by a new one.
        assert!(kind == "plain" || after_typing == own, "{kind}");
    }
}

#[tokio::test]
async fn a_message_ends_the_typing_before_it() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", FEW).await;
    buffer.hold(Some(LONG)).await;
    buffer.say("b", FEW).await;
    let own = buffer.deadline().await;

    // As WhatsApp tells it once the message is sent.
    let ceased = buffer.signal(None).await;

    assert!(!ceased.heeded && ceased.left <= FEW, "{ceased:?}");
    assert_eq!(buffer.deadline().await, own);
}

#[tokio::test]
async fn a_window_of_fixed_length_stays_held_over_a_message() {
    let rules = WindowRules {
        restarts: false,
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    buffer.say("a", FEW).await;
    let own = buffer.deadline().await;
    buffer.hold(Some(LONG)).await;
    buffer.say("b", FEW).await;

    let ceased = buffer.signal(None).await;

    assert!(ceased.heeded && ceased.left <= FEW, "{ceased:?}");
    assert_eq!(buffer.deadline().await, own);
}

#[tokio::test]
async fn typing_never_passes_the_cap() {
    let rules = WindowRules {
        max_wait: Duration::from_secs(3),
        ..RULES
    };
    let buffer = WindowStore::with(rules).await;
    buffer.say("a", Duration::from_secs(1)).await;

    let left = buffer.hold(Some(Duration::from_secs(10))).await;

    assert!(left <= Duration::from_secs(3), "{left:?}");
}

#[tokio::test]
async fn typing_in_a_chat_without_a_window_leaves_no_trace() {
    let buffer = WindowStore::with(RULES).await;

    let held = buffer
        .store
        .windows()
        .hold(&chat("ana"), Some(LONG))
        .await
        .unwrap();

    assert_eq!(held, None);
    assert!(buffer.redis.keys("*").await.is_empty());
}
