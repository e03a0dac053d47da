//! What the API answers about what was tried, as far as the pages show it.

use serde::Deserialize;
use serde_json::Value;

/// As in `GET /api/history`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct History {
    pub(in crate::console::pages) items: Vec<Tried>,
    pub(in crate::console::pages) next_cursor: Option<String>,
    pub(in crate::console::pages) searched_until: Option<String>,
}

/// A batch that was tried.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Tried {
    pub(in crate::console::pages) webhook_id: String,
    pub(in crate::console::pages) user: String,
    pub(in crate::console::pages) token: Option<String>,
    pub(in crate::console::pages) buffer: String,
    pub(in crate::console::pages) destination: String,
    pub(in crate::console::pages) status: String,
    pub(in crate::console::pages) messages: u64,
    pub(in crate::console::pages) reason: String,
    pub(in crate::console::pages) closed_at: String,
    pub(in crate::console::pages) settled_at: String,
    pub(in crate::console::pages) repeats: Option<String>,
    pub(in crate::console::pages) attempts: Vec<Attempt>,
    pub(in crate::console::pages) why: Option<String>,
    pub(in crate::console::pages) request: Option<Request>,
    pub(in crate::console::pages) response: Option<Answer>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Attempt {
    pub(in crate::console::pages) attempt: u64,
    pub(in crate::console::pages) at: String,
    pub(in crate::console::pages) status: Option<u16>,
    pub(in crate::console::pages) duration_ms: u64,
    pub(in crate::console::pages) summary: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Request {
    pub(in crate::console::pages) method: String,
    pub(in crate::console::pages) url: String,
    pub(in crate::console::pages) body: Option<String>,
    pub(in crate::console::pages) bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Answer {
    pub(in crate::console::pages) status: u16,
    pub(in crate::console::pages) head: Option<String>,
}

/// As in `GET /api/history/{webhook_id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Whole {
    pub(super) webhook_id: String,
    pub(super) user: String,
    pub(super) buffer: String,
    pub(super) token: Option<String>,
    pub(super) hash: String,
    pub(super) destinations: Vec<Destined>,
    pub(super) said: Option<Vec<Said>>,
    pub(super) said_in_part: bool,
    pub(super) searched_until: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Destined {
    pub(super) destination: String,
    pub(super) state: String,
    pub(super) history: Option<Tried>,
    pub(super) lane: Option<OnLane>,
    pub(super) dead_letter: Option<DeadLetter>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OnLane {
    pub(super) first: bool,
    pub(super) attempts: u64,
    pub(super) in_hand: bool,
    pub(super) next_attempt_in: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeadLetter {
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) buried_at: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) received_at: String,
    pub(super) message: Value,
}

impl Attempt {
    /// It was taken.
    pub(super) fn is_good(&self) -> bool {
        self.status.is_some_and(|it| (200..300).contains(&it))
    }
}
