//! Who leaves a chat to a person.

use serde::Serialize;
use utoipa::ToSchema;

/// Who paused a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    /// Somebody by this API.
    Operator,
    /// A person of our own side, who wrote in the chat.
    OwnMessage,
}
