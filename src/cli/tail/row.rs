//! How a delivery or a dead letter is shown on one line.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::follow::{Entry, Kind};
use crate::cli::output::{harmless, joined};

/// Wide enough for most; a longer cell moves its own row only.
const WIDTHS: [usize; 8] = [24, 12, 12, 20, 8, 8, 8, 0];
const HEADS: [&str; 8] = [
    "TIME",
    "BUFFER",
    "DESTINATION",
    "USER",
    "MESSAGES",
    "STATUS",
    "ATTEMPTS",
    "TOOK",
];

/// Whose entries are wanted.
pub(super) struct Whose<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) buffer: Option<&'a str>,
}

#[derive(Deserialize)]
struct Owner {
    user: String,
    buffer: String,
}

/// A line of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Sent(Box<RawValue>),
    DeadLetter(Box<RawValue>),
}

#[derive(Deserialize)]
struct Sent {
    sent_at: String,
    buffer: String,
    destination: String,
    user: String,
    messages: u64,
    status: Option<u16>,
    attempts: u64,
    duration_ms: u64,
}

#[derive(Deserialize)]
struct Dead<'a> {
    buried_at: String,
    buffer: String,
    destination: String,
    user: String,
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
    attempts: u64,
    reason: String,
}

impl Whose<'_> {
    /// Whether an entry is one of theirs.
    pub(super) fn includes(&self, entry: &Entry) -> Result<bool> {
        let owner: Owner = read(entry)?;
        Ok(self.user.is_none_or(|user| user == owner.user)
            && self.buffer.is_none_or(|buffer| buffer == owner.buffer))
    }
}

/// The line above all others.
pub(super) fn heads() -> String {
    joined(&HEADS.map(str::to_owned), &WIDTHS)
}

/// An entry for people.
pub(super) fn row(entry: &Entry) -> Result<String> {
    let cells = match entry.kind {
        Kind::Sent => read::<Sent>(entry)?.cells(),
        Kind::Dead => read::<Dead<'_>>(entry)?.cells(),
    };
    Ok(joined(&cells.map(|cell| harmless(&cell)), &WIDTHS))
}

/// An entry for scripts.
pub(super) fn json(entry: &Entry) -> Result<String> {
    let item = RawValue::from_string(entry.text.clone())?;
    let line = match entry.kind {
        Kind::Sent => Line::Sent(item),
        Kind::Dead => Line::DeadLetter(item),
    };
    Ok(serde_json::to_string(&line)?)
}

fn read<'a, T: Deserialize<'a>>(entry: &'a Entry) -> Result<T> {
    serde_json::from_str(&entry.text).context("an entry of another version of Lull")
}

impl Sent {
    fn cells(self) -> [String; 8] {
        let status = self.status.map(|status| status.to_string());
        [
            self.sent_at,
            self.buffer,
            self.destination,
            self.user,
            self.messages.to_string(),
            status.unwrap_or_default(),
            self.attempts.to_string(),
            format!("{} ms", self.duration_ms),
        ]
    }
}

impl Dead<'_> {
    fn cells(self) -> [String; 8] {
        [
            self.buried_at,
            self.buffer,
            self.destination,
            self.user,
            self.messages.len().to_string(),
            "dead".to_owned(),
            self.attempts.to_string(),
            self.reason,
        ]
    }
}
