//! What one filling of a template is written on, and where in it the pen stands.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono_tz::Tz;
use minijinja::value::Object;
use minijinja::{Error, ErrorKind, Output, State};

use super::MOST_MADE_BYTES;
use super::escape::Escape;

/// The name of the render among the values of a filling. It begins with a space, so that no template can name it.
pub(super) const RENDER: &str = " render";

/// What the formatter and the filters know of the filling they serve.
#[derive(Debug)]
pub(super) struct Render {
    /// How values are escaped.
    pub(super) escape: Escape,
    /// The zone that dates are written in.
    pub(super) zone: Tz,
    written: Mutex<Written>,
}

impl Object for Render {}

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

impl Render {
    pub(super) fn new(escape: Escape, zone: Tz) -> Self {
        Self {
            escape,
            zone,
            written: Mutex::default(),
        }
    }

    /// Takes the render of this filling into a function.
    pub(super) fn with<T>(
        state: &State<'_, '_>,
        function: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let value = state.lookup(RENDER);
        match value.as_ref().and_then(|value| value.downcast_object_ref()) {
            Some(render) => function(render),
            None => Err(Error::new(
                ErrorKind::InvalidOperation,
                "filled without a render",
            )),
        }
    }

    /// Where `out` stands, or nothing if it leads aside, as within `{% set %} … {% endset %}`. What is written next must be
    /// one whole value as it belongs there: the pen takes it that it stands in the same place afterwards.
    pub(super) fn position(&self, out: &mut Output<'_>) -> Result<Option<Position>, Error> {
        // What is written aside does not come by the pen, not even when it is nothing.
        self.written().reached = false;
        out.write_str("")?;
        let mut written = self.written();
        written.value_comes = written.reached;
        Ok(written.reached.then_some(written.position))
    }

    /// Whether the written could not hold all that was written.
    pub(super) fn is_full(&self) -> bool {
        self.written().full
    }

    /// What was made.
    pub(super) fn take(&self) -> String {
        let made = std::mem::take(&mut self.written().made);
        // The engine writes whole texts only.
        String::from_utf8(made).unwrap_or_default()
    }

    pub(super) fn pen(&self) -> Pen<'_> {
        Pen(self)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes on the written of a render.
pub(super) struct Pen<'a>(&'a Render);

impl io::Write for Pen<'_> {
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
