//! The fields of a buffer that choose between a few ways.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What becomes of a message that a person changes or takes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnEdit {
    /// While it waits in its window, what is delivered is as it is now; afterwards nothing.
    #[default]
    Apply,
    /// Nothing.
    Ignore,
    /// As `apply`; afterwards the change is a message of its own, of type `edit` or `delete`.
    Deliver,
}

/// What becomes of a chat in which one of our own people writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnOwnMessage {
    /// Nothing.
    #[default]
    Ignore,
    /// They have taken over: its window is cancelled, and nothing is gathered for a while.
    Pause,
}

/// What batches are kept in order within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Each chat has lanes of its own.
    #[default]
    Chat,
    /// All chats go by one lane to each destination.
    Buffer,
}
