//! What the API answers about buffers, as far as pages show it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// As in `GET /api/buffers`.
#[derive(Debug, Deserialize)]
pub(super) struct Buffers {
    pub(super) items: Vec<Buffer>,
}

/// As in `GET /api/buffers/{name}`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Buffer {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) source: String,
    #[serde(default = "on")]
    pub(super) active: bool,
    pub(super) version: Option<u64>,
    pub(super) removing: Option<Removing>,
    pub(super) secret: Option<String>,
    /// The buffer of messages that leave one by one has none.
    pub(super) window: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Removing {
    pub(super) since: String,
}

/// A list of which only the length is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Counted {
    pub(super) items: Vec<IgnoredAny>,
    pub(super) total: Option<u64>,
    pub(super) next_cursor: Option<String>,
}

/// What is in a buffer.
#[derive(Debug)]
pub(super) struct Held {
    /// Open windows.
    pub(super) windows: u64,
    /// Messages that wait for their time, as far as they were counted.
    pub(super) later: String,
}

impl Held {
    pub(super) fn is_nothing(&self) -> bool {
        self.windows == 0 && self.later == "0"
    }
}

fn on() -> bool {
    true
}

impl Buffer {
    /// Whether the settings of the daemons describe it, so that it is changed there.
    pub(super) fn is_of_environment(&self) -> bool {
        self.version.is_none()
    }

    pub(super) fn has_windows(&self) -> bool {
        self.window.is_some()
    }
}
