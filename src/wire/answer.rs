//! What the daemons answer over HTTP.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::outbound::{OfQueue, SentStatus};

/// The answer to a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted<'a> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// The chat, as text.
    pub user: &'a str,
    /// How many messages its window holds now; absent of a message for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffered: Option<u64>,
    /// Seconds until its window closes if nothing more is said; while the chat is paused, until the end of the pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<f64>,
    /// The id of a message for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'a str>,
    /// When it leaves (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub send_at: Option<String>,
    /// This message id was seen within 24 hours, and nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    /// The same text was said just before, and it was dropped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// The chat is paused, and the message was dropped.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// The answer to a typing signal.
#[derive(Debug, Serialize, ToSchema)]
pub struct Held<'a> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// The chat, as text.
    pub user: &'a str,
    /// Whether there was an open window to hold.
    pub open: bool,
    /// Seconds until it closes now; absent without a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<f64>,
}

/// One open window.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenWindow {
    /// The chat.
    pub user: String,
    /// The buffer it belongs to.
    pub buffer: String,
    /// What stands for the chat in the logs.
    pub hash: String,
    /// How many messages it holds.
    pub messages: u64,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub opened: String,
    /// When it closes if nothing more is said (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub deadline: String,
    /// Seconds until then; 0 when it is being closed.
    pub expires_in: f64,
}

/// A message that waits for its time.
#[derive(Debug, Serialize, ToSchema)]
pub struct LaterMessage {
    /// Names it in the path that takes it back.
    pub id: String,
    /// The chat.
    pub user: String,
    /// The buffer it belongs to.
    pub buffer: String,
    /// What is to be said.
    #[schema(value_type = Value)]
    pub message: Box<RawValue>,
    /// When it leaves (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub send_at: String,
    /// When it came.
    #[schema(format = DateTime)]
    pub received_at: String,
}

/// The answer to taking back a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recalled<'a> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// The message.
    pub id: &'a str,
    /// The chat.
    pub user: &'a str,
    /// The buffer it belongs to.
    pub buffer: &'a str,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// How many there are in all, where that is known without reading them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Pass it as `?cursor=` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// The answer to a flush or a cancel.
#[derive(Debug, Serialize, ToSchema)]
pub struct Closed<'a> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// The chat.
    pub user: &'a str,
    /// How many messages were sent on or dropped; 0 when no window was open.
    pub messages: u64,
}

/// A batch that was given up on.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadLetterAnswer {
    /// Names it in the paths of revive and delete; of a message that left one by one it is the message's.
    pub id: String,
    /// The `webhook-id` it was sent under.
    pub webhook_id: String,
    /// The chat.
    pub user: String,
    /// The buffer and the destination.
    pub buffer: String,
    /// Where it was to go.
    pub destination: String,
    /// Why it was given up on.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    pub closed_at: String,
    /// When it was first tried.
    #[schema(format = DateTime)]
    pub first_attempt_at: String,
    /// When it was given up on.
    #[schema(format = DateTime)]
    pub buried_at: String,
    /// What was said, in order.
    #[schema(value_type = Vec<Value>)]
    pub messages: Vec<Box<RawValue>>,
    /// `dead`, of a message that left one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// What else there is of it.
    #[serde(flatten)]
    #[schema(value_type = OfQueue)]
    pub of_queue: Option<OfQueue>,
}

/// The answer to revive and delete.
#[derive(Debug, Serialize, ToSchema)]
pub struct Count {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// How many dead letters it was done to.
    pub count: u64,
}

/// A delivered batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentAnswer {
    /// The `webhook-id`.
    pub webhook_id: String,
    /// The chat.
    pub user: String,
    /// The buffer and the destination.
    pub buffer: String,
    /// Where it went.
    pub destination: String,
    /// How many messages it held.
    pub messages: u64,
    /// The HTTP status it was answered with; of a message that left one by one the word.
    pub status: SentStatus,
    /// The HTTP status where `status` is the word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The message that left one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What else there is of it.
    #[serde(flatten)]
    #[schema(value_type = OfQueue)]
    pub of_queue: Option<OfQueue>,
    /// The number of the attempt that succeeded.
    pub attempts: u64,
    /// How long that attempt took, in ms.
    pub duration_ms: u64,
    /// What closed the window.
    pub reason: String,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    pub closed_at: String,
    /// When the destination had accepted it.
    #[schema(format = DateTime)]
    pub sent_at: String,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditAnswer {
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub at: String,
    /// What, such as `buffer.write`.
    pub action: String,
    /// To what: a name, the hash of a chat, the id of a dead letter.
    pub subject: Option<String>,
    /// The name of the key of who did it; null where nobody asked for one.
    pub actor: Option<String>,
    /// Where the request came from; null for what a daemon did by itself.
    pub address: Option<String>,
    /// To how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What was written there before, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub before: Option<Box<RawValue>>,
    /// What is written there now, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub after: Option<Box<RawValue>>,
}
