//! The rules a buffer may have: fixed windows, first waits, flush words, repeats, and media that wait for their text.

use std::time::Duration;

use futures_util::StreamExt;
use lull::domain::window::{CloseReason, FirstWait, MAX_FIRST_AFTER, WindowRules};
use lull::store::closing::Closing;
use lull::store::windows::{NewMessage, Taken};

use crate::support::buffer::Buffer;
use crate::support::{DEADLINE, LONG, RETENTION, RULES, SHORT, item};

const FIXED: WindowRules = WindowRules {
    restarts: false,
    ..RULES
};
const MEDIA: WindowRules = WindowRules {
    media_waits: true,
    ..RULES
};
const NO_REPEATS: WindowRules = WindowRules {
    drops_repeats: true,
    ..RULES
};
const HOUR: Duration = Duration::from_secs(3600);
const FEW: Duration = Duration::from_secs(5);

const fn first(wait: Duration) -> WindowRules {
    WindowRules {
        first: Some(FirstWait { wait, after: HOUR }),
        ..RULES
    }
}

fn closed(count: u64, reason: CloseReason) -> Closing {
    Closing::Closed { count, reason }
}

#[tokio::test]
async fn only_the_first_message_sets_the_deadline_of_a_fixed_window() {
    let buffer = Buffer::with(FIXED).await;
    buffer.say("a", FEW).await;

    for _ in 0..50 {
        let appended = buffer.say("b", LONG).await;
        assert!(appended.left <= FEW, "{appended:?}");
    }

    assert!(buffer.left().await <= FEW);
}

#[tokio::test]
async fn a_message_that_crosses_the_deadline_of_a_fixed_window_is_in_it_and_moves_nothing() {
    let buffer = Buffer::with(FIXED).await;
    buffer.say("a", SHORT).await;
    buffer.take_when_due().await;

    buffer.say("b", LONG).await;

    assert_eq!(buffer.close().await, closed(2, CloseReason::Quiet));
}

