//! How a list is answered: a page at a time.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::admin::Page as Found;
use crate::core::batch::Millis;
use crate::core::moment::utc;

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    /// The entries.
    items: Vec<T>,
    /// How many there are in all, where that is known without reading them all.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// Pass it as `?cursor=` for the next page; null on the last.
    next_cursor: Option<String>,
    /// Of an empty page that is not the last: until here everything was looked through (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    searched_until: Option<String>,
}

/// The moment of the entry that a cursor names: each begins with it.
fn moment_of(cursor: &str) -> Option<Millis> {
    let at = cursor.split(['-', '.']).next()?;
    at.parse().ok()
}

/// The answer to a list: each entry of the page as it is shown.
pub(super) fn page<T, S: Serialize>(found: Found<T>, shown: impl FnMut(T) -> S) -> Response {
    let Found {
        items,
        total,
        next_cursor,
    } = found;
    let searched_until = next_cursor.as_deref().filter(|_| items.is_empty());
    Json(Page {
        searched_until: searched_until.and_then(moment_of).map(utc),
        items: items.into_iter().map(shown).collect::<Vec<_>>(),
        total,
        next_cursor,
    })
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cursor_begins_with_its_moment() {
        for (cursor, at) in [
            ("1763770000123-0-7", Some(1_763_770_000_123)),
            ("1763770000123.63.~", Some(1_763_770_000_123)),
            ("7.0.loja:a-b.c", Some(7)),
            ("", None),
        ] {
            assert_eq!(moment_of(cursor), at, "{cursor}");
        }
    }
}
