//! What the API answers about destinations, as far as the pages show it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::console::pages::tries::Retry;

/// As in `GET /api/destinations`.
#[derive(Debug, Deserialize)]
pub(super) struct Destinations {
    pub(super) items: Vec<Destination>,
}

/// Of one that only monitor is told of, all but the name is absent.
#[derive(Debug, Deserialize)]
pub(super) struct Destination {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) url: Option<String>,
    pub(super) version: Option<u64>,
    pub(super) removing: Option<Removing>,
    #[serde(default)]
    pub(super) method: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) template: Option<String>,
    pub(super) content: Option<Value>,
    pub(super) aggregate_field: Option<String>,
    #[serde(default)]
    pub(super) timeout: f64,
    pub(super) retry: Option<Retry>,
    #[serde(default)]
    pub(super) secrets: Vec<String>,
    #[serde(default)]
    pub(super) concurrency: u64,
    #[serde(default)]
    pub(super) split: bool,
    pub(super) pace: Option<Pace>,
}

/// How it is being removed.
#[derive(Debug, Deserialize)]
pub(super) struct Removing {
    pub(super) since: String,
}

/// At most `batch` attempts begin in `every` seconds.
#[derive(Debug, Deserialize)]
pub(super) struct Pace {
    pub(super) every: f64,
    pub(super) batch: u64,
}

/// As in `GET /api/buffers`: who delivers where.
#[derive(Debug, Deserialize)]
pub(super) struct Buffers {
    pub(super) items: Vec<Buffer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Buffer {
    pub(super) name: String,
    #[serde(default)]
    destinations: Vec<String>,
    follow_up: Option<FollowUp>,
}

#[derive(Debug, Deserialize)]
struct FollowUp {
    destination: String,
}

/// As in `POST /api/destinations/test`.
#[derive(Debug, Deserialize)]
pub(super) struct Tried {
    pub(super) success: bool,
    pub(super) request: TriedRequest,
    pub(super) response: Option<TriedResponse>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TriedRequest {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct TriedResponse {
    pub(super) took_ms: u64,
    pub(super) summary: String,
    pub(super) body: Option<String>,
}

impl Destination {
    /// The environment describes it, and it is changed there.
    pub(super) fn is_of_environment(&self) -> bool {
        self.version.is_none()
    }
}

impl Buffer {
    /// Whether anything of it goes there.
    pub(super) fn goes_to(&self, destination: &str) -> bool {
        let follows = self.follow_up.as_ref();
        self.destinations.iter().any(|it| it == destination)
            || follows.is_some_and(|it| it.destination == destination)
    }
}

impl Tried {
    /// The body, in lines where it is JSON.
    pub(super) fn body(&self) -> String {
        let value = serde_json::from_str::<Value>(&self.request.body);
        let value = value.ok().filter(|it| it.is_object() || it.is_array());
        let text = value.map_or_else(|| self.request.body.clone(), |it| format!("{it:#}"));
        crate::console::pages::shortened(&Value::String(text)).0
    }
}
