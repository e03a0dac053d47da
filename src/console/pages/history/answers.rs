//! What the API answers about what was tried, as far as the pages show it.

use serde::Deserialize;
use serde_json::Value;

/// As in `GET /api/history`.
#[derive(Debug, Deserialize)]
pub(super) struct History {
    pub(super) items: Vec<Tried>,
    pub(super) next_cursor: Option<String>,
    pub(super) searched_until: Option<String>,
}

/// A batch that was tried.
#[derive(Debug, Deserialize)]
pub(super) struct Tried {
    pub(super) webhook_id: String,
    pub(super) user: String,
    pub(super) buffer: String,
    pub(super) destination: String,
    pub(super) status: String,
    pub(super) messages: u64,
    pub(super) reason: String,
    pub(super) closed_at: String,
    pub(super) settled_at: String,
    pub(super) attempts: Vec<Attempt>,
    pub(super) why: Option<String>,
    pub(super) request: Option<Request>,
    pub(super) response: Option<Answer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Attempt {
    pub(super) attempt: u64,
    pub(super) at: String,
    pub(super) status: Option<u16>,
    pub(super) duration_ms: u64,
    pub(super) summary: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) body: Option<String>,
    pub(super) bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: Option<String>,
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
