//! What is over, as lists show it.

use serde::Serialize;
use utoipa::ToSchema;

/// A batch that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryAnswer {
    /// The `webhook-id`.
    pub webhook_id: String,
    /// The chat.
    pub user: String,
    /// The buffer and the destination.
    pub buffer: String,
    /// Where it went.
    pub destination: String,
    /// `delivered`, `failed` (it is tried again) or `buried`.
    pub status: String,
    /// How many messages it held.
    pub messages: u64,
    /// What closed the window.
    pub reason: String,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    pub closed_at: String,
    /// When its newest attempt had ended, or when it was given up on.
    #[schema(format = DateTime)]
    pub settled_at: String,
    /// Its attempts, the oldest first.
    pub attempts: Vec<AttemptAnswer>,
    /// Why it was given up on without an attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The call of the newest attempt; null where payloads are not kept.
    pub request: Option<RequestAnswer>,
    /// What came back; null without an answer.
    pub response: Option<ResponseAnswer>,
}

/// An attempt at a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptAnswer {
    /// Its number; 1 is the first.
    pub attempt: u32,
    /// When it had ended (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub at: String,
    /// The HTTP status; null: there was no answer.
    pub status: Option<u16>,
    /// How long it took, in ms.
    pub duration_ms: u64,
    /// What happened, for people.
    pub summary: String,
}

/// A call, as it was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestAnswer {
    /// Its method.
    pub method: String,
    /// Where it went; the values of its query and a password are masked.
    pub url: String,
    /// Its body as it was sent, a GET's as the fields of its query; null if it was too large to be kept.
    pub body: Option<String>,
    /// The length of the body in bytes.
    pub bytes: u64,
    /// Why there is no body here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// An answer, as it was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The first KiB of its body; null where payloads are not kept, or there was none.
    pub head: Option<String>,
}
