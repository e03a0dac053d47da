//! `POST /webhook`: a message as the Celery Redis buffer takes it (the Celery buffer).

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};

use crate::core::incoming::Incoming;
use crate::http::Api;
use crate::http::body::Fields;
use crate::http::error::ApiError;
use crate::http::middleware::trace::trace_of;
use crate::wire::ingest_answers::Told;

/// The window that its clients count on.
const WINDOW: Duration = Duration::from_secs(12);

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/webhook", post(take))
}

async fn take(
    State(api): State<Api>,
    headers: HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    api.counted(append(&api, &headers, fields).await)
}

async fn append(
    api: &Api,
    headers: &HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let Fields(fields) = fields?;
    let (mut incoming, buffer) = (Incoming::from_unique_id(fields)?, api.default_buffer());
    incoming.trace = trace_of(headers);
    let window = WINDOW.min(buffer.window.max_ttl);
    incoming.ttl.get_or_insert(window.as_secs_f64());
    let message = api.accept(buffer, &mut incoming).await?.message;
    Ok(Json(Told { message }).into_response())
}
