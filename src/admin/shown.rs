//! What can be configured as an operator sees it: masked, with its version, and how it is being removed.

use crate::core::chat::Name;
use crate::core::destination::{Body, Destination};
use crate::core::window::WindowRules;
use crate::spec::buffer::Order;
use crate::spec::pace::PaceSpec;
use crate::spec::retry::RetrySpec;
use crate::spec::window::WindowSpec;
use crate::spec::{Buffer, BufferSpec, DestinationSpec};
use crate::store::config::removals::Removal;

/// A buffer, destination or schedule as it is shown.
#[derive(Debug)]
pub struct Shown<T> {
    /// What was written, masked.
    pub spec: T,
    /// The version of the configuration that its last write made; none for what the environment describes.
    pub version: Option<u64>,
    /// How it is being removed; none: it is not.
    pub removing: Option<Removal>,
}

/// A destination as it is shown.
#[derive(Debug)]
pub enum DestinationDetail {
    /// One that this daemon knows all about.
    Known(Box<Shown<DestinationSpec>>),
    /// One of the environment that only monitor is told of.
    Untold(Name),
}

impl Shown<BufferSpec> {
    /// A buffer that the environment describes.
    pub(super) fn buffer_of_environment(buffer: &Buffer) -> Self {
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
    pub(super) fn destination_of_environment(destination: &Destination) -> Self {
        let (messages_field, template) = match &destination.body {
            Body::Payload { messages_field, .. } => (Some(messages_field.clone()), None),
            Body::Template(template) => (None, Some(template.clone())),
            _ => (None, None),
        };
        let defaults = DestinationSpec::default();
        let spec = DestinationSpec {
            name: destination.name.to_string(),
            url: destination.url.clone(),
            method: Some(destination.method.to_string()),
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
            removing: None,
        }
    }
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
