//! `POST /api/typing`: a typing signal.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::body::Fields;
use super::error::ApiError;
use super::middleware::requests::note_chat;
use crate::core::chat::Chat;
use crate::wire::answer::Held;
use crate::wire::typing::Typing;

/// A typing person is waited for this long; the presence of WhatsApp's clients ends after as much without renewal.
pub(super) const HOLD: Duration = Duration::from_secs(10);

pub(super) async fn post(
    State(api): State<Api>,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let typing = Typing::from_fields(fields)?;
    let chat = Chat::of_default(typing.user);
    note_chat(&chat);

    let left = api.store.hold(&chat, typing.typing.then_some(HOLD)).await?;

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
