//! The service Buffer: its buffers, forwardings and time zone, on top of buffers and destinations.

mod buffers;
mod forwarded;
mod forwardings;
mod received;
mod timezone;

use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::Serialize;

use crate::http::Api;
use crate::http::query::{List, page};

/// The newest of these as their clients know them; a page like any other for those who ask for one.
fn newest<T: Serialize>(
    list: &List,
    items: impl Iterator<Item = T>,
    next_cursor: Option<String>,
) -> Response {
    if list.is_paged() {
        return page(items, None, next_cursor);
    }
    let items: Vec<T> = items.take(list.limit).collect();
    Json(items).into_response()
}

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(
            "/api/buffer-configs",
            get(buffers::list).post(buffers::create),
        )
        .route(
            "/api/buffer-configs/{id}",
            put(buffers::change).delete(buffers::remove),
        )
        .route(
            "/api/forwarding-configs",
            get(forwardings::list).post(forwardings::create),
        )
        .route(
            "/api/forwarding-configs/{id}",
            put(forwardings::change).delete(forwardings::remove),
        )
        .route("/api/messages/forwarded", get(forwarded::list))
        .route("/api/messages/received", get(received::list))
        .route(
            "/api/settings/timezone",
            get(timezone::show).post(timezone::write),
        )
}
