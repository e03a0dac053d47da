//! Messages that leave one by one, as they are shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::body::CONTENT;
use crate::core::batch::{Batch, BatchId, Millis};
use crate::core::incoming::Incoming;
use crate::core::item::read_items;
use crate::core::json::RawObject;
use crate::core::json::fields::take;
use crate::core::moment::utc;
use crate::store::dead_letters::DeadLetter;
use crate::store::history::{DELIVERED, Settlement};
use crate::store::lanes::queue::Waiting;
use crate::store::scheduled::Kept;

/// A message that leaves one by one, as it is shown.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::http) struct MessageAnswer {
    /// Names it in its path, and in the call that it becomes.
    pub(in crate::http) id: String,
    /// To whom.
    phone_number: String,
    /// What is sent; null where it is over and payloads are not kept.
    content: Option<String>,
    /// `scheduled`, `pending`, `sent` or `dead`; `unknown` of a duplicate of which nothing is kept any more.
    pub(in crate::http) status: &'static str,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// When it leaves, if at a time of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// How often it was tried again; absent before its first attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_count: Option<u32>,
    /// When it was first tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    first_attempt_at: Option<String>,
    /// When it was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    sent_at: Option<String>,
    /// When it was given up on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    buried_at: Option<String>,
    /// Why it was given up on.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Its id was seen within `IDEMPOTENCY_WINDOW` (24 hours), and nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) duplicate: bool,
}

/// What a list tells beside a batch that is a message which left one by one.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct OfQueue {
    /// To whom; absent of any other batch, as are the others.
    #[schema(required = false)]
    phone_number: String,
    /// What was to be sent; null where payloads are not kept.
    content: Option<String>,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// How often it was tried again.
    retry_count: Option<u32>,
}

impl MessageAnswer {
    /// What a list tells beside the batch that it is.
    pub(in crate::http) fn of_queue(self) -> OfQueue {
        OfQueue {
            phone_number: self.phone_number,
            content: self.content,
            created_at: self.created_at,
            retry_count: self.retry_count,
        }
    }
}

fn about(id: &BatchId, user: &str, content: Option<String>, came: Option<Millis>) -> MessageAnswer {
    MessageAnswer {
        id: id.to_string(),
        phone_number: user.to_owned(),
        content,
        created_at: came.map(utc),
        ..MessageAnswer::default()
    }
}

fn text_of(incoming: &Incoming) -> Option<String> {
    incoming.text().map(std::borrow::Cow::into_owned)
}

/// A message that was queued before, of which nothing is kept any more.
pub(super) fn unknown(incoming: &Incoming, id: &BatchId) -> MessageAnswer {
    MessageAnswer {
        status: "unknown",
        ..about(id, incoming.user.as_str(), text_of(incoming), None)
    }
}

/// A message that was queued at that moment.
pub(super) fn pending(incoming: &Incoming, id: &BatchId, at: Millis) -> MessageAnswer {
    MessageAnswer {
        status: "pending",
        ..about(id, incoming.user.as_str(), text_of(incoming), Some(at))
    }
}

/// A message that waits for its time.
pub(super) fn scheduled(id: &BatchId, kept: &Kept) -> MessageAnswer {
    let content = serde_json::from_str(kept.message.get()).ok();
    MessageAnswer {
        status: "scheduled",
        send_at: Some(utc(kept.at)),
        ..about(id, kept.chat.id.as_str(), content, Some(kept.came))
    }
}

/// A message that waits for its turn.
pub(super) fn waiting_answer(waiting: &Waiting) -> MessageAnswer {
    let (batch, user) = (&waiting.batch, waiting.user.as_str());
    let tried = waiting.attempts > 0;
    MessageAnswer {
        status: "pending",
        retry_count: tried.then(|| waiting.attempts - 1),
        first_attempt_at: waiting.first_attempt.map(utc),
        ..about(&batch.id, user, content_of(batch), Some(batch.opened))
    }
}

/// The dead letter of a message that left one by one.
pub(in crate::http) fn dead_answer(dead: &DeadLetter) -> MessageAnswer {
    let (batch, letter) = (&dead.batch, &dead.letter);
    MessageAnswer {
        status: "dead",
        retry_count: Some(letter.attempts.saturating_sub(1)),
        first_attempt_at: Some(utc(letter.first_attempt)),
        buried_at: Some(utc(dead.buried())),
        reason: Some(letter.reason.clone()),
        ..about(
            &batch.id,
            &letter.chat,
            content_of(batch),
            Some(batch.opened),
        )
    }
}

/// What history tells of a message that left one by one.
pub(in crate::http) fn over_answer(Settlement { at, record, .. }: &Settlement) -> MessageAnswer {
    let delivered = record.outcome == DELIVERED;
    let call = record.request.as_ref();
    let content = call.and_then(|call| content_of_call(call.body.as_deref()?));
    let last = record.last.as_ref();
    let why = record.why.as_ref().or(last.map(|last| &last.summary));
    let id = BatchId::from_stored(&record.id);
    MessageAnswer {
        status: if delivered { "sent" } else { "dead" },
        retry_count: last.map(|last| last.number.saturating_sub(1)),
        sent_at: delivered.then(|| utc(*at)),
        buried_at: (!delivered).then(|| utc(*at)),
        reason: why.filter(|_| !delivered).cloned(),
        ..about(&id, &record.chat, content, Some(record.opened))
    }
}

/// What is to be sent; nothing of what cannot be read, which is then why it was given up on.
fn content_of(batch: &Batch) -> Option<String> {
    let item = read_items(&batch.items).ok()?.pop()?;
    serde_json::from_str(item.message.get()).ok()
}

/// What a call said of its message, where that is known.
fn content_of_call(body: &str) -> Option<String> {
    let mut fields: RawObject = serde_json::from_str(body).ok()?;
    serde_json::from_str(take(&mut fields, CONTENT)?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_call_is_read_back() {
        assert_eq!(
            content_of_call(r#"{"id":"a","content":"\u00e9"}"#).as_deref(),
            Some("é")
        );
        assert_eq!(content_of_call("{}"), None);
    }
}
