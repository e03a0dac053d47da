//! How a delivery, a retry, a dead letter or a post is shown on one line.

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
    user: Option<String>,
    buffer: Option<String>,
}

/// A line of `--json`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Sent(Box<RawValue>),
    DeadLetter(Box<RawValue>),
    Retry(Box<RawValue>),
    Post(Box<RawValue>),
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

#[derive(Deserialize)]
struct Retry {
    settled_at: String,
    buffer: String,
    destination: String,
    user: String,
    messages: u64,
    attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct Attempt {
    attempt: u64,
    summary: String,
}

#[derive(Deserialize)]
struct Post {
    at: String,
    buffer: Option<String>,
    user: Option<String>,
    result: String,
    reason: Option<String>,
    code: Option<String>,
}

impl Whose<'_> {
    /// Whether an entry is one of theirs.
    pub(super) fn includes(&self, entry: &Entry) -> Result<bool> {
        let owner: Owner = read(entry)?;
        let is = |wanted: Option<&str>, owner: Option<&str>| wanted.is_none() || wanted == owner;
        Ok(is(self.user, owner.user.as_deref()) && is(self.buffer, owner.buffer.as_deref()))
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
        Kind::Retry => read::<Retry>(entry)?.cells(),
        Kind::Post => read::<Post>(entry)?.cells(),
    };
    Ok(joined(&cells.map(|cell| harmless(&cell)), &WIDTHS))
}

/// An entry for scripts.
pub(super) fn json(entry: &Entry) -> Result<String> {
    let item = RawValue::from_string(entry.text.clone())?;
    let line = match entry.kind {
        Kind::Sent => Line::Sent(item),
        Kind::Dead => Line::DeadLetter(item),
        Kind::Retry => Line::Retry(item),
        Kind::Post => Line::Post(item),
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

impl Retry {
    fn cells(mut self) -> [String; 8] {
        let last = self.attempts.pop();
        let (number, summary) = last.map_or((0, String::new()), |it| (it.attempt, it.summary));
        [
            self.settled_at,
            self.buffer,
            self.destination,
            self.user,
            self.messages.to_string(),
            "retry".to_owned(),
            number.to_string(),
            summary,
        ]
    }
}

impl Post {
    /// It has no destination, and nothing was attempted.
    fn cells(self) -> [String; 8] {
        let nothing = || "-".to_owned();
        let reason = match (self.code, self.reason) {
            (Some(code), Some(reason)) => format!("{code}: {reason}"),
            (code, reason) => code.or(reason).unwrap_or_default(),
        };
        [
            self.at,
            self.buffer.unwrap_or_else(nothing),
            nothing(),
            self.user.unwrap_or_else(nothing),
            nothing(),
            self.result,
            nothing(),
            reason,
        ]
    }
}
