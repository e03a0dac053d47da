//! `POST /api/v1/message`: a message that brings its webhook and its buffer along (Buffer Service).

mod brought;
mod headers;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::core::batch::BatchId;
use crate::http::Api;
use crate::http::auth::{Need, Pass};
use crate::http::body::Whole;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::message::{ABOUT_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY, id_schema, read_headers};
use crate::ingest::IngestError;
use crate::spec::SpecError;
use brought::{Anonymous, AnonymousBody};

/// The answer of Buffer Service.
#[derive(Debug, Serialize, ToSchema)]
struct Taken {
    /// Always `success`.
    status: &'static str,
    /// Made for this answer.
    message_id: String,
    /// The window that the message is in.
    buffer_info: BufferInfo,
}

/// A window as Buffer Service shows it.
#[derive(Debug, Serialize, ToSchema)]
struct BufferInfo {
    /// How many messages it holds.
    current_size: u64,
    /// With how many it closes at once; 0: with any number.
    max_size: u64,
    /// Whole seconds until it closes.
    time_remaining: u128,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::BufferService, "/api/v1/message", take)
            .needs(Need::IngestAll)
            .says(
                "Take in a message that brings its webhook",
                "The window is counted from its first message. A webhook is kept until it was not used for a day; more than 1000 different ones are refused with 429. It always needs a key, because the message says which URL is called, unless `OPEN_BUFFER_SERVICE` is true.",
            )
            .header(IDEMPOTENCY_KEY, ABOUT_IDEMPOTENCY_KEY, id_schema())
            .body::<AnonymousBody>(&json!({
                "webhook": { "url": "https://93.184.215.14/webhook", "method": "POST", "headers": { "Authorization": "Bearer t" } },
                "buffer": { "key": "user123@domain.net", "wait_time": 20, "aggregate_field": "json.input.data.query", "max_size": 5 },
                "payload": { "json": { "input": { "data": { "query": "one thing said" } } } },
            }))
            .any_field()
            .answers::<Taken>(200, "The window that the message is in."),
    ]
}

async fn take(
    State(api): State<Api>,
    pass: Pass,
    headers: HeaderMap,
    body: Result<Whole, ApiError>,
) -> Result<Response, ApiError> {
    let taken = append(&api, &pass, &headers, body).await;
    api.noted(None, None, taken).await
}

async fn append(
    api: &Api,
    pass: &Pass,
    headers: &HeaderMap,
    body: Result<Whole, ApiError>,
) -> Result<Response, ApiError> {
    let brought = Anonymous::read(&body?.json()?, api.registry.defaults());
    let mut brought = brought.map_err(|error| refused(&error))?;
    read_headers(&mut brought.incoming, headers)?;
    let buffer = api.ingest.brought(
        &brought.buffer,
        &brought.destination,
        &brought.incoming.user,
        pass.name(),
    );
    let buffer = buffer.await.map_err(|error| match error {
        IngestError::Spec(error) => refused(&error),
        error => error.into(),
    })?;
    let appended = api.ingest.take_in(&buffer, &brought.incoming).await?;
    let answer = Taken {
        status: "success",
        message_id: BatchId::generate().to_string(),
        buffer_info: BufferInfo {
            current_size: appended.count,
            max_size: buffer.window.max_messages,
            time_remaining: appended.left.as_millis().div_ceil(1000),
        },
    };
    Ok(Json(answer).into_response())
}

/// A field is called here as the request calls it.
fn refused(error: &SpecError) -> ApiError {
    let field = match error.field.as_str() {
        "window.wait" => "buffer.wait_time",
        "window.max_messages" => "buffer.max_size",
        "url" => "webhook.url",
        "method" => "webhook.method",
        "headers" | "secrets" => "webhook.headers",
        field => field,
    };
    error.clone().about(field).into()
}
