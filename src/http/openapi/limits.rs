//! Bounds that a setting decides: the document names those of the api that sends it.

use std::collections::BTreeMap;
use std::time::Duration;

use utoipa::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

/// A field: the name of its schema, and the way down from there.
type Field = (&'static str, &'static [&'static str]);

/// Quiet windows, which `MAX_TTL` bounds.
const QUIET_WINDOWS: [Field; 6] = [
    ("AnonymousBuffer", &["wait_time"]),
    ("BufferConfig", &["max_time"]),
    ("NewBufferConfig", &["max_time"]),
    ("ShownBuffer", &["window", "wait"]),
    ("Ttl", &[]),
    ("WindowSpec", &["wait"]),
];

/// Texts of queued messages, which `MESSAGE_MAX_LENGTH` bounds.
const CONTENTS: [Field; 2] = [
    ("OutboundForm", &["content"]),
    ("QueuedMessage", &["content"]),
];

/// The limits of an api.
pub(super) struct Limits {
    /// The longest quiet window.
    pub(super) max_ttl: Duration,
    /// Most characters of a queued message.
    pub(super) message_max_length: usize,
}

impl Limits {
    /// Sets the bounds of the fields that they bound.
    pub(super) fn set(&self, schemas: &mut BTreeMap<String, RefOr<Schema>>) {
        let seconds = match usize::try_from(self.max_ttl.as_secs()) {
            Ok(seconds) if self.max_ttl.subsec_nanos() == 0 => Number::UInt(seconds),
            _ => Number::Float(self.max_ttl.as_secs_f64()),
        };
        for field in QUIET_WINDOWS {
            if let Some(field) = found(schemas, field) {
                field.maximum = Some(seconds.clone());
            }
        }
        for field in CONTENTS {
            if let Some(field) = found(schemas, field) {
                field.max_length = Some(self.message_max_length);
            }
        }
    }
}

fn found(
    schemas: &mut BTreeMap<String, RefOr<Schema>>,
    (name, path): Field,
) -> Option<&mut Object> {
    let schema = object(schemas.get_mut(name)?)?;
    path.iter().try_fold(schema, |schema, &name| {
        object(schema.properties.get_mut(name)?)
    })
}

fn object(schema: &mut RefOr<Schema>) -> Option<&mut Object> {
    match schema {
        RefOr::T(Schema::Object(object)) => Some(object),
        _ => None,
    }
}
