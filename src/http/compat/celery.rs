//! `POST /webhook`: a message as the Celery Redis buffer takes it (the Celery buffer).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::core::incoming::Incoming;
use crate::http::Api;
use crate::http::auth::Need;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::message::said_of;
use crate::http::middleware::trace::trace_of;
use crate::wire::ingest_answers::Told;
use crate::wire::request_bodies::{CeleryBody, CeleryForm};

/// The window that its clients count on.
const WINDOW: Duration = Duration::from_secs(12);

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Celery, "/webhook", take)
            .needs(Need::Ingest)
            .says(
                "Take in a message of the Celery buffer",
                "As `POST /api/message`, with a quiet window of 12 seconds.",
            )
            .body::<CeleryBody>(&json!({ "unique_id": "123", "message": "teste" }))
            .any_field()
            .excluding::<CeleryBody>("send_at", "delay")
            .or_form::<CeleryForm>()
            .answers::<Told>(200, "What became of it."),
    ]
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
    let accepted = api.ingest.accept(buffer, &mut incoming).await?;
    let message = said_of(&accepted);
    Ok(Json(Told { message }).into_response())
}
