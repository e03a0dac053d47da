//! How a text is spelt where a program reads it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is spelt otherwise in a part of a path: all but what names and ids are made of.
const SPELT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// As one word for the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// As a part of a path, whatever somebody wrote for it.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SPELT).to_string()
}
