//! `/api/messages`: messages that leave one by one, at a pace and in one order (IMS).

mod answers;
pub(super) mod body;
mod list;

use std::borrow::Cow;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::core::batch::BatchId;
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::auth::Need;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::message::{ABOUT_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY, id_schema, read_headers};
use crate::http::scheduled::Recalled;
use crate::ingest::{QueueState, Queued};
use crate::store::lanes::queue::Found;

pub(super) use answers::{MessageAnswer, OfQueue, dead_answer, over_answer};
use answers::{pending, scheduled, unknown, waiting_answer};
use body::{OutboundBody, OutboundForm, queued_of};

const NOT_THERE: ApiError = ApiError::NotFound(Cow::Borrowed(
    "there is no message with this id: it was taken back, or nothing is kept of it any more",
));

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Queue, "/api/messages", take)
            .needs(Need::Queue)
            .says(
                "Queue a message",
                "It leaves by itself to the destination `messages`, `SCHEDULER_BATCH_SIZE` in each `SCHEDULER_INTERVAL`, in the order they came. It always needs a key, because it reaches people, unless `OPEN_BUFFER_SERVICE` is true.",
            )
            .header(IDEMPOTENCY_KEY, ABOUT_IDEMPOTENCY_KEY, id_schema())
            .body::<OutboundBody>(&json!({
                "phone_number": "+5511988887777", "content": "Your order is on its way", "message_id": "order-17",
            }))
            .any_field()
            .excluding::<OutboundBody>("send_at", "delay")
            .or_form::<OutboundForm>()
            .answers::<MessageAnswer>(201, "It is queued; `Location` names it.")
            .answers::<MessageAnswer>(200, "It was queued before: its id was seen within `IDEMPOTENCY_WINDOW` (24 hours)."),
        list::endpoint(),
        Endpoint::get(Chapter::Queue, "/api/messages/{id}", show)
            .says(
                "Show a message",
                "Where a message is that leaves or left by itself.",
            )
            .answers::<MessageAnswer>(200, "The message.")
            .refusing(&[404]),
        Endpoint::delete(Chapter::Queue, "/api/messages/{id}", recall)
            .says(
                "Take back a message",
                "One that waits for its time, or in the queue for its first attempt. It may be posted again under its id. What is being tried, or was tried before, cannot be taken back.",
            )
            .answers::<Recalled<'_>>(200, "It will not leave.")
            .refusing(&[404, 409]),
    ]
}

async fn take(
    State(api): State<Api>,
    headers: HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let taken = queue(&api, &headers, fields).await;
    let buffer = &api.registry.defaults().messages.buffer;
    api.noted(Some(&buffer.name), None, taken).await
}

async fn show(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    let id = BatchId::parse(&id).ok_or(NOT_THERE)?;
    let found = api.find(&id).await?.ok_or(NOT_THERE)?;
    Ok(Json(found).into_response())
}

async fn recall(
    State(api): State<Api>,
    Caller(by): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    let named = BatchId::parse(&id).ok_or(NOT_THERE)?;
    let chat = api.admin.recall_queued(&named, &by).await?;
    Ok(Json(Recalled::of(&id, &chat)).into_response())
}

async fn queue(
    api: &Api,
    headers: &HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let Fields(fields) = fields?;
    let mut incoming = queued_of(fields, api.message_max_length)?;
    read_headers(&mut incoming, headers)?;
    let Queued { id, state } = api.ingest.enqueue(&mut incoming).await?;
    if let QueueState::Leaving(at) = state {
        return Ok(created(pending(&incoming, &id, at)));
    }
    let found = api.find(&id).await?;
    let mut answer = found.unwrap_or_else(|| unknown(&incoming, &id));
    if state == QueueState::Waiting {
        return Ok(created(answer));
    }
    answer.duplicate = true;
    Ok(Json(answer).into_response())
}

impl Api {
    async fn find(&self, id: &BatchId) -> Result<Option<MessageAnswer>, ApiError> {
        let found = self.admin.queued_message(id).await?;
        Ok(found.map(|found| match found {
            Found::Later(kept) => scheduled(id, &kept),
            Found::Waiting(waiting) => waiting_answer(&waiting),
            Found::Dead(dead) => dead_answer(&dead),
            Found::Over(settlement) => over_answer(&settlement),
        }))
    }
}

fn created(answer: MessageAnswer) -> Response {
    let at = [(LOCATION, format!("/api/messages/{}", answer.id))];
    (StatusCode::CREATED, at, Json(answer)).into_response()
}
