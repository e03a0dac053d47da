//! What Buffer Service answers.

use serde::Serialize;
use utoipa::ToSchema;

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
