//! Output for people: lines, and columns that stand under each other. Nothing is coloured, so that a log and a terminal
//! show the same.

use std::io::{self, ErrorKind, Write};

use anyhow::{Error, Result};

/// Writes one line on stdout.
///
/// # Errors
/// When nobody reads it any more.
pub(super) fn line(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    // Whoever follows deliveries in a pipe wants each as it happens.
    Ok(out.flush()?)
}

/// Says something beside the output, on stderr.
pub(super) fn note(text: &str) {
    // That nobody reads notes is no reason to stop.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether an output ended because its reader went away.
pub(super) fn is_nobody_reading(error: &Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// A text out of a message or a name, harmless to a terminal: a chat id may hold any character.
pub(super) fn harmless(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}

/// Rows as lines, each column as wide as its widest cell; the last is as long as it is.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| harmless(cell)))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    rows.iter().map(|row| joined(row, &widths)).collect()
}

/// One row, in columns at least so wide.
pub(super) fn joined(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        line.push_str(&format!("{cell:<width$}  "));
    }
    line.trim_end().to_owned()
}

/// `1 message`, `2 messages`.
pub(super) fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [["A", "B"], ["ção", "x"], ["1", ""]].map(|row| row.map(str::to_owned));

        assert_eq!(aligned(&rows), ["A    B", "ção  x", "1"]);
    }

    #[test]
    fn nothing_can_play_with_the_terminal() {
        let rows = [["\u{1b}[2J\n".to_owned()]];

        assert_eq!(aligned(&rows), ["\u{fffd}[2J\u{fffd}"]);
    }
}
