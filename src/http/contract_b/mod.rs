//! Contract B: its buffers, forwardings and time zone, on top of buffers and destinations.

mod buffers;
mod forwarded;
mod forwardings;
mod timezone;

use axum::Router;
use axum::routing::{get, put};

use super::Api;

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
        .route(
            "/api/settings/timezone",
            get(timezone::show).post(timezone::write),
        )
}
