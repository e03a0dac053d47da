//! What was erased of a chat.

use serde::Serialize;
use utoipa::ToSchema;

/// What was erased of a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erased {
    /// Messages in its open window.
    pub messages: u64,
    /// Messages that waited for a time of their own.
    pub later: u64,
    /// Batches on lanes.
    pub batches: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Entries of the history.
    pub history: u64,
    /// Messages in the list of what was received.
    pub received: u64,
    /// Aliases that stood for it.
    pub aliases: u64,
    /// When it was last heard from, and a pause.
    pub states: u64,
}

impl Erased {
    /// All of it.
    pub fn total(&self) -> u64 {
        let Self {
            messages,
            later,
            batches,
            dead_letters,
            history,
            received,
            aliases,
            states,
        } = self;
        messages + later + batches + dead_letters + history + received + aliases + states
    }
}
