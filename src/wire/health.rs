//! How a daemon is, as it answers `GET /api/health`.

use serde::Serialize;
use utoipa::ToSchema;

use super::control::Stopped;
use super::error::Code;

/// The health of a daemon.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `unavailable` while Redis does not answer, or refuses writes.
    pub status: &'static str,
    /// `api` or `monitor`.
    pub service: &'static str,
    /// The version of Lull.
    pub version: &'static str,
    /// Redis.
    pub redis: RedisHealth,
    /// What an operator has stopped.
    pub stopped: Stopped,
    /// Why new messages are refused now, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusing: Option<Code>,
}

impl Health {
    /// The status of a daemon that can work.
    pub const OK: &'static str = "ok";

    /// Whether the daemon can work.
    pub fn is_ok(&self) -> bool {
        self.status == Self::OK
    }
}

/// Redis as a daemon sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RedisHealth {
    /// `ok`, or what is wrong.
    pub status: String,
    /// How long it took to say that it takes messages, in ms: a write is tried that changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_ms: Option<f64>,
    /// `on`: expired events come; `off`: Lull works by its due index alone, as punctually; `unknown`: Redis does not
    /// tell.
    pub events: &'static str,
    /// How much of its memory it uses, in percent; nothing where it has no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_percent: Option<u64>,
}
