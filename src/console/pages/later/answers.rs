//! What the API answers about what leaves by itself, as far as the page shows it.

use serde::Deserialize;
use serde_json::Value;

use crate::console::pages::destinations::Pace;

/// As in `GET /api/messages/later`.
#[derive(Debug, Deserialize)]
pub(super) struct Later {
    pub(super) items: Vec<Kept>,
    pub(super) next_cursor: Option<String>,
    pub(super) searched_until: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) buffer: String,
    pub(super) token: Option<String>,
    pub(super) message: Value,
    pub(super) send_at: String,
    pub(super) received_at: String,
}

/// As in `GET /api/messages`.
#[derive(Debug, Deserialize)]
pub(super) struct Messages {
    pub(super) items: Vec<Queued>,
    pub(super) total: Option<u64>,
    pub(super) next_cursor: Option<String>,
    pub(super) searched_until: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Queued {
    pub(super) id: String,
    pub(super) phone_number: String,
    pub(super) content: Option<String>,
    pub(super) created_at: Option<String>,
    pub(super) retry_count: Option<u64>,
}

/// As in `GET /api/destinations/messages`.
#[derive(Debug, Deserialize)]
pub(super) struct Queue {
    pub(super) pace: Option<Pace>,
}
