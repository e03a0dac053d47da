//! A closed window on its way to a destination, and how its attempts end.

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use super::window::CloseReason;

/// Milliseconds since 1970 by Redis's own clock, the only clock that deadlines are measured by.
pub type Millis = u64;

/// The `webhook-id` of a batch: the same over all its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchId(String);

impl BatchId {
    /// A new id, in order of time, so that logs and lists sort.
    pub fn generate() -> Self {
        Self(format!("msg_{}", Uuid::now_v7().simple()))
    }

    /// An id that stands in Redis.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The messages of one closed window (or of several that were joined), immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Stays the same over all attempts.
    pub id: BatchId,
    /// When the first message came.
    pub opened: Millis,
    /// When the last window in it was closed.
    pub closed: Millis,
    /// When the first window in it was to be closed.
    pub deadline: Millis,
    /// What closed the last window in it.
    pub reason: CloseReason,
    /// How many messages it holds.
    pub count: u64,
    /// The messages as Redis holds them: JSON objects with commas between them.
    pub items: String,
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has accepted the batch.
    Delivered,
    /// It has not, but may later; `asked` is its `Retry-After`.
    Retry {
        /// The least wait that the destination asked for.
        asked: Option<Duration>,
    },
    /// It never will.
    Rejected,
}

impl Outcome {
    /// The word for it in metrics and history.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry { .. } => "retry",
            Self::Rejected => "rejected",
        }
    }
}
