//! One chat whole, as it is shown.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::answer::{DeadLetterAnswer, LaterMessage, OpenWindow};
use super::history::HistoryAnswer;

/// All that is there of a chat.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatAnswer {
    /// The chat.
    pub user: String,
    /// The buffer it belongs to.
    pub buffer: String,
    /// What stands for the chat in the logs.
    pub hash: String,
    /// Seconds until the end of its pause; null: it is not paused.
    pub paused_for: Option<f64>,
    /// Its open window; null without one.
    pub window: Option<WindowAnswer>,
    /// Messages that wait for a time of their own, the next to leave first.
    pub later: Vec<LaterMessage>,
    /// What it is asked if it stays silent; null: nothing.
    pub follow_up: Option<FollowUpAnswer>,
    /// What waits for each destination.
    pub lanes: Vec<LaneAnswer>,
    /// The newest batches that were tried.
    pub history: Vec<HistoryAnswer>,
    /// The newest batches that were given up on.
    pub dead_letters: Vec<DeadLetterAnswer>,
    /// Of which fields not everything is shown: they hold more than an answer has room for, or may.
    pub more_in: Vec<ChatPart>,
}

/// A field of a chat that may hold more than is shown.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChatPart {
    /// What was said in the window; the newest is shown.
    Window,
    /// Messages for later; the next to leave are shown.
    Later,
    /// Lanes; the next batches to leave are shown.
    Lanes,
    /// History; the newest is shown.
    History,
    /// Dead letters; the newest are shown.
    DeadLetters,
}

/// A follow-up that waits for its time.
#[derive(Debug, Serialize, ToSchema)]
pub struct FollowUpAnswer {
    /// Its number, from 1.
    pub number: u32,
    /// When it leaves (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub send_at: String,
}

/// An open window with what was said in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowAnswer {
    /// As in the list of open windows.
    #[serde(flatten)]
    pub window: OpenWindow,
    /// What was said, in order; the newest of it, where it is long.
    pub said: Vec<Said>,
}

/// One message.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    /// The client's id for it.
    pub message_id: Option<String>,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub received_at: String,
    /// What was said.
    #[schema(value_type = Value)]
    pub message: Box<RawValue>,
}

/// What waits for one destination.
#[derive(Debug, Serialize, ToSchema)]
pub struct LaneAnswer {
    /// Where it goes.
    pub destination: String,
    /// How often the first batch of the lane was tried.
    pub attempts: u32,
    /// Whether an attempt is on its way.
    pub in_hand: bool,
    /// Seconds until the next attempt may begin; 0: at any time.
    pub next_attempt_in: f64,
    /// The batches of this chat, the next to leave first; of more than 100, or of large ones, the first.
    pub batches: Vec<BatchAnswer>,
}

/// A batch that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchAnswer {
    /// The `webhook-id`.
    pub webhook_id: String,
    /// What closed its window.
    pub reason: String,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// When its window was closed.
    #[schema(format = DateTime)]
    pub closed_at: String,
    /// What was said, in order.
    #[schema(value_type = Vec<Value>)]
    pub messages: Vec<Box<RawValue>>,
}