#[tokio::test]
async fn a_limit_closes_a_fixed_window_at_once() {
    let buffer = Buffer::with(WindowRules {
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
    let buffer = Buffer::with(FIXED).await;
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

#[tokio::test]
async fn a_chat_that_has_just_turned_up_has_a_quiet_window_of_its_own() {
    let buffer = Buffer::with(first(FEW)).await;

    let greeting = buffer.say("oi", LONG).await;
    let more = buffer.say("about my order", LONG).await;

    assert!(greeting.left <= FEW, "{greeting:?}");
    assert!(more.left > FEW, "{more:?}");
}

#[tokio::test]
async fn a_greeting_without_a_wait_is_due_at_once_and_wakes_whoever_sleeps() {
    let buffer = Buffer::with(first(Duration::ZERO)).await;
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
    let buffer = Buffer::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;

    buffer.say("about my order", LONG).await;

    assert_eq!(buffer.close().await, Closing::Open);
    assert!(buffer.left().await > FEW);
}

#[tokio::test]
async fn who_was_heard_a_moment_ago_has_not_just_turned_up() {
    let buffer = Buffer::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;
    buffer.close().await;

    let next = buffer.say("about my order", LONG).await;

    assert!(next.left > FEW, "{next:?}");
}

#[tokio::test]
async fn who_was_not_heard_for_long_has_just_turned_up_again() {
    let buffer = Buffer::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;
    buffer.close().await;
    buffer.redis.long_ago("lull:*:heard", HOUR).await;

    let next = buffer.say("oi", LONG).await;

    assert_eq!(next.left, Duration::ZERO);
}

#[tokio::test]
async fn whoever_has_an_open_window_has_not_just_turned_up() {
    let buffer = Buffer::with(first(Duration::ZERO)).await;
    buffer.say("oi", LONG).await;
    buffer.redis.long_ago("lull:*:heard", HOUR).await;

    let next = buffer.say("about my order", LONG).await;

    assert!(next.left > FEW, "{next:?}");
}

#[tokio::test]
async fn a_ttl_that_the_client_asked_for_wins_and_the_chat_was_heard() {
    let buffer = Buffer::with(first(Duration::ZERO)).await;
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
    let buffer = Buffer::with(first(FEW)).await;
    buffer.say("oi", LONG).await;
    buffer
        .redis
        .long_ago("lull:*:heard", MAX_FIRST_AFTER + FEW)
        .await;
    buffer.store.trim(&RETENTION).await.unwrap();
    assert!(buffer.redis.keys("lull:*:heard").await.is_empty());

    let plain = Buffer::with(RULES).await;
    plain.say("oi", LONG).await;

    assert!(plain.redis.keys("lull:*:heard").await.is_empty());
}

#[tokio::test]
async fn a_flush_word_closes_its_window_at_once() {
    let buffer = Buffer::with(RULES).await;
    buffer.say("a", LONG).await;

    let flushed = buffer.flush("that is all", LONG).await;

    assert_eq!((flushed.count, flushed.left), (2, Duration::ZERO));
    assert_eq!(buffer.close().await, closed(2, CloseReason::Word));
    assert_eq!(buffer.batch().await, ["a", "that is all"]);
}

#[tokio::test]
async fn nothing_moves_the_deadline_of_a_flushed_window() {
    let buffer = Buffer::with(RULES).await;
    buffer.flush("that is all", LONG).await;

    assert_eq!(buffer.hold(Some(LONG)).await, Duration::ZERO);
    assert_eq!(buffer.hold(None).await, Duration::ZERO);

    assert_eq!(buffer.close().await, closed(1, CloseReason::Word));
}

#[tokio::test]
async fn what_is_said_after_a_flush_word_belongs_to_the_next_window() {
    let buffer = Buffer::with(RULES).await;
    buffer.flush("that is all", LONG).await;

    let next = buffer.say("one more thing", LONG).await;

    assert_eq!((next.count, next.closed), (1, Some(CloseReason::Word)));
    assert!(next.left > FEW, "{next:?}");
    assert_eq!(buffer.batch().await, ["that is all"]);
}

#[tokio::test]
async fn a_message_that_found_no_room_is_not_taken_for_its_own_repeat() {
    let buffer = Buffer::with(RULES).await;
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
    let buffer = Buffer::with(MEDIA).await;

    let flushed = buffer.flush("ok", LONG).await;

    assert_eq!((flushed.taken, flushed.count), (Taken::Appended, 1));
    assert_eq!(buffer.close().await, closed(1, CloseReason::Word));
}

#[tokio::test]
async fn a_text_said_twice_in_a_row_is_dropped_and_changes_nothing() {
    let buffer = Buffer::with(NO_REPEATS).await;
    buffer.say("oi", FEW).await;

    let repeat = buffer.say("oi", LONG).await;

    assert_eq!((repeat.taken, repeat.count), (Taken::Repeated, 1));
    assert!(buffer.left().await <= FEW);
}

#[tokio::test]
async fn a_text_is_compared_only_with_what_was_said_just_before() {
    let buffer = Buffer::with(NO_REPEATS).await;

    for text in ["a", "b", "a"] {
        assert_eq!(buffer.say(text, LONG).await.taken, Taken::Appended);
    }
    buffer.picture(LONG).await;
    let after_a_picture = buffer.say("a", LONG).await;

    assert_eq!(after_a_picture.count, 5);
}

#[tokio::test]
async fn a_typing_signal_does_not_make_a_repeat_another_text() {
    let buffer = Buffer::with(NO_REPEATS).await;
    buffer.say("oi", LONG).await;
    buffer.hold(Some(LONG)).await;

    assert_eq!(buffer.say("oi", LONG).await.taken, Taken::Repeated);
}

#[tokio::test]
async fn a_text_may_be_said_again_in_the_next_window() {
    let buffer = Buffer::with(NO_REPEATS).await;
    buffer.say("oi", SHORT).await;
    buffer.close_when_due().await;

    assert_eq!(buffer.say("oi", LONG).await.taken, Taken::Appended);
}

#[tokio::test]
async fn a_buffer_that_keeps_repeats_keeps_them() {
    let buffer = Buffer::with(RULES).await;
    buffer.say("oi", LONG).await;

    assert_eq!(buffer.say("oi", LONG).await.count, 2);
}

#[tokio::test]
async fn the_id_of_a_dropped_repeat_counts_as_seen() {
    let buffer = Buffer::with(NO_REPEATS).await;
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

#[tokio::test]
async fn media_alone_wait_for_their_text() {
    let buffer = Buffer::with(MEDIA).await;

    buffer.picture(SHORT).await;
    let two = buffer.picture(SHORT).await;
    let text = buffer.say("this one", FEW).await;

    assert!(two.left > LONG, "{two:?}");
    assert!(text.left <= FEW, "{text:?}");
}

#[tokio::test]
async fn a_medium_after_a_text_waits_like_any_message() {
    let buffer = Buffer::with(MEDIA).await;
    buffer.say("look", FEW).await;

    let appended = buffer.picture(FEW).await;

    assert!(appended.left <= FEW, "{appended:?}");
}

#[tokio::test]
async fn media_that_nobody_says_a_word_about_close_at_the_cap() {
    let buffer = Buffer::with(WindowRules {
        max_wait: Duration::from_millis(50),
        ..MEDIA
    })
    .await;

    buffer.picture(SHORT).await;

    assert_eq!(buffer.close_when_due().await, closed(1, CloseReason::Cap));
}

#[tokio::test]
async fn no_typing_signal_shortens_the_wait_of_media() {
    let buffer = Buffer::with(MEDIA).await;
    buffer.picture(SHORT).await;

    let typing = buffer.hold(Some(SHORT)).await;
    let stopped = buffer.hold(None).await;

    assert!(typing > LONG && stopped > LONG, "{typing:?} {stopped:?}");
}

#[tokio::test]
async fn media_do_not_wait_in_a_window_without_a_cap() {
    let buffer = Buffer::with(WindowRules {
        max_wait: Duration::ZERO,
        ..MEDIA
    })
    .await;

    let appended = buffer.picture(FEW).await;

    assert!(appended.left <= FEW, "{appended:?}");
}

#[tokio::test]
async fn the_first_text_after_media_sets_the_deadline_of_a_fixed_window() {
    let buffer = Buffer::with(WindowRules {
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

#[tokio::test]
async fn the_cap_wins_whatever_the_rules() {
    let cap = Duration::from_secs(3);
    for rules in [FIXED, MEDIA, NO_REPEATS, first(Duration::ZERO), first(FEW)] {
        let buffer = Buffer::with(WindowRules {
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
