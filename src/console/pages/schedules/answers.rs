//! What the API answers about schedules, as far as the pages show it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::console::pages::tries::Retry;

/// As in `GET /api/schedules`.
#[derive(Debug, Deserialize)]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) cron: String,
    pub(super) timezone: String,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    pub(super) retry: Retry,
    pub(super) catch_up: String,
    pub(super) active: bool,
    /// In its zone.
    pub(super) next: Vec<String>,
}

/// As in `GET /api/schedules/preview`.
#[derive(Debug, Deserialize)]
pub(super) struct Upcoming {
    pub(super) next: Vec<String>,
}
