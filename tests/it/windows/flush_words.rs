//! Words that close their window at once.

use std::time::Duration;

use lull::core::window::CloseReason;
use lull::store::windows::{NewMessage, Taken};

use super::{FEW, MEDIA, closed};
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, item};

#[tokio::test]
async fn a_flush_word_closes_its_window_at_once() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", LONG).await;

    let flushed = buffer.flush("that is all", LONG).await;

    assert_eq!((flushed.count, flushed.left), (2, Duration::ZERO));
    assert_eq!(buffer.close().await, closed(2, CloseReason::Word));
    assert_eq!(buffer.batch().await, ["a", "that is all"]);
}

#[tokio::test]
async fn nothing_moves_the_deadline_of_a_flushed_window() {
    let buffer = WindowStore::with(RULES).await;
    buffer.flush("that is all", LONG).await;

    assert_eq!(buffer.hold(Some(LONG)).await, Duration::ZERO);
    assert_eq!(buffer.hold(None).await, Duration::ZERO);

    assert_eq!(buffer.close().await, closed(1, CloseReason::Word));
}

#[tokio::test]
async fn what_is_said_after_a_flush_word_belongs_to_the_next_window() {
    let buffer = WindowStore::with(RULES).await;
    buffer.flush("that is all", LONG).await;

    let next = buffer.say("one more thing", LONG).await;

    assert_eq!((next.count, next.closed), (1, Some(CloseReason::Word)));
    assert!(next.left > FEW, "{next:?}");
    assert_eq!(buffer.batch().await, ["that is all"]);
}

#[tokio::test]
async fn a_message_that_found_no_room_is_not_taken_for_its_own_repeat() {
    let buffer = WindowStore::with(RULES).await;
    let said = item("one more thing");
    let message = NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(&said, LONG)
    };
    buffer.flush("that is all", LONG).await;

    let next = buffer.append(message).await;
    let again = buffer.append(message).await;

    assert_eq!((next.taken, next.count), (Taken::Appended, 1));
    assert_eq!((again.taken, again.count), (Taken::Duplicate, 1));
}

#[tokio::test]
async fn a_flush_word_by_itself_is_a_batch() {
    let buffer = WindowStore::with(MEDIA).await;

    let flushed = buffer.flush("ok", LONG).await;

    assert_eq!((flushed.taken, flushed.count), (Taken::Appended, 1));
    assert_eq!(buffer.close().await, closed(1, CloseReason::Word));
}
