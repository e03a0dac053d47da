//! Where something stands in a trace that spans several programs, as they tell each other in the headers `traceparent`
//! and `tracestate` (W3C Trace Context).
//!
//! Our own, because this is all that is needed where traces are only passed on: nothing is begun, and nothing exported.
//! What cannot be read is as if it had not come, as the standard asks for; a trace is never worth a refused message.

use std::fmt;

/// The header, and what stands in [`TraceContext::traceparent`].
pub const TRACEPARENT: &str = "traceparent";
/// The header that may come beside it, and what stands in [`TraceContext::state`].
pub const TRACESTATE: &str = "tracestate";

/// Characters of a `traceparent` as of version 00; those of later versions may have more behind a dash.
const LENGTH: usize = 55;
/// The flags there are: sampled, and that the trace id is random. Others are not passed on.
const FLAGS: u8 = 0b11;
/// Entries of a `tracestate`, by the standard.
const MOST_ENTRIES: usize = 32;
/// Characters of a `tracestate` that are passed on: what the standard promises to all.
const MOST_STATE: usize = 512;
/// Characters of a key, and of a value.
const MOST_OF_AN_ENTRY: usize = 256;

/// A span in a trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
    state: Option<Box<str>>,
}

impl TraceContext {
    /// A span in a trace; `None` where one of the ids is zero, which is nobody's.
    pub fn new(trace_id: u128, span_id: u64, flags: u8) -> Option<Self> {
        (trace_id != 0 && span_id != 0).then_some(Self {
            trace_id,
            span_id,
            flags: flags & FLAGS,
            state: None,
        })
    }

    /// Reads a header `traceparent`.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let (version, rest) = (hex(traceparent, 0, 2)?, traceparent.get(LENGTH..)?);
        let is_whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            // Of a version to come the beginning can be read, too.
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let has_dashes = [2, 35, 52]
            .iter()
            .all(|&at| traceparent.as_bytes()[at] == b'-');
        if !is_whole || !has_dashes {
            return None;
        }
        let trace_id = hex(traceparent, 3, 32)?;
        let span_id = u64::try_from(hex(traceparent, 36, 16)?).ok()?;
        let flags = u8::try_from(hex(traceparent, 53, 2)?).ok()?;
        Self::new(trace_id, span_id, flags)
    }

    /// The same with what a header `tracestate` says, several with commas between them; nothing of one that is not as
    /// it should be.
    #[must_use]
    pub fn with_state(mut self, tracestate: &str) -> Self {
        self.state = state(tracestate);
        self
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn from_stored(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            Some((traceparent, state)) => Some(Self::parse(traceparent)?.with_state(state)),
            None => Self::parse(text),
        }
    }

    /// Another span in the same trace.
    #[must_use]
    pub fn child(&self, span_id: u64) -> Self {
        Self {
            // Zero is nobody's.
            span_id: span_id.max(1),
            ..self.clone()
        }
    }

    /// The header `traceparent`.
    pub fn traceparent(&self) -> String {
        let (trace, span, flags) = (self.trace_id, self.span_id, self.flags);
        format!("00-{trace:032x}-{span:016x}-{flags:02x}")
    }

    /// The header `tracestate`, if there is one.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The trace, which all of its spans have in common.
    pub fn trace_id(&self) -> TraceId {
        TraceId(self.trace_id)
    }

    /// The span.
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// The flags: 1 is sampled, 2 that the trace id is random.
    pub fn flags(&self) -> u8 {
        self.flags
    }
}

/// As it lies in Redis, with its message: the one header, and the other behind a space.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent())?;
        match &self.state {
            Some(state) => write!(f, " {state}"),
            None => Ok(()),
        }
    }
}

/// Names a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(pub u128);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Digits in lower case, which alone are allowed.
fn hex(text: &str, at: usize, length: usize) -> Option<u128> {
    let digits = text.get(at..at + length)?;
    let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    let are_digits = digits.bytes().all(is_digit);
    are_digits.then(|| u128::from_str_radix(digits, 16).ok())?
}

/// The entries of a `tracestate`, newest first, as far as there is room.
fn state(text: &str) -> Option<Box<str>> {
    let entries = text.split(',').map(|entry| entry.trim_matches([' ', '\t']));
    let entries: Vec<&str> = entries.filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() || entries.len() > MOST_ENTRIES {
        return None;
    }
    let mut kept = String::new();
    for (at, entry) in entries.iter().enumerate() {
        let key = key_of(entry)?;
        if entries[..at].iter().any(|other| key_of(other) == Some(key)) {
            return None;
        }
        // Whoever wrote last stands in front, so the oldest go first.
        if kept.len() + entry.len() < MOST_STATE {
            kept.push_str(if kept.is_empty() { "" } else { "," });
            kept.push_str(entry);
        }
    }
    (!kept.is_empty()).then(|| kept.into())
}

/// The key of an entry, if all of the entry is as it should be.
fn key_of(entry: &str) -> Option<&str> {
    let (key, value) = entry.split_once('=')?;
    let begins = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let goes_on = |c: u8| begins(c) || b"_-*/@".contains(&c);
    let key_fits = key.bytes().next().is_some_and(begins)
        && key.bytes().all(goes_on)
        && key.len() <= MOST_OF_AN_ENTRY;
    let value_fits = (1..=MOST_OF_AN_ENTRY).contains(&value.len())
        && value
            .bytes()
            .all(|c| (b' '..=b'~').contains(&c) && c != b'=');
    (key_fits && value_fits).then_some(key)
}

#[cfg(test)]
mod tests;
