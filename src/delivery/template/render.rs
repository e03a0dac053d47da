//! The state of rendering a template once: what is written so far, and where in it the next byte will stand.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono_tz::Tz;
use minijinja::value::Object;
use minijinja::{Error, ErrorKind, Output, State};

use super::MOST_MADE_BYTES;
use super::budget::Budget;
use super::escape::Escape;

/// Its name among the values of a rendering. It begins with a space, so that no template can name it.
pub(super) const RENDER_STATE: &str = " render_state";

/// What the formatter and the filters know of the rendering they serve.
#[derive(Debug)]
pub(super) struct RenderState {
    /// How values are escaped.
    pub(super) escape: Escape,
    /// The zone that dates are written in.
    pub(super) zone: Tz,
    /// What all steps make.
    pub(super) budget: Budget,
    written: Mutex<Written>,
}

impl Object for RenderState {}

#[derive(Debug, Default)]
struct Written {
    made: Vec<u8>,
    position: Position,
    reached: bool,
    value_comes: bool,
    full: bool,
}

/// Where in JSON the next byte will stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Position {
    /// Not in a string.
    #[default]
    Outside,
    /// In a string.
    InString,
    /// In a string, behind a backslash.
    AfterBackslash,
    /// In a string, with so many digits of a `\u` still to come.
    InUnicode(u8),
}

impl Position {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') => Self::InString,
            (Self::Outside, _) => Self::Outside,
            (Self::InString, b'"') => Self::Outside,
            (Self::InString, b'\\') => Self::AfterBackslash,
            (Self::AfterBackslash, b'u') => Self::InUnicode(4),
            (Self::InUnicode(left), _) if left > 1 => Self::InUnicode(left - 1),
            (Self::InString | Self::AfterBackslash | Self::InUnicode(_), _) => Self::InString,
        }
    }
}

impl RenderState {
    pub(super) fn new(escape: Escape, zone: Tz) -> Self {
        Self {
            escape,
            zone,
            budget: Budget::default(),
            written: Mutex::default(),
        }
    }

    /// Calls a function with the state of this rendering.
    pub(super) fn with<T>(
        state: &State<'_, '_>,
        function: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = state.lookup(RENDER_STATE);
        match value.as_ref().and_then(|value| value.downcast_object_ref()) {
            Some(rendering) => function(rendering),
            None => Err(Error::new(
                ErrorKind::InvalidOperation,
                "rendered without a state",
            )),
        }
    }

    /// Where `out` stands, or nothing if it leads aside, as within `{% set %} … {% endset %}`. What is written next must be
    /// one whole value as it belongs there: the position is taken to be the same afterwards.
    pub(super) fn position(&self, out: &mut Output<'_>) -> Result<Option<Position>, Error> {
        // What is written aside does not come by the writer, not even when it is nothing.
        self.written().reached = false;
        out.write_str("")?;
        let mut written = self.written();
        written.value_comes = written.reached;
        Ok(written.reached.then_some(written.position))
    }

    /// Whether more was written than may be, or something was made that is larger than that.
    pub(super) fn is_full(&self) -> bool {
        self.written().full || self.budget.is_one_too_large()
    }

    /// What was made.
    pub(super) fn take(&self) -> String {
        let made = std::mem::take(&mut self.written().made);
        // The engine writes whole texts only.
        String::from_utf8(made).unwrap_or_default()
    }

    pub(super) fn writer(&self) -> Writer<'_> {
        Writer(self)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what a rendering makes.
pub(super) struct Writer<'a>(&'a RenderState);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.written();
        written.reached = true;
        if written.made.len() + bytes.len() > MOST_MADE_BYTES {
            written.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        written.made.extend_from_slice(bytes);
        let is_value = std::mem::take(&mut written.value_comes);
        if self.0.escape == Escape::Json && !is_value {
            written.position = bytes
                .iter()
                .fold(written.position, |position, &byte| position.after(byte));
        }
        Ok(bytes.len())
    }

    /// The provided one would not call `write` for nothing.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_follows_strings_and_escapes() {
        use Position::{AfterBackslash, InString, InUnicode, Outside};
        for (made, position) in [
            ("", Outside),
            (r#"{"a""#, Outside),
            (r#"{"a"#, InString),
            (r#"{"a\"#, AfterBackslash),
            (r#"{"a\""#, InString),
            (r#"{"a\\"#, InString),
            (r#"{"a\\""#, Outside),
            (r#"{"\u"#, InUnicode(4)),
            (r#"{"\u12"#, InUnicode(2)),
            (r#"{"\u1234"#, InString),
            (r#"{"\u1234""#, Outside),
        ] {
            let reached = made.bytes().fold(Outside, Position::after);
            assert_eq!(reached, position, "{made}");
        }
    }
}
