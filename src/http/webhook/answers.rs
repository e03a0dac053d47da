//! What is answered to posts for a buffer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::message::Accepted;
use crate::ingest;

/// The answer to a message for a buffer with paths of its own (the service Buffer).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Buffered<'a> {
    /// Always `buffered`.
    pub(super) status: &'static str,
    /// The client's id of the message, or one made for this answer.
    pub(super) message_id: &'a str,
    /// The rest of it.
    #[serde(flatten)]
    pub(super) accepted: Accepted<'a>,
}

/// The answer to a post of a gateway.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Gathered {
    /// Always true.
    success: bool,
    /// Messages that are in their windows now.
    accepted: u64,
    /// Messages that had come before.
    duplicates: u64,
    /// Typing signals that held an open window, or let go of it.
    #[serde(skip_serializing_if = "is_zero")]
    held: u64,
    /// Chats left alone because one of our own people wrote there.
    #[serde(skip_serializing_if = "is_zero")]
    paused: u64,
    /// Messages that waited in an open window and were changed there or taken back.
    #[serde(skip_serializing_if = "is_zero")]
    changed: u64,
    /// Why the rest was not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
}

impl From<ingest::Gathered> for Gathered {
    fn from(gathered: ingest::Gathered) -> Self {
        let reasons = gathered.ignored;
        Self {
            success: true,
            accepted: gathered.accepted,
            duplicates: gathered.duplicates,
            held: gathered.held,
            paused: gathered.paused,
            changed: gathered.changed,
            ignored: (!reasons.is_empty()).then(|| reasons.join("; ")),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
