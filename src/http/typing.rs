//! `POST /api/typing`: a typing signal.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use super::auth::Need;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::core::chat::Chat;
use crate::telemetry::log::note_chat;
use crate::wire::answer::Held;
use crate::wire::request_bodies::{TypingBody, TypingForm};
use crate::wire::typing::Typing;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Messages, "/api/typing", post)
            .needs(Need::Ingest)
            .says(
                "Hold a window while somebody types",
                "Keeps an open window of the buffer `default` open for 10 s more, never past its cap. Without an open window nothing happens.",
            )
            .body::<TypingBody>(&json!({ "user": "5511988887777", "typing": true }))
            .or_form::<TypingForm>()
            .answers::<Held<'_>>(200, "Whether there was a window to hold."),
    ]
}

pub(super) async fn post(
    State(api): State<Api>,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let typing = Typing::from_fields(fields)?;
    let chat = Chat::of_default(typing.user);
    note_chat(&chat);

    let left = api.ingest.hold(&chat, typing.typing).await?;

    let answer = Held {
        success: true,
        message: if left.is_some() {
            "Window held"
        } else {
            "No open window"
        },
        user: chat.id.as_str(),
        open: left.is_some(),
        expires_in: left.map(|left| left.as_secs_f64()),
    };
    Ok(Json(answer).into_response())
}
