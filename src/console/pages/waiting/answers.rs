//! What the API answers about lanes, as far as the page shows it.

use serde::Deserialize;

/// As in `GET /api/lanes`.
#[derive(Debug, Deserialize)]
pub(super) struct Lanes {
    pub(super) items: Vec<Lane>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Lane {
    pub(super) user: String,
    pub(super) buffer: String,
    pub(super) token: Option<String>,
    pub(super) hash: String,
    pub(super) destination: String,
    pub(super) webhook_id: String,
    pub(super) messages: u64,
    pub(super) closed_at: String,
    pub(super) batches: u64,
    pub(super) attempts: u64,
    pub(super) in_hand: bool,
    pub(super) next_attempt_in: f64,
    pub(super) held_by: String,
    pub(super) last: Option<Last>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Last {
    pub(super) at: String,
    pub(super) summary: String,
    pub(super) answer: Option<String>,
}

/// As in `GET /api/overview`.
#[derive(Debug, Deserialize)]
pub(super) struct Overview {
    pub(super) destinations: Destinations,
}

#[derive(Debug, Deserialize)]
pub(super) struct Destinations {
    pub(super) items: Vec<Destination>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Destination {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) waiting_lanes: Option<u64>,
}
