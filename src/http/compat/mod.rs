//! The systems that Lull replaces, as their clients call them: each under its own paths, on top of what Lull has.

mod buffer;
mod buffer_service;
mod celery;

use axum::Router;

use super::Api;
pub(super) use buffer_service::Noted;

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .merge(buffer::routes())
        .merge(buffer_service::routes())
        .merge(celery::routes())
}
