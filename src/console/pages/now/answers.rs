//! What the API answers about how all of it goes, as far as pages show it.

use serde::Deserialize;

/// As in `GET /api/overview`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Overview {
    pub(in crate::console::pages) closing: Vec<Closing>,
    pub(in crate::console::pages) oldest_overdue_window: Option<f64>,
    pub(in crate::console::pages) lateness: Option<Lateness>,
    pub(in crate::console::pages) destinations: Destinations,
    pub(in crate::console::pages) daemons: Daemons,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Closing {
    pub(in crate::console::pages) within: Option<u64>,
    pub(in crate::console::pages) windows: u64,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Lateness {
    pub(in crate::console::pages) p50: Option<f64>,
    pub(in crate::console::pages) p99: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Destinations {
    pub(in crate::console::pages) items: Vec<Destination>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Destination {
    pub(in crate::console::pages) name: String,
    pub(in crate::console::pages) state: String,
    pub(in crate::console::pages) waiting_lanes: Option<u64>,
    pub(in crate::console::pages) last_success_at: Option<String>,
    pub(in crate::console::pages) last_failure: Option<Failure>,
    pub(in crate::console::pages) failing_since: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Failure {
    pub(in crate::console::pages) at: String,
    pub(in crate::console::pages) summary: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Daemons {
    pub(in crate::console::pages) api: u64,
    pub(in crate::console::pages) monitor: u64,
}

/// As in `GET /api/chats`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Windows {
    pub(in crate::console::pages) items: Vec<Window>,
    pub(in crate::console::pages) total: Option<u64>,
    pub(in crate::console::pages) next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Window {
    pub(in crate::console::pages) user: String,
    pub(in crate::console::pages) buffer: String,
    pub(in crate::console::pages) token: Option<String>,
    pub(in crate::console::pages) hash: String,
    pub(in crate::console::pages) messages: u64,
    pub(in crate::console::pages) deadline: String,
    pub(in crate::console::pages) expires_in: f64,
}

/// As in `GET /api/lines`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Lines {
    pub(in crate::console::pages) items: Vec<Line>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Line {
    pub(in crate::console::pages) buffer: Option<String>,
    pub(in crate::console::pages) line: Option<String>,
    pub(in crate::console::pages) last_post_at: Option<String>,
    pub(in crate::console::pages) last_refusal: Option<LineRefusal>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct LineRefusal {
    pub(in crate::console::pages) at: String,
    pub(in crate::console::pages) code: String,
}

impl Destination {
    pub(in crate::console::pages) fn tone(&self) -> &'static str {
        match self.state.as_str() {
            "works" => "good",
            "down" | "failing" => "bad",
            "stopped" => "warn",
            _ => "",
        }
    }
}

impl Windows {
    /// How many there are beside those that are shown.
    pub(super) fn more(&self) -> Option<u64> {
        let shown = u64::try_from(self.items.len()).ok()?;
        self.total?.checked_sub(shown).filter(|more| *more > 0)
    }
}
