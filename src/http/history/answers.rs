//! What is over, as lists show it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::item::Stamp;
use crate::core::moment::utc;
use crate::core::window::WaitRule;
use crate::http::Api;
use crate::http::messages::{MessageAnswer, OfQueue, over_answer};
use crate::http::named_chat::token_of;
use crate::spec::masked::masked_url;
use crate::store::history::{Request, Settlement, Try};

/// A batch that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct HistoryAnswer {
    /// The `webhook-id`.
    webhook_id: String,
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// Where it went.
    destination: String,
    /// `delivered`, `failed` (it is tried again) or `buried`.
    status: String,
    /// How many messages it held.
    messages: u64,
    /// What closed the window.
    reason: String,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    closed_at: String,
    /// The quiet window that its last message set, in ms; null: there was no window.
    wait_ms: Option<u64>,
    /// Which rule set it; null: the wait of its buffer.
    wait_rule: Option<WaitRule>,
    /// By so many ms typing has held the window.
    typing_ms: u64,
    /// The `webhook-id` of the batch that somebody sent again in this one; null: it was made of what was said.
    repeats: Option<String>,
    /// When its messages came, and their ids; of more than 100 the first.
    said: Vec<StampAnswer>,
    /// When its newest attempt had ended, or when it was given up on.
    #[schema(format = DateTime)]
    settled_at: String,
    /// Its attempts, the oldest first.
    attempts: Vec<AttemptAnswer>,
    /// Why it was given up on without an attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The call of the newest attempt; null where payloads are not kept.
    request: Option<RequestAnswer>,
    /// What came back; null without an answer.
    response: Option<ResponseAnswer>,
}

/// When a message of a batch came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SaidAt)]
pub(in crate::http) struct StampAnswer {
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// Its `message_id`.
    message_id: Option<String>,
}

/// An attempt at a batch.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptAnswer {
    /// Its number; 1 is the first.
    attempt: u32,
    /// When it had ended (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// The HTTP status; null: there was no answer.
    status: Option<u16>,
    /// How long it took, in ms.
    duration_ms: u64,
    /// What happened, for people.
    summary: String,
}

/// A call, as it was kept.
#[derive(Debug, Serialize, ToSchema)]
struct RequestAnswer {
    /// Its method; of a stream `XADD` and its key, of an exchange `PUBLISH`, its name and the routing key.
    method: String,
    /// Where it went; user info and the values of its query are masked.
    url: String,
    /// Its body as it was sent, a GET's as the fields of its query; null if it was too large to be kept.
    body: Option<String>,
    /// The length of the body in bytes.
    bytes: u64,
    /// Why there is no body here.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// An answer, as it was kept.
#[derive(Debug, Serialize, ToSchema)]
struct ResponseAnswer {
    /// The HTTP status.
    status: u16,
    /// The first KiB of its body; null where payloads are not kept, or there was none.
    head: Option<String>,
}

/// A delivered batch.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SentAnswer {
    /// The `webhook-id`.
    webhook_id: String,
    /// The chat.
    user: String,
    /// The buffer and the destination.
    buffer: String,
    /// Where it went.
    destination: String,
    /// How many messages it held.
    messages: u64,
    /// The HTTP status it was answered with; of a message that left one by one the word.
    status: SentStatus,
    /// The HTTP status where `status` is the word.
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    /// The message that left one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What else there is of it.
    #[serde(flatten)]
    #[schema(value_type = OfQueue)]
    of_queue: Option<OfQueue>,
    /// The number of the attempt that succeeded.
    attempts: u64,
    /// How long that attempt took, in ms.
    duration_ms: u64,
    /// What closed the window.
    reason: String,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    closed_at: String,
    /// When the destination had accepted it.
    #[schema(format = DateTime)]
    sent_at: String,
}

/// A status in the list of delivered batches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum SentStatus {
    /// The HTTP status.
    Http(Option<u16>),
    /// `sent`, of a message that left one by one.
    Word(&'static str),
}

/// A batch with all its attempts.
pub(in crate::http) fn shown(api: &Api, settlement: Settlement) -> HistoryAnswer {
    let Settlement {
        at,
        record,
        earlier,
        ..
    } = settlement;
    let mut attempts: Vec<_> = earlier
        .iter()
        .map(|(at, made)| attempt(*at, made))
        .collect();
    attempts.extend(record.last.as_ref().map(|last| attempt(at, last)));
    let response = record.last.and_then(|last| {
        Some(ResponseAnswer {
            status: last.status?,
            head: last.answer,
        })
    });
    HistoryAnswer {
        token: token_of(api, &record.buffer, &record.chat),
        webhook_id: record.id,
        user: record.chat,
        buffer: record.buffer,
        destination: record.destination,
        status: record.outcome,
        messages: record.messages,
        reason: record.reason,
        opened_at: utc(record.opened),
        closed_at: utc(record.closed),
        wait_ms: record.gathered.map(|it| it.wait),
        wait_rule: record.gathered.and_then(|it| it.rule),
        typing_ms: record.gathered.map_or(0, |it| it.typing),
        repeats: record.repeats,
        said: record.stamps.into_iter().map(stamp).collect(),
        settled_at: utc(at),
        attempts,
        why: record.why,
        request: record.request.map(request),
        response,
    }
}

fn stamp(Stamp { at, id }: Stamp) -> StampAnswer {
    StampAnswer {
        at: utc(at),
        message_id: id,
    }
}

/// An attempt that ended at that moment.
fn attempt(at: Millis, made: &Try) -> AttemptAnswer {
    AttemptAnswer {
        attempt: made.number,
        at: utc(at),
        status: made.status,
        duration_ms: made.ms,
        summary: made.summary.clone(),
    }
}

fn request(request: Request) -> RequestAnswer {
    RequestAnswer {
        note: request.note(),
        method: request.method,
        // An older Lull kept the name of a user.
        url: masked_url(&request.url),
        body: request.body,
        bytes: request.bytes,
    }
}

pub(super) fn sent_answer(settlement: Settlement) -> SentAnswer {
    let is_message = settlement.record.buffer == Name::messages_name().as_str();
    let of_queue = is_message.then(|| over_answer(&settlement));
    let Settlement { at, record, .. } = settlement;
    let last = record.last.as_ref();
    let http_status = last.and_then(|last| last.status);
    SentAnswer {
        webhook_id: record.id,
        user: record.chat,
        buffer: record.buffer,
        destination: record.destination,
        messages: record.messages,
        status: match &of_queue {
            Some(message) => SentStatus::Word(message.status),
            None => SentStatus::Http(http_status),
        },
        http_status: http_status.filter(|_| is_message),
        id: of_queue.as_ref().map(|message| message.id.clone()),
        of_queue: of_queue.map(MessageAnswer::of_queue),
        attempts: last.map_or(0, |last| u64::from(last.number)),
        duration_ms: last.map_or(0, |last| last.ms),
        reason: record.reason,
        opened_at: utc(record.opened),
        closed_at: utc(record.closed),
        sent_at: utc(at),
    }
}
