//! How windows end: taken by a sweep and closed, or put back; flushed; cancelled.

use std::time::Duration;

use lull::core::window::CloseReason;
use lull::store::keys::{Due, Shard};
use lull::store::windows::closing::Closing;

use super::closed;
use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, SHORT, chat, eventually, say};

/// When a sweep looks at Ana's window.
async fn due_in(buffer: &WindowStore) -> Duration {
    let due = buffer
        .store
        .due()
        .look(&Due::Windows, Shard::all())
        .await
        .unwrap();
    due[Shard::of(&chat("ana")).index()].unwrap()
}

#[tokio::test]
async fn a_window_whose_timer_was_deleted_still_closes_at_its_deadline() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", Duration::from_millis(300)).await;

    let timer = &buffer.redis.keys("lull:*:timer:*").await[0];
    redis::cmd("DEL")
        .arg(timer)
        .exec_async(&mut buffer.redis.raw().await)
        .await
        .unwrap();

    assert_eq!(buffer.close().await, Closing::Open);
    assert_eq!(buffer.close_when_due().await, closed(1, CloseReason::Quiet));
}

#[tokio::test]
async fn a_late_message_that_crosses_the_deadline_keeps_the_window_whole() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", SHORT).await;
    buffer.take_when_due().await;

    buffer.say("b", Duration::from_millis(100)).await;
    let between = buffer.close().await;

    assert_eq!(between, Closing::Open);
    assert_eq!(buffer.close_when_due().await, closed(2, CloseReason::Quiet));
}

#[tokio::test]
async fn a_refused_close_puts_the_due_score_back_to_the_deadline() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", SHORT).await;
    buffer.take_when_due().await;
    buffer.say("b", Duration::from_millis(800)).await;

    buffer.close().await;

    let next = due_in(&buffer).await;
    assert!(next <= Duration::from_millis(800), "{next:?}");
}

#[tokio::test]
async fn two_who_take_get_different_windows() {
    let buffer = WindowStore::with(RULES).await;
    let store = &buffer.store;
    let ids: Vec<_> = (0..2000)
        .map(|n| n.to_string())
        .filter(|id| Shard::of(&chat(id)).index() == 0)
        .collect();
    for id in &ids {
        say(store, id, "a", SHORT).await;
    }
    let shard = Shard::of(&chat(&ids[0]));
    eventually("all are due", async || {
        store.due().look(&Due::Windows, Shard::all()).await.unwrap()[0] == Some(Duration::ZERO)
    })
    .await;

    let half = ids.len() / 2;
    let (first, second) = tokio::join!(
        store.due().take(&Due::Windows, shard, half),
        store.due().take(&Due::Windows, shard, ids.len())
    );

    let mut taken: Vec<_> = first
        .unwrap()
        .0
        .into_iter()
        .chain(second.unwrap().0)
        .collect();
    let all = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), all);
    assert!(all > half);
}

#[tokio::test]
async fn what_was_taken_and_not_closed_comes_up_again() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", SHORT).await;
    buffer.take_when_due().await;

    let next = due_in(&buffer).await;

    assert!(
        next > Duration::from_secs(3) && next <= Duration::from_secs(5),
        "{next:?}"
    );
}

#[tokio::test]
async fn a_flush_closes_at_once() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", LONG).await;

    assert_eq!(buffer.close_now().await, closed(1, CloseReason::Flush));

    assert_eq!(buffer.batch().await, ["a"]);
}

#[tokio::test]
async fn a_cancel_drops_the_window_and_nothing_else() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", LONG).await;
    buffer.close_now().await;
    buffer.say("b", LONG).await;
    buffer.say("c", LONG).await;

    assert_eq!(
        buffer.store.windows().cancel(&chat("ana")).await.unwrap(),
        2
    );

    assert_eq!(
        buffer.store.windows().cancel(&chat("ana")).await.unwrap(),
        0
    );
    assert_eq!(buffer.batch().await, ["a"]);
    assert!(buffer.redis.keys("lull:*:timer:*").await.is_empty());
    assert!(buffer.redis.keys("lull:*:window:*").await.is_empty());
}

#[tokio::test]
async fn a_closed_window_leaves_only_its_batch_and_that_it_is_there() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", SHORT).await;

    buffer.close_when_due().await;

    let mut keys = buffer.redis.chat_keys().await;
    keys.sort();
    let shard = Shard::of(&chat("ana")).index();
    assert_eq!(
        keys,
        [
            format!("lull:{{{shard:02}}}:due:default"),
            format!("lull:{{{shard:02}}}:lane:default:default:ana"),
            format!("lull:{{{shard:02}}}:lanes:held"),
        ]
    );
}
