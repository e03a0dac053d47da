//! `POST /webhook`: a message as the Celery Redis buffer takes it (the Celery buffer).

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::core::incoming::Incoming;
use crate::http::Api;
use crate::http::auth::Need;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::message::said_of;
use crate::http::middleware::trace::trace_of;
use crate::http::scalars::{ChatKey, Delay, MessageId, Moment, Sayable, Ttl};

/// The window that its clients count on.
const WINDOW: Duration = Duration::from_secs(12);

/// One thing said, as the Celery Redis buffer takes it.
///
/// Read by [`Incoming::from_unique_id`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = CeleryMessage, description = "One thing said. Any field beside these is passed through to the webhook. `send_at` and `delay` exclude each other.")]
struct CeleryBody {
    /// The chat.
    unique_id: ChatKey,
    /// What was said: any JSON but null and the empty text.
    message: Sayable,
    /// The quiet window after this message; without it 12 seconds.
    #[schema(required = false)]
    ttl: Ttl,
    /// The client's id for this message: a second one with the same id within `IDEMPOTENCY_WINDOW` (24 hours) changes nothing.
    #[schema(required = false)]
    message_id: MessageId,
    /// When it is to leave by itself.
    #[schema(required = false)]
    send_at: Moment,
    /// In how many seconds it is to leave by itself.
    #[schema(required = false)]
    delay: Delay,
}

/// See [`CeleryBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(
    description = "One thing said, as a form. Any field beside these is passed through to the webhook as a text."
)]
struct CeleryForm {
    /// The chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    unique_id: String,
    /// What was said.
    #[schema(min_length = 1)]
    message: String,
}

/// The answer of the Celery buffer.
#[derive(Debug, Serialize, ToSchema)]
struct Told {
    /// For people.
    message: &'static str,
}

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
    let taken = append(&api, &headers, fields).await;
    api.noted(Some(&api.default_buffer().name), None, taken)
        .await
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
