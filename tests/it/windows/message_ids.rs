//! Messages that come twice under one id.

use std::time::Duration;

use lull::store::windows::closing::Closing;
use lull::store::windows::{NewMessage, Taken};
use redis::AsyncCommands;
use serde_json::json;

use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, SHORT, TestRedis, chat, destinations, item};

const HOUR: Duration = Duration::from_secs(3_600);

/// A message with an id.
fn with_id(item: &str, ttl: Duration) -> NewMessage<'_> {
    NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(item, ttl)
    }
}

/// A buffer on a Redis with which no older Lull has to do.
async fn alone() -> WindowStore {
    let buffer = WindowStore::with(RULES).await;
    buffer.store.look_for_older_ids().await.unwrap();
    buffer
}

/// The ids that an older Lull would find.
async fn older(redis: &TestRedis) -> Vec<Vec<u8>> {
    let mut ids = Vec::new();
    for key in redis.keys("lull:*:seen").await {
        let more: Vec<Vec<u8>> = redis.raw().await.zrange(&key, 0, -1).await.unwrap();
        ids.extend(more);
    }
    ids
}

/// A daemon of that Lull gives a sign.
async fn older_lives(redis: &TestRedis) {
    let now = redis.now().await;
    let about = json!({"name": "b", "role": "api", "version": "0.0.9", "notes_lanes": true});
    let sign = format!("{now} {now} {about}");
    let mut raw = redis.raw().await;
    let _: () = raw
        .hset("lull:{config}:daemons", "00000001", sign)
        .await
        .unwrap();
}

/// How many sets of ids there are.
async fn sets(redis: &TestRedis) -> usize {
    redis.keys("lull:*:ids:*").await.len()
}

#[tokio::test]
async fn a_message_id_counts_once_per_chat() {
    let buffer = alone().await;
    let said = item("a");
    let message = with_id(&said, LONG);
    buffer.append(message).await;

    let again = buffer.append(message).await;
    let other = buffer
        .store
        .windows()
        .append(&chat("eva"), message, &RULES, &destinations())
        .await
        .unwrap();

    assert_eq!((again.taken, again.count), (Taken::Duplicate, 1));
    assert_eq!((other.taken, other.count), (Taken::Appended, 1));
}

#[tokio::test]
async fn a_message_id_is_remembered_after_its_window_has_closed() {
    let buffer = alone().await;
    let said = item("a");
    let message = with_id(&said, SHORT);
    buffer.append(message).await;
    buffer.close_when_due().await;

    let again = buffer.append(message).await;

    assert_eq!(again.taken, Taken::Duplicate);
    assert_eq!(buffer.close().await, Closing::NoWindow);
}

#[tokio::test]
async fn a_message_id_counts_through_every_slice_of_a_day_and_no_longer_than_one_slice_more() {
    let buffer = alone().await;
    let said = item("a");
    let message = with_id(&said, LONG);
    buffer.append(message).await;

    // Something comes in each slice, so that the sets take turns.
    for hours in 1..=24 {
        buffer.redis.ids_long_ago(HOUR).await;
        let id = format!("hour {hours}");
        let other = NewMessage {
            id: Some(&id),
            ..NewMessage::plain(&said, LONG)
        };
        assert_eq!(buffer.append(other).await.taken, Taken::Appended);
        let again = buffer.append(message).await;
        assert_eq!(again.taken, Taken::Duplicate, "{hours} h");
    }
    assert!((3..=4).contains(&sets(&buffer.redis).await));

    buffer.redis.ids_long_ago(8 * HOUR).await;
    assert_eq!(buffer.append(message).await.taken, Taken::Appended);
    assert_eq!(buffer.append(message).await.taken, Taken::Duplicate);
}

#[tokio::test]
async fn a_message_id_of_a_quiet_time_is_forgotten_and_its_memory_given_back() {
    let buffer = alone().await;
    let said = item("a");
    let message = with_id(&said, LONG);
    buffer.append(message).await;
    buffer.redis.ids_long_ago(30 * HOUR).await;
    assert_eq!(buffer.append(message).await.taken, Taken::Duplicate);
    // By then its set has ended a day ago, and nothing has come since that would have ended it.
    buffer.redis.ids_long_ago(33 * HOUR).await;
    trim(&buffer).await;

    assert_eq!(sets(&buffer.redis).await, 0);
    assert_eq!(buffer.append(message).await.taken, Taken::Appended);
}

#[tokio::test]
async fn how_long_an_id_counts_is_what_was_set() {
    let mut buffer = alone().await;
    buffer.store = buffer.store.with_seen_for(HOUR);
    buffer.store.look_for_older_ids().await.unwrap();
    let said = item("a");
    let message = with_id(&said, LONG);
    buffer.append(message).await;
    buffer.redis.ids_long_ago(HOUR - HOUR / 60).await;
    assert_eq!(buffer.append(message).await.taken, Taken::Duplicate);

    buffer.redis.ids_long_ago(HOUR / 2).await;

    assert_eq!(buffer.append(message).await.taken, Taken::Appended);
}

#[tokio::test]
async fn what_an_older_lull_has_noted_counts_until_it_is_too_old_and_goes() {
    // Before it has looked, a store notes ids as an older one does, too.
    let buffer = WindowStore::with(RULES).await;
    let said = item("a");
    let message = with_id(&said, LONG);
    buffer.append(message).await;
    assert_eq!(older(&buffer.redis).await.len(), 1);
    let mut raw = buffer.redis.raw().await;
    for key in buffer.redis.keys("lull:*:ids*").await {
        let _: () = raw.del(key).await.unwrap();
    }
    buffer.store.look_for_older_ids().await.unwrap();

    assert_eq!(buffer.append(message).await.taken, Taken::Duplicate);
    let new = NewMessage {
        id: Some("new"),
        ..message
    };
    buffer.append(new).await;
    assert_eq!(older(&buffer.redis).await.len(), 1);

    buffer.redis.long_ago("lull:*:seen", 24 * HOUR).await;
    trim(&buffer).await;
    assert_eq!(older(&buffer.redis).await.len(), 0);
    buffer.store.look_for_older_ids().await.unwrap();
    assert_eq!(buffer.append(message).await.taken, Taken::Appended);
}

#[tokio::test]
async fn while_an_older_lull_lives_it_finds_every_id_and_none_that_may_be_posted_anew() {
    let buffer = WindowStore::with(RULES).await;
    older_lives(&buffer.redis).await;
    buffer.store.look_for_older_ids().await.unwrap();
    let said = item("a");
    let message = with_id(&said, LONG);

    buffer.append(message).await;
    assert_eq!(buffer.append(message).await.taken, Taken::Duplicate);

    let noted = older(&buffer.redis).await;
    assert_eq!(noted.len(), 1);
    assert_eq!(noted[0].len(), 16);
}

#[tokio::test]
async fn thousands_of_ids_of_an_older_lull_are_dropped_in_small_steps() {
    let buffer = alone().await;
    let mut ids = redis::cmd("ZADD");
    ids.arg("lull:{07}:seen");
    for number in 0..1_700 {
        ids.arg(number).arg(format!("id {number}"));
    }
    ids.arg(buffer.redis.now().await).arg("new");
    let _: u64 = ids
        .query_async(&mut buffer.redis.raw().await)
        .await
        .unwrap();

    trim(&buffer).await;

    assert_eq!(older(&buffer.redis).await.len(), 201);
    assert_eq!(buffer.redis.calls_of("zremrangebyrank").await, 3);
}

async fn trim(buffer: &WindowStore) {
    let history = buffer.store.history();
    history.trim(&crate::support::RETENTION).await.unwrap();
}
