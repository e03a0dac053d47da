//! What the API answers about dead letters, as far as the pages show it.

use serde::Deserialize;
use serde_json::Value;

/// As in `GET /api/messages/dead-letter`.
#[derive(Debug, Deserialize)]
pub(super) struct Letters {
    pub(super) items: Vec<Letter>,
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) webhook_id: String,
    pub(super) user: String,
    pub(super) buffer: String,
    pub(super) token: Option<String>,
    pub(super) destination: String,
    pub(super) reason: String,
    pub(super) attempts: u64,
    pub(super) buried_at: String,
    pub(super) messages: Vec<Value>,
}

/// As in `GET /api/dead-letter/revive`.
#[derive(Debug, Deserialize)]
pub(super) struct Revivals {
    pub(super) items: Vec<UnderWay>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UnderWay {
    pub(super) count: u64,
    pub(super) back: u64,
    pub(super) asked_at: String,
}

/// As a dry run of `POST /api/dead-letter/revive` answers.
#[derive(Debug, Deserialize)]
pub(super) struct Preview {
    pub(super) count: u64,
    #[serde(default)]
    pub(super) under_way: u64,
    #[serde(default)]
    pub(super) without_destination: u64,
    #[serde(default)]
    pub(super) chats: u64,
    pub(super) oldest_at: Option<String>,
    pub(super) written_since: Option<u64>,
}
