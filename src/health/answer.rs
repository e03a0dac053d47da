//! What daemons answer at `GET /api/health`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::core::chat::Name;
use crate::core::code::Code;
use crate::core::control::Stops;
use crate::loops::FailedLoop;

/// The health of a daemon.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`; `degraded`, which is answered with 200: this daemon can work, but what is due is not worked
    /// off, or a part of it has failed; or
    /// `unavailable` while Redis does not answer, or refuses writes.
    pub status: &'static str,
    /// `api` or `monitor`.
    pub service: &'static str,
    /// The version of Lull.
    pub version: &'static str,
    /// Redis.
    pub redis: RedisHealth,
    /// The monitors that gave a sign of life within the last hour, the newest first.
    pub monitors: Vec<MonitorSeen>,
    /// How long ago the oldest of each kind was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
    /// `windows`, `lanes`, `later`: what was due 10 s ago and more while no monitor worked it off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<&'static str>,
    /// What an operator has stopped.
    pub stopped: Stopped,
    /// Why new messages are refused now, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusing: Option<Code>,
    /// Parts of this daemon that have failed, and have not run for a minute since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_loops: Vec<FailedLoop>,
}

impl Health {
    /// The status of a daemon that can work while somebody works off what is due.
    pub const OK: &'static str = "ok";

    /// The status of a daemon that can work while nobody works off what is due.
    pub const DEGRADED: &'static str = "degraded";

    /// The status of a daemon that cannot.
    pub const UNAVAILABLE: &'static str = "unavailable";

    /// Whether the daemon can work.
    pub fn is_ok(&self) -> bool {
        self.status != Self::UNAVAILABLE
    }

    /// The same, and what of the daemon itself has failed.
    #[must_use]
    pub fn with_failed(self, failed_loops: Vec<FailedLoop>) -> Self {
        let status = if self.status == Self::OK && !failed_loops.is_empty() {
            Self::DEGRADED
        } else {
            self.status
        };
        Self {
            status,
            failed_loops,
            ..self
        }
    }
}

/// A monitor, as it is seen by its signs of life. Times are by Redis's clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonitorSeen {
    /// Its own, for as long as it runs.
    pub id: String,
    /// The name of its host or container.
    pub name: String,
    /// Its version of Lull.
    pub version: String,
    /// Since when it runs (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub since: String,
    /// When it gave its last sign, which it does every 3 s.
    #[schema(format = DateTime)]
    pub last_sign: String,
    /// Whether that is at most 10 s ago.
    pub alive: bool,
    /// What it does not work off, though it should: `windows`, `later`, `lanes` or `lanes:<destination>`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stands: Vec<String>,
}

/// How long ago the oldest was due, in s; null: none is. Fractions of a second are usual.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overdue {
    /// Windows that are to be closed.
    pub windows: Option<f64>,
    /// Lanes whose head is to be tried, to destinations that are neither off nor stopped.
    pub lanes: Option<f64>,
    /// What waited for its time: messages, runs of schedules, follow-ups.
    pub later: Option<f64>,
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

/// What is stopped, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stopped {
    /// Whether all deliveries are stopped.
    pub everything: bool,
    /// The buffers that are stopped.
    pub buffers: Vec<String>,
    /// The destinations that are stopped.
    pub destinations: Vec<String>,
}

impl Stopped {
    /// Shows it.
    pub fn of(stops: &Stops) -> Self {
        let names = |names: &std::collections::BTreeSet<Name>| {
            names.iter().map(Name::to_string).collect::<Vec<_>>()
        };
        Self {
            everything: stops.all(),
            buffers: names(&stops.buffers),
            destinations: names(&stops.destinations),
        }
    }
}
