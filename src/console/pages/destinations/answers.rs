//! What the API answers about destinations, as far as the pages show it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::console::pages::removal::Removing;
use crate::console::pages::tries::Retry;
use crate::core::destination::{added_to, published_to};

/// As in `GET /api/destinations`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Destinations {
    pub(in crate::console::pages) items: Vec<Destination>,
}

/// Of one that only monitor is told of, all but the name is absent.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Destination {
    pub(in crate::console::pages) name: String,
    #[serde(default)]
    pub(in crate::console::pages) description: String,
    pub(in crate::console::pages) url: Option<String>,
    pub(in crate::console::pages) stream: Option<String>,
    pub(in crate::console::pages) max_len: Option<u64>,
    exchange: Option<String>,
    routing_key: Option<String>,
    persistent: Option<bool>,
    pub(in crate::console::pages) version: Option<u64>,
    pub(in crate::console::pages) removing: Option<Removing>,
    #[serde(default)]
    pub(in crate::console::pages) method: String,
    #[serde(default)]
    pub(in crate::console::pages) headers: BTreeMap<String, String>,
    pub(in crate::console::pages) template: Option<String>,
    pub(in crate::console::pages) content: Option<Value>,
    pub(in crate::console::pages) aggregate_field: Option<String>,
    #[serde(default)]
    pub(in crate::console::pages) timeout: f64,
    pub(in crate::console::pages) retry: Option<Retry>,
    #[serde(default)]
    pub(in crate::console::pages) secrets: Vec<String>,
    #[serde(default)]
    pub(in crate::console::pages) concurrency: u64,
    #[serde(default)]
    pub(in crate::console::pages) split: bool,
    pub(in crate::console::pages) pace: Option<Pace>,
}

/// At most `batch` attempts begin in `every` seconds.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Pace {
    pub(in crate::console::pages) every: f64,
    pub(in crate::console::pages) batch: u64,
}

/// As in `GET /api/buffers`: who delivers where.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Buffers {
    pub(in crate::console::pages) items: Vec<Buffer>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Buffer {
    pub(in crate::console::pages) name: String,
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
pub(in crate::console::pages) struct Tried {
    pub(in crate::console::pages) success: bool,
    pub(in crate::console::pages) request: TriedRequest,
    pub(in crate::console::pages) response: Option<TriedResponse>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct TriedRequest {
    pub(in crate::console::pages) method: String,
    pub(in crate::console::pages) url: String,
    pub(in crate::console::pages) headers: BTreeMap<String, String>,
    pub(in crate::console::pages) body: String,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct TriedResponse {
    pub(in crate::console::pages) took_ms: u64,
    pub(in crate::console::pages) summary: String,
    pub(in crate::console::pages) body: Option<String>,
}

impl Destination {
    /// The environment describes it, and it is changed there.
    pub(in crate::console::pages) fn is_of_environment(&self) -> bool {
        self.version.is_none()
    }

    /// How it is called: its method, or another command.
    pub(in crate::console::pages) fn command(&self) -> String {
        match (&self.stream, &self.exchange) {
            (Some(stream), _) => added_to(stream),
            (None, Some(exchange)) => {
                published_to(exchange, self.routing_key.as_deref().unwrap_or_default())
            }
            (None, None) => self.method.clone(),
        }
    }

    /// Messages to it are lost with the broker.
    pub(in crate::console::pages) fn is_fleeting(&self) -> bool {
        self.persistent == Some(false)
    }

    /// It goes where `RABBITMQ_URL` leads.
    pub(in crate::console::pages) fn is_of_the_broker(&self) -> bool {
        self.url.as_deref() == Some("")
    }
}

impl Buffer {
    /// Whether anything of it goes there.
    pub(in crate::console::pages) fn goes_to(&self, destination: &str) -> bool {
        let follows = self.follow_up.as_ref();
        self.destinations.iter().any(|it| it == destination)
            || follows.is_some_and(|it| it.destination == destination)
    }
}

impl Tried {
    /// The body, in lines where it is JSON.
    pub(in crate::console::pages) fn body(&self) -> String {
        let value = serde_json::from_str::<Value>(&self.request.body);
        let value = value.ok().filter(|it| it.is_object() || it.is_array());
        let text = value.map_or_else(|| self.request.body.clone(), |it| format!("{it:#}"));
        crate::console::pages::shortened(&Value::String(text)).0
    }
}
