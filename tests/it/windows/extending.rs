//! Windows that an operator lets wait longer.

use std::time::Duration;

use lull::core::window::{CloseReason, WindowRules};
use lull::store::windows::closing::Closing;
use lull::store::windows::extending::Extended;

use super::{FEW, FIXED};
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, chat};

const TEN: Duration = Duration::from_secs(10);

async fn extend(buffer: &WindowStore, by: Duration) -> Option<Extended> {
    let windows = buffer.store.windows();
    windows.extend(&chat("ana"), by).await.unwrap()
}

#[tokio::test]
async fn a_window_waits_longer_by_as_much_and_the_next_message_sets_it_as_ever() {
    for rules in [RULES, FIXED] {
        let buffer = WindowStore::with(WindowRules {
            max_wait: LONG * 10,
            ..rules
        })
        .await;
        buffer.say("a", LONG).await;
        let own = buffer.deadline().await;

        let extended = extend(&buffer, TEN).await.unwrap();

        assert_eq!((extended.messages, extended.moved), (1, TEN));
        assert_eq!(buffer.deadline().await, own + 10_000);
        assert_eq!(buffer.close().await, Closing::Open);
        buffer.say("b", FEW).await;
        let restarts = buffer.deadline().await < own;
        assert_eq!(restarts, rules.restarts);
    }
}

#[tokio::test]
async fn never_past_its_cap_and_a_full_window_not_at_all() {
    let max_wait = LONG + TEN;
    let buffer = WindowStore::with(WindowRules { max_wait, ..RULES }).await;
    buffer.say("a", LONG).await;
    let own = buffer.deadline().await;

    let to_the_cap = extend(&buffer, LONG).await.unwrap();
    let at_the_cap = extend(&buffer, LONG).await.unwrap();

    assert_eq!((to_the_cap.moved, at_the_cap.moved), (TEN, Duration::ZERO));
    assert_eq!(buffer.deadline().await, own + 10_000);

    let buffer = WindowStore::with(RULES).await;
    buffer.flush("go", LONG).await;
    assert_eq!(extend(&buffer, TEN).await.unwrap().moved, Duration::ZERO);
    assert!(matches!(
        buffer.close().await,
        Closing::Closed {
            reason: CloseReason::Word,
            ..
        }
    ));
}

#[tokio::test]
async fn what_typing_held_stays_held_and_its_end_puts_the_quiet_window_back() {
    let buffer = WindowStore::with(WindowRules {
        max_wait: LONG * 10,
        ..RULES
    })
    .await;
    buffer.say("a", FEW).await;
    buffer.hold(Some(LONG)).await;
    let held = buffer.deadline().await;

    extend(&buffer, TEN).await.unwrap();

    assert_eq!(buffer.deadline().await, held + 10_000);
    assert!(buffer.hold(None).await <= FEW);
}

#[tokio::test]
async fn without_a_window_nothing_happens() {
    let buffer = WindowStore::with(RULES).await;

    assert_eq!(extend(&buffer, TEN).await, None);
    assert_eq!(buffer.redis.chat_keys().await, Vec::<String>::new());
}
