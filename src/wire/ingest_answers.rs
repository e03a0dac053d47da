//! What api answers to posts for a buffer, to those of the old services' clients, and to a pause.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Accepted;

/// The answer to a message for a buffer with paths of its own (the service Buffer).
#[derive(Debug, Serialize, ToSchema)]
pub struct Buffered<'a> {
    /// Always `buffered`.
    pub status: &'static str,
    /// The client's id of the message, or one made for this answer.
    pub message_id: &'a str,
    /// The rest of it.
    #[serde(flatten)]
    pub accepted: Accepted<'a>,
}

/// The answer to a post of a gateway.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Gathered {
    /// Always true.
    pub success: bool,
    /// Messages that are in their windows now.
    pub accepted: u64,
    /// Messages that had come before.
    pub duplicates: u64,
    /// Typing signals that held an open window, or let go of it.
    #[serde(skip_serializing_if = "is_zero")]
    pub held: u64,
    /// Chats left alone because one of our own people wrote there.
    #[serde(skip_serializing_if = "is_zero")]
    pub paused: u64,
    /// Why the rest was not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The answer to a pause and a resume.
#[derive(Debug, Serialize, ToSchema)]
pub struct Paused<'a> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// The chat.
    pub user: &'a str,
    /// The buffer it belongs to.
    pub buffer: &'a str,
    /// How many messages its window held, which are dropped.
    pub messages: u64,
    /// Seconds of the pause; absent when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_for: Option<f64>,
}

/// The answer of the Celery buffer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    /// For people.
    pub message: &'static str,
}

/// The answer of Buffer Service.
#[derive(Debug, Serialize, ToSchema)]
pub struct Taken {
    /// Always `success`.
    pub status: &'static str,
    /// Made for this answer.
    pub message_id: String,
    /// The window that the message is in.
    pub buffer_info: BufferInfo,
}

/// A window as Buffer Service shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BufferInfo {
    /// How many messages it holds.
    pub current_size: u64,
    /// With how many it closes at once; 0: with any number.
    pub max_size: u64,
    /// Whole seconds until it closes.
    pub time_remaining: u128,
}
