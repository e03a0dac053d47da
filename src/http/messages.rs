//! `/api/messages`: messages that leave one by one, at a pace and in one order (IMS).

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde_json::json;

use super::Api;
use super::auth::Need;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::message::{ABOUT_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY, id_schema, read_headers};
use crate::core::batch::{Batch, BatchId, Millis};
use crate::core::incoming::Incoming;
use crate::core::item::read_items;
use crate::core::moment::rfc3339;
use crate::ingest::{QueueState, Queued};
use crate::store::dead_letters::DeadLetter;
use crate::store::history::{DELIVERED, Settlement};
use crate::store::lanes::queue::{Found, Waiting};
use crate::store::scheduled::Kept;
use crate::wire::outbound::{self, MessageAnswer, content_of_call};
use crate::wire::request_bodies::{OutboundBody, OutboundForm};

const NOT_THERE: ApiError = ApiError::NotFound(
    "there is no message with this id: it was taken back, or nothing is kept of it any more",
);

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Queue, "/api/messages", take)
            .needs(Need::Queue)
            .says(
                "Queue a message",
                "It leaves by itself to the destination `messages`, `SCHEDULER_BATCH_SIZE` in each `SCHEDULER_INTERVAL`, in the order they came. Without any keys set only this machine may queue messages, as they reach people.",
            )
            .header(IDEMPOTENCY_KEY, ABOUT_IDEMPOTENCY_KEY, id_schema())
            .body::<OutboundBody>(&json!({
                "phone_number": "+5511988887777", "content": "Your order is on its way", "message_id": "order-17",
            }))
            .any_field()
            .excluding::<OutboundBody>("send_at", "delay")
            .or_form::<OutboundForm>()
            .answers::<MessageAnswer>(201, "It is queued; `Location` names it.")
            .answers::<MessageAnswer>(200, "It was queued before: its id was seen within 24 hours."),
        Endpoint::get(Chapter::Queue, "/api/messages/{id}", show)
            .says(
                "Show a message",
                "Where a message is that leaves or left by itself.",
            )
            .answers::<MessageAnswer>(200, "The message.")
            .refusing(&[404]),
    ]
}

async fn take(
    State(api): State<Api>,
    headers: HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    api.counted(queue(&api, &headers, fields).await)
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

async fn queue(
    api: &Api,
    headers: &HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let Fields(fields) = fields?;
    let mut incoming = outbound::read(fields, api.message_max_length)?;
    read_headers(&mut incoming, headers)?;
    let Queued { id, state } = api.ingest.enqueue(&mut incoming).await?;
    if let QueueState::Leaving(at) = state {
        return Ok(created(pending(&incoming, &id, at)));
    }
    let found = api.find(&id).await?;
    let mut answer = found.unwrap_or_else(|| MessageAnswer {
        status: "unknown",
        ..about(&id, incoming.user.as_str(), text_of(&incoming), None)
    });
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

fn moment(at: Millis) -> String {
    rfc3339(at, Tz::UTC)
}

fn about(id: &BatchId, user: &str, content: Option<String>, came: Option<Millis>) -> MessageAnswer {
    MessageAnswer {
        id: id.to_string(),
        phone_number: user.to_owned(),
        content,
        created_at: came.map(moment),
        ..MessageAnswer::default()
    }
}

fn text_of(incoming: &Incoming) -> Option<String> {
    incoming.text().map(std::borrow::Cow::into_owned)
}

fn pending(incoming: &Incoming, id: &BatchId, at: Millis) -> MessageAnswer {
    MessageAnswer {
        status: "pending",
        ..about(id, incoming.user.as_str(), text_of(incoming), Some(at))
    }
}

fn scheduled(id: &BatchId, kept: &Kept) -> MessageAnswer {
    let content = serde_json::from_str(kept.message.get()).ok();
    MessageAnswer {
        status: "scheduled",
        send_at: Some(moment(kept.at)),
        ..about(id, kept.chat.id.as_str(), content, Some(kept.came))
    }
}

fn waiting_answer(waiting: &Waiting) -> MessageAnswer {
    let (batch, user) = (&waiting.batch, waiting.user.as_str());
    let tried = waiting.attempts > 0;
    MessageAnswer {
        status: "pending",
        retry_count: tried.then(|| waiting.attempts - 1),
        first_attempt_at: waiting.first_attempt.map(moment),
        ..about(&batch.id, user, content_of(batch), Some(batch.opened))
    }
}

/// The dead letter of a message that left one by one.
pub(super) fn dead_answer(dead: &DeadLetter) -> MessageAnswer {
    let (batch, letter) = (&dead.batch, &dead.letter);
    MessageAnswer {
        status: "dead",
        retry_count: Some(letter.attempts.saturating_sub(1)),
        first_attempt_at: Some(moment(letter.first_attempt)),
        buried_at: Some(moment(dead.buried())),
        reason: Some(letter.reason.clone()),
        ..about(
            &batch.id,
            &letter.chat,
            content_of(batch),
            Some(batch.opened),
        )
    }
}

/// What history tells of a message that left one by one.
pub(super) fn over_answer(Settlement { at, record, .. }: &Settlement) -> MessageAnswer {
    let delivered = record.outcome == DELIVERED;
    let call = record.request.as_ref();
    let content = call.and_then(|call| content_of_call(call.body.as_deref()?));
    let last = record.last.as_ref();
    let why = record.why.as_ref().or(last.map(|last| &last.summary));
    let id = BatchId::from_stored(&record.id);
    MessageAnswer {
        status: if delivered { "sent" } else { "dead" },
        retry_count: last.map(|last| last.number.saturating_sub(1)),
        sent_at: delivered.then(|| moment(*at)),
        buried_at: (!delivered).then(|| moment(*at)),
        reason: why.filter(|_| !delivered).cloned(),
        ..about(&id, &record.chat, content, Some(record.opened))
    }
}

/// What is to be sent; nothing of what cannot be read, which is then why it was given up on.
fn content_of(batch: &Batch) -> Option<String> {
    let item = read_items(&batch.items).ok()?.pop()?;
    serde_json::from_str(item.message.get()).ok()
}
