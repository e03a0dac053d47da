//! Buffers and destinations as they are written by an operator, kept in Redis, and shown again: durations in seconds,
//! unknown fields refused. [`BufferSpec::check`] and [`DestinationSpec::check`] make of them what the daemons go by.

pub mod buffer;
pub mod destination;
pub mod follow_up;
pub mod masked;
pub mod pace;
pub mod retry;
pub mod schedule;
pub mod schema;
pub mod shown;
pub mod source;
pub mod window;

use std::time::Duration;

use serde::de::DeserializeOwned;
use thiserror::Error;

pub use buffer::{Buffer, BufferSpec};
pub use destination::DestinationSpec;
pub use schedule::{Schedule, ScheduleSpec};

use super::error::Code;
use crate::domain::chat::Name;
use crate::domain::destination::Destination;

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

/// The queue that the environment describes: the buffer and the destination `messages` (contract E).
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
}

impl SpecError {
    /// An error about `field`.
    pub fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            why: why.into(),
        }
    }

    /// What programs are told.
    pub fn code(&self) -> Code {
        match self.field.as_str() {
            "body" => Code::InvalidJson,
            _ => Code::InvalidField,
        }
    }
}

/// Reads a specification; `name` is the one in the URL, which the body may repeat and must not contradict.
///
/// # Errors
/// Names the field that is unknown or of the wrong kind. No value is quoted: it may be a secret.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SpecError> {
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        let quotes_a_value = text.starts_with("invalid type") || text.starts_with("invalid value");
        let why = match text.split_once(", expected") {
            Some((_, expected)) if quotes_a_value => {
                format!("a value is wrong, expected{expected}")
            }
            _ => text,
        };
        SpecError::new("body", why)
    })
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
