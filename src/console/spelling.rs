//! How a text is spelt where a program reads it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// As one word for the shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// As a part of a path, whatever somebody wrote for it.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}
