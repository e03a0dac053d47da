//! `POST /api/message`: one thing said.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use super::auth::Need;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::middleware::trace::trace_of;
use crate::core::incoming::{Incoming, check_message_id};
use crate::core::json::fields::BadInput;
use crate::wire::answer::Accepted;
use crate::wire::request_bodies::{MessageBody, MessageForm};

pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(super) const ABOUT_IDEMPOTENCY_KEY: &str =
    "The client's id for this message, where the body has no `message_id`; 1 to 512 bytes.";

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Messages, "/api/message", post)
            .needs(Need::Ingest)
            .also(&["/message", "/"])
            .says(
                "Take in a message",
                "Puts one thing said into the window of its chat in the buffer `default`; each message starts the quiet window anew, up to `MAX_WAIT` (120 s unless set) since the first. A window with `MAX_MESSAGES` (500) closes at once. With `send_at` or `delay` it leaves by itself at that time.",
            )
            .header(IDEMPOTENCY_KEY, ABOUT_IDEMPOTENCY_KEY, id_schema())
            .body::<MessageBody>(&json!({
                "user": "5511988887777", "message": "I have a question about my order", "ttl": 15,
                "message_id": "3EB0C767D82B", "sender_name": "Ana",
            }))
            .any_field()
            .excluding::<MessageBody>("send_at", "delay")
            .or_form::<MessageForm>()
            .excluding::<MessageForm>("send_at", "delay")
            .answers::<Accepted<'_>>(200, "The message is stored, or was a duplicate, or was dropped as the answer says."),
    ]
}

pub(super) async fn post(
    State(api): State<Api>,
    headers: HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    api.counted(take(&api, &headers, fields).await)
}

async fn take(
    api: &Api,
    headers: &HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let Fields(fields) = fields?;
    let mut incoming = Incoming::from_fields(fields)?;
    read_headers(&mut incoming, headers)?;
    let accepted = api.accept(api.default_buffer(), &mut incoming).await?;
    Ok(Json(accepted).into_response())
}

/// What headers tell of a message: its trace, and its id where the body has none.
pub(super) fn read_headers(incoming: &mut Incoming, headers: &HeaderMap) -> Result<(), BadInput> {
    incoming.trace = trace_of(headers);
    if let Some(key) = headers.get(IDEMPOTENCY_KEY) {
        let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
        let key = check_message_id(IDEMPOTENCY_KEY, key)?;
        incoming.message_id.get_or_insert(key);
    }
    Ok(())
}

/// The schema of an id in a header.
pub(super) fn id_schema() -> serde_json::Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 512 })
}
