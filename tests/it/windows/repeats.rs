//! Texts said twice in a row.

use lull::store::windows::{NewMessage, Taken};

use super::{FEW, NO_REPEATS};
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, SHORT, item};

#[tokio::test]
async fn a_text_said_twice_in_a_row_is_dropped_and_changes_nothing() {
    let buffer = WindowStore::with(NO_REPEATS).await;
    buffer.say("oi", FEW).await;

    let repeat = buffer.say("oi", LONG).await;

    assert_eq!((repeat.taken, repeat.count), (Taken::Repeated, 1));
    assert!(buffer.left().await <= FEW);
}

#[tokio::test]
async fn a_text_is_compared_only_with_what_was_said_just_before() {
    let buffer = WindowStore::with(NO_REPEATS).await;

    for text in ["a", "b", "a"] {
        assert_eq!(buffer.say(text, LONG).await.taken, Taken::Appended);
    }
    buffer.picture(LONG).await;
    let after_a_picture = buffer.say("a", LONG).await;

    assert_eq!(after_a_picture.count, 5);
}

#[tokio::test]
async fn a_typing_signal_does_not_make_a_repeat_another_text() {
    let buffer = WindowStore::with(NO_REPEATS).await;
    buffer.say("oi", LONG).await;
    buffer.hold(Some(LONG)).await;

    assert_eq!(buffer.say("oi", LONG).await.taken, Taken::Repeated);
}

#[tokio::test]
async fn a_text_may_be_said_again_in_the_next_window() {
    let buffer = WindowStore::with(NO_REPEATS).await;
    buffer.say("oi", SHORT).await;
    buffer.close_when_due().await;

    assert_eq!(buffer.say("oi", LONG).await.taken, Taken::Appended);
}

#[tokio::test]
async fn a_buffer_that_keeps_repeats_keeps_them() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("oi", LONG).await;

    assert_eq!(buffer.say("oi", LONG).await.count, 2);
}

#[tokio::test]
async fn the_id_of_a_dropped_repeat_counts_as_seen() {
    let buffer = WindowStore::with(NO_REPEATS).await;
    let said = item("oi");
    let again = NewMessage {
        id: Some("3EB0"),
        text: Some("oi"),
        ..NewMessage::plain(&said, LONG)
    };
    buffer.say("oi", LONG).await;

    let dropped = buffer.append(again).await;
    let posted_again = buffer.append(again).await;

    assert_eq!(dropped.taken, Taken::Repeated);
    assert_eq!(posted_again.taken, Taken::Duplicate);
}
