//! Buffers and destinations as they are shown: masked, with their version and where they come from.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::buffer::Order;
use super::pace::PaceSpec;
use super::retry::RetrySpec;
use super::window::WindowSpec;
use super::{Buffer, BufferSpec, DestinationSpec};
use crate::core::chat::Name;
use crate::core::destination::{Body, Destination};
use crate::core::window::WindowRules;

/// A buffer or destination as it is shown.
#[derive(Debug, Serialize)]
pub struct Shown<T> {
    /// What was written, masked.
    #[serde(flatten)]
    pub spec: T,
    /// The version of the configuration that its last write made; none for what the environment describes.
    pub version: Option<u64>,
    /// Who described it.
    pub from: From,
    /// How it is being removed; absent: it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removing: Option<Removing>,
}

/// How a buffer or destination is being removed. It takes nothing more, and is gone in the end, or stays as it was where
/// it was to go only if nothing stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Removing {
    /// What becomes of what stands there: `drain`: it is delivered; `discard`: it is dropped; `empty`: nothing may stand
    /// there.
    pub asked: &'static str,
    /// Since when.
    #[schema(format = "date-time")]
    pub since: String,
}

/// Who described a buffer or destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// The settings of the daemons.
    Environment,
    /// A request.
    Api,
}

/// A destination of the environment where api is not told of it.
#[derive(Debug, Serialize)]
pub struct Untold {
    name: String,
    url: Option<()>,
    version: Option<u64>,
    from: From,
    note: &'static str,
}

impl Untold {
    /// The one of this name.
    pub fn new(name: &Name) -> Self {
        Self {
            name: name.to_string(),
            url: None,
            version: None,
            from: From::Environment,
            note: "monitor has its WEBHOOK_URL; give api the same settings to see and try it here",
        }
    }
}

/// A destination as it is shown.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ShownDestination {
    /// One that api knows all about.
    Known(Box<Shown<DestinationSpec>>),
    /// The one that only monitor knows.
    Untold(Untold),
}

impl Shown<BufferSpec> {
    /// A buffer that the environment describes.
    pub fn buffer_of_environment(buffer: &Buffer) -> Self {
        let destinations = buffer.destinations.iter();
        let spec = BufferSpec {
            name: buffer.name.to_string(),
            window: window_spec(&buffer.window),
            timezone: buffer.zone.name().to_owned(),
            destinations: destinations.map(|to| to.name.to_string()).collect(),
            order: if buffer.ordered {
                Order::Buffer
            } else {
                Order::Chat
            },
            ..BufferSpec::default()
        };
        Self::by_environment(spec)
    }
}

impl Shown<DestinationSpec> {
    /// A destination that the environment describes.
    pub fn destination_of_environment(destination: &Destination) -> Self {
        let (messages_field, template) = match &destination.body {
            Body::Payload { messages_field, .. } => (Some(messages_field.clone()), None),
            Body::Template(template) => (None, Some(template.clone())),
            _ => (None, None),
        };
        let defaults = DestinationSpec::default();
        let spec = DestinationSpec {
            name: destination.name.to_string(),
            url: destination.url.clone(),
            method: destination.method.to_string(),
            headers: destination.headers.clone(),
            messages_field: messages_field.unwrap_or(defaults.messages_field),
            template,
            timeout: destination.timeout.as_secs_f64(),
            retry: RetrySpec::from(&destination.retry),
            secrets: destination.secrets.clone(),
            concurrency: destination.concurrency,
            split: destination.split,
            pace: destination.pace.map(|pace| PaceSpec {
                every: pace.every.as_secs_f64(),
                batch: pace.batch,
            }),
            ..DestinationSpec::default()
        };
        Self::by_environment(spec.masked())
    }
}

impl<T> Shown<T> {
    fn by_environment(spec: T) -> Self {
        Self {
            spec,
            version: None,
            from: From::Environment,
            removing: None,
        }
    }

    /// One that a request wrote; `spec` is masked.
    pub fn by_api(spec: T, version: u64, removing: Option<Removing>) -> Self {
        Self {
            spec,
            version: Some(version),
            from: From::Api,
            removing,
        }
    }
}

/// The answer to a removal.
#[derive(Debug, Serialize, ToSchema)]
pub struct Removed {
    /// Whether it is gone; false: it is still being drained.
    pub success: bool,
    /// For people.
    pub message: &'static str,
    /// Of a buffer: the windows that were closed or dropped. Of a destination: the lanes that were dropped, or that
    /// are still there.
    pub chats: u64,
    /// Of a buffer: the messages in those windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Of a buffer: the messages that waited for a time of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<u64>,
    /// Of a destination: the batches that were dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batches: Option<u64>,
}

fn window_spec(rules: &WindowRules) -> WindowSpec {
    WindowSpec {
        wait: rules.default_ttl.as_secs_f64(),
        max_wait: rules.max_wait.as_secs_f64(),
        max_messages: rules.max_messages,
        reset_on_message: rules.restarts,
        ..WindowSpec::default()
    }
}

/// The answer to a test of a destination.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tried {
    /// Whether a batch would count as delivered.
    pub success: bool,
    /// What was sent.
    pub request: TriedRequest,
    /// What came back.
    pub response: TriedResponse,
}

/// The call of a test, with masks in place of secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedRequest {
    /// Its method.
    pub method: String,
    /// Where it went.
    pub url: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body; a GET carries its fields as query.
    pub body: String,
}

/// What came of the call.
#[derive(Debug, Serialize, ToSchema)]
pub struct TriedResponse {
    /// The HTTP status; none: there was no answer.
    pub status: Option<u16>,
    /// How long it took, in ms.
    pub took_ms: u64,
    /// What happened, for people.
    pub summary: String,
    /// The beginning of the answer's body, or why there was no call.
    pub body: Option<String>,
}
