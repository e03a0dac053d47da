//! What the API answers about buffers, as far as pages show it.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::console::pages::removal::Removing;

/// As in `GET /api/buffers`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Buffers {
    pub(in crate::console::pages) items: Vec<Buffer>,
}

/// As in `GET /api/buffers/{name}`.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::console::pages) struct Buffer {
    pub(in crate::console::pages) name: String,
    #[serde(default)]
    pub(in crate::console::pages) description: String,
    #[serde(default)]
    pub(in crate::console::pages) source: String,
    #[serde(default = "on")]
    pub(in crate::console::pages) active: bool,
    pub(in crate::console::pages) version: Option<u64>,
    pub(in crate::console::pages) removing: Option<Removing>,
    pub(in crate::console::pages) secret: Option<String>,
    /// The buffer of messages that leave one by one has none.
    pub(in crate::console::pages) window: Option<Value>,
}

/// A list of which only the length is asked for.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Counted {
    pub(in crate::console::pages) items: Vec<IgnoredAny>,
    pub(in crate::console::pages) total: Option<u64>,
    pub(in crate::console::pages) next_cursor: Option<String>,
}

/// What is in a buffer.
#[derive(Debug)]
pub(in crate::console::pages) struct Held {
    /// Open windows.
    pub(in crate::console::pages) windows: u64,
    /// Messages that wait for their time, as far as they were counted.
    pub(in crate::console::pages) later: String,
}

impl Held {
    pub(in crate::console::pages) fn is_nothing(&self) -> bool {
        self.windows == 0 && self.later == "0"
    }
}

fn on() -> bool {
    true
}

impl Buffer {
    /// Whether the settings of the daemons describe it, so that it is changed there.
    pub(in crate::console::pages) fn is_of_environment(&self) -> bool {
        self.version.is_none()
    }

    pub(in crate::console::pages) fn has_windows(&self) -> bool {
        self.window.is_some()
    }
}
