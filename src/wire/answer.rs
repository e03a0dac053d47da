//! What the daemons answer over HTTP.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::outbound::{OfQueue, SentStatus};

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
