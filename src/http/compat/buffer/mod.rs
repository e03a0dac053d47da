//! The service Buffer: its buffers, forwardings and time zone, on top of buffers and destinations.

mod buffer_config;
mod buffers;
mod forwarded;
mod forwarding_config;
mod forwardings;
pub(in crate::http) mod names;
mod received;
mod timezone;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::http::endpoint::Endpoint;
use crate::http::page::page;
use crate::http::query::List;

/// The newest of these as their clients know them; a page like any other for those who ask for one.
fn newest<T: Serialize>(
    list: &List,
    items: impl Iterator<Item = T>,
    next_cursor: Option<String>,
) -> Response {
    if list.is_paged() {
        let items: Vec<T> = items.collect();
        return page((items, next_cursor).into(), |item| item);
    }
    let items: Vec<T> = items.take(list.limit).collect();
    Json(items).into_response()
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = [
        buffers::endpoints(),
        forwardings::endpoints(),
        forwarded::endpoints(),
        received::endpoints(),
        timezone::endpoints(),
    ];
    all.into_iter().flatten().collect()
}
