//! Messages that come twice under one id.

use std::time::Duration;

use lull::store::windows::closing::Closing;
use lull::store::windows::{NewMessage, Taken};

use crate::support::window_store::WindowStore;
use crate::support::{LONG, RULES, SHORT, chat, destinations, item};

/// A message with an id.
fn with_id(item: &str, ttl: Duration) -> NewMessage<'_> {
    NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(item, ttl)
    }
}

#[tokio::test]
async fn a_message_id_counts_once_per_chat() {
    let buffer = WindowStore::with(RULES).await;
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
    let buffer = WindowStore::with(RULES).await;
    let said = item("a");
    let message = with_id(&said, SHORT);
    buffer.append(message).await;
    buffer.close_when_due().await;

    let again = buffer.append(message).await;

    assert_eq!(again.taken, Taken::Duplicate);
    assert_eq!(buffer.close().await, Closing::NoWindow);
}

#[tokio::test]
async fn a_message_id_older_than_a_day_is_forgotten() {
    let buffer = WindowStore::with(RULES).await;
    let said = item("a");
    let message = with_id(&said, LONG);
    buffer.append(message).await;
    let over_a_day = Duration::from_millis(86_400_001);
    buffer.redis.long_ago("lull:*:seen", over_a_day).await;

    let again = buffer.append(message).await;

    assert_eq!(again.taken, Taken::Appended);
}
