//! Media that wait for their text.

use std::time::Duration;

use lull::core::window::{CloseReason, WindowRules};

use super::{FEW, MEDIA, closed};
use crate::support::window_store::WindowStore;
use crate::support::{LONG, SHORT};

#[tokio::test]
async fn media_alone_wait_for_their_text() {
    let buffer = WindowStore::with(MEDIA).await;

    buffer.picture(SHORT).await;
    let two = buffer.picture(SHORT).await;
    let text = buffer.say("this one", FEW).await;

    assert!(two.left > LONG, "{two:?}");
    assert!(text.left <= FEW, "{text:?}");
}

#[tokio::test]
async fn a_medium_after_a_text_waits_like_any_message() {
    let buffer = WindowStore::with(MEDIA).await;
    buffer.say("look", FEW).await;

    let appended = buffer.picture(FEW).await;

    assert!(appended.left <= FEW, "{appended:?}");
}

#[tokio::test]
async fn media_that_nobody_says_a_word_about_close_at_the_cap() {
    let buffer = WindowStore::with(WindowRules {
        max_wait: Duration::from_millis(50),
        ..MEDIA
    })
    .await;

    buffer.picture(SHORT).await;

    assert_eq!(buffer.close_when_due().await, closed(1, CloseReason::Cap));
}

#[tokio::test]
async fn no_typing_signal_shortens_the_wait_of_media() {
    let buffer = WindowStore::with(MEDIA).await;
    buffer.picture(SHORT).await;

    let typing = buffer.hold(Some(SHORT)).await;
    let stopped = buffer.hold(None).await;

    assert!(typing > LONG && stopped > LONG, "{typing:?} {stopped:?}");
}

#[tokio::test]
async fn media_do_not_wait_in_a_window_without_a_cap() {
    let buffer = WindowStore::with(WindowRules {
        max_wait: Duration::ZERO,
        ..MEDIA
    })
    .await;

    let appended = buffer.picture(FEW).await;

    assert!(appended.left <= FEW, "{appended:?}");
}

#[tokio::test]
async fn the_first_text_after_media_sets_the_deadline_of_a_fixed_window() {
    let buffer = WindowStore::with(WindowRules {
        restarts: false,
        ..MEDIA
    })
    .await;
    buffer.picture(SHORT).await;

    let text = buffer.say("this one", FEW).await;
    let more = buffer.say("please", LONG).await;

    assert!(text.left > Duration::from_secs(3), "{text:?}");
    assert!(more.left <= FEW, "{more:?}");
}
