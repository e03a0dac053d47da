//! Buffers and destinations as they are written by an operator, kept in Redis, and shown again: durations in seconds,
//! unknown fields refused. [`BufferSpec::check`] and [`DestinationSpec::check`] make of them what the daemons go by.

pub mod amqp;
pub mod buffer;
pub mod destination;
pub mod follow_up;
pub mod masked;
pub mod pace;
pub mod retry;
pub mod scalars;
pub mod schedule;
pub mod source;
pub mod window;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::error::Category;
use thiserror::Error;

pub use buffer::{Buffer, BufferSpec};
pub use destination::DestinationSpec;
pub use schedule::{Schedule, ScheduleSpec};

use crate::core::chat::Name;
use crate::core::code::Code;
use crate::core::destination::Destination;

/// The longest that any time may be, in seconds: beyond ten years somebody has mixed up seconds and milliseconds.
pub const LONGEST: f64 = 315_360_000.0;

/// What the environment describes.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The buffer `default`; its limits hold for all.
    pub buffer: Buffer,
    /// The destination `default`, where this daemon is told of it.
    pub destination: Option<Destination>,
    /// The queue of messages that leave one by one.
    pub messages: Messages,
}

/// The queue that the environment describes: the buffer and the destination `messages` (IMS).
#[derive(Clone, Debug)]
pub struct Messages {
    /// The buffer, which has no windows.
    pub buffer: Buffer,
    /// The destination, where this daemon is told of it.
    pub destination: Option<Destination>,
    /// Without, nothing leaves until an operator has started everything once.
    pub starts_by_itself: bool,
}

impl Defaults {
    /// The buffers in it.
    pub fn buffers(&self) -> [&Buffer; 2] {
        [&self.buffer, &self.messages.buffer]
    }

    /// The destinations in it that this daemon is told of.
    pub fn destinations(&self) -> impl Iterator<Item = &Destination> {
        [&self.destination, &self.messages.destination]
            .into_iter()
            .flatten()
    }
}

/// What is wrong with a buffer or a destination, and with which field of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{field}: {why}")]
pub struct SpecError {
    /// The path of the field; `body` for the whole.
    pub field: String,
    /// What is wrong, and what to do.
    pub why: String,
    /// What programs are told.
    pub code: Code,
}

impl SpecError {
    /// An error about `field`.
    pub fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            why: why.into(),
            code: Code::InvalidField,
        }
    }

    /// The path of the field; none: the whole cannot be read.
    pub fn field_name(&self) -> Option<&str> {
        // A schedule has a field of the name body.
        (self.code != Code::InvalidJson).then_some(&*self.field)
    }

    /// The same error about a field of another name.
    pub fn about(self, field: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            ..self
        }
    }
}

/// Reads a specification.
///
/// # Errors
/// Names the field that is unknown, missing or of the wrong kind by its path, such as `window.wait`, and no place in the
/// body, which may have been put together of what was sent and what was there. No value is quoted: it may be a secret.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SpecError> {
    // What is sound, which most of it is, is read without noting where.
    serde_json::from_slice(body).map_err(|error| {
        let mut body = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(&mut body) {
            Err(error) => unreadable(&error.path().to_string(), error.inner()),
            // Something stands behind it.
            Ok(_) => unreadable(WHOLE, &error),
        }
    })
}

/// The path of the whole.
const WHOLE: &str = ".";
/// The longest path that an answer repeats.
const LONGEST_PATH: usize = 128;

fn unreadable(path: &str, error: &serde_json::Error) -> SpecError {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(text, _)| text);
    let is_whole = path == WHOLE;
    if error.classify() != Category::Data {
        return SpecError {
            code: Code::InvalidJson,
            ..SpecError::new("body", text)
        };
    }
    if let Some(name) = text.strip_prefix("missing field `") {
        let name = name.trim_end_matches('`');
        let field = if is_whole {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        return SpecError {
            code: Code::MissingField,
            ..SpecError::new(field, "is missing")
        };
    }
    let quotes_a_value = text.starts_with("invalid type") || text.starts_with("invalid value");
    let why = match text.split_once(", expected") {
        Some((_, expected)) if quotes_a_value => format!("is wrong, expected{expected}"),
        _ => text.to_owned(),
    };
    let code = match () {
        () if text.starts_with("unknown field") => Code::UnknownField,
        () if is_whole => Code::InvalidJson,
        () => Code::InvalidField,
    };
    let field = if is_whole {
        "body".to_owned()
    } else {
        path.chars().take(LONGEST_PATH).collect()
    };
    SpecError { field, why, code }
}

/// The name of a buffer or destination.
fn name(text: &str) -> Result<Name, SpecError> {
    Name::parse(text).map_err(|error| SpecError::new("name", error.to_string()))
}

/// A time in seconds, whole or fractional, from `least` up.
fn seconds(field: &str, value: f64, least: f64) -> Result<Duration, SpecError> {
    let duration = Duration::try_from_secs_f64(value).ok();
    match duration {
        Some(duration) if value >= least && value <= LONGEST => Ok(duration),
        _ => Err(SpecError::new(
            field,
            format!("must be a number of seconds from {least} to {LONGEST}"),
        )),
    }
}
