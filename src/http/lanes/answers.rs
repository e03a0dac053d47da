//! How a lane is shown.

use serde::Serialize;
use utoipa::ToSchema;

use crate::admin::WaitingLane;
use crate::core::batch::Millis;
use crate::core::held_by::HeldBy;
use crate::core::moment::{seconds, utc};
use crate::http::Api;
use crate::store::history::Try;

/// A lane on which something waits: all that one chat has for one destination.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListedLane {
    /// The chat; of an ordered buffer, whose chats share a lane, the one whose batch is the first.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What stands for the chat in logs.
    hash: String,
    /// Where it goes.
    destination: String,
    /// The `webhook-id` of the first batch.
    webhook_id: String,
    /// How many messages that has.
    messages: u64,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    closed_at: String,
    /// How many batches wait, the first included.
    batches: u64,
    /// How often the first was tried, an attempt on its way included.
    attempts: u32,
    /// When it was first tried; null: it was not yet.
    #[schema(format = DateTime)]
    first_attempt_at: Option<String>,
    /// Whether an attempt is on its way.
    in_hand: bool,
    /// Seconds until the next attempt may begin, as far as that is known; 0: at any time. Of one on its way, until it is
    /// given up for lost.
    next_attempt_in: f64,
    /// What keeps the next attempt from beginning: the first of these that is so.
    held_by: HeldBy,
    /// Whether the destination itself asked for the wait until the next attempt (`Retry-After`).
    asked: bool,
    /// The last answer to the first batch; null: it was not tried yet, or no history is kept.
    last: Option<LastTry>,
}

/// An attempt that is over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LastTry {
    /// When it was over (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
    /// How long it took, in ms.
    duration_ms: u64,
    /// What happened, in a few words.
    summary: String,
    /// The beginning of the answer, where payloads are kept.
    answer: Option<String>,
}

pub(super) fn shown(api: &Api, lane: WaitingLane) -> ListedLane {
    let WaitingLane {
        listed,
        held_by,
        left,
    } = lane;
    let standing = listed.standing;
    let (chat, batch) = (&standing.lane.chat, &standing.batch);
    ListedLane {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        token: api.admin.chat_tokens().of(chat),
        hash: chat.hash().to_string(),
        destination: standing.lane.destination.to_string(),
        webhook_id: batch.id.to_string(),
        messages: batch.count,
        opened_at: utc(batch.opened),
        closed_at: utc(batch.closed),
        batches: standing.batches,
        attempts: standing.attempts,
        first_attempt_at: standing.first_attempt.map(utc),
        in_hand: standing.in_hand,
        next_attempt_in: seconds(left),
        held_by,
        asked: standing.asked,
        last: standing.last.map(|(at, last)| last_try(at, last)),
    }
}

fn last_try(at: Millis, last: Try) -> LastTry {
    LastTry {
        at: utc(at),
        status: last.status,
        duration_ms: last.ms,
        summary: last.summary,
        answer: last.answer,
    }
}
