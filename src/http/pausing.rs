//! Chats that an operator leaves to a person for a while.

use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use tracing::info;

use super::Api;
use super::body::OptionalFields;
use super::error::ApiError;
use crate::domain::chat::{Chat, ChatId, Name};
use crate::wire::pause::pause_of;
use crate::wire::ways_in::Paused;

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/chats/{user}/pause", post(pause))
        .route("/api/chats/{user}/resume", post(resume))
}

#[derive(Deserialize)]
struct Which {
    buffer: Option<String>,
}

async fn pause(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let chat = chat(&api, user, which)?;
    let length: Duration = pause_of(fields)?;
    let messages = api.store.pause(&chat, length).await?;
    info!(chat = %chat.hash(), "An operator paused chat {}", chat.hash());
    let message = "Chat paused, its window is dropped";
    Ok(answer(&chat, message, messages, Some(length)))
}

async fn resume(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, ApiError> {
    let chat = chat(&api, user, which)?;
    let message = if api.store.resume(&chat).await? {
        info!(chat = %chat.hash(), "An operator resumed chat {}", chat.hash());
        "Chat resumed"
    } else {
        "The chat was not paused"
    };
    Ok(answer(&chat, message, 0, None))
}

fn answer(chat: &Chat, message: &'static str, messages: u64, length: Option<Duration>) -> Response {
    Json(Paused {
        success: true,
        message,
        user: chat.id.as_str(),
        buffer: chat.buffer.as_str(),
        messages,
        paused_for: length.map(|length| length.as_secs_f64()),
    })
    .into_response()
}

/// The chat of a path, in the buffer that the query names or in `default`.
fn chat(
    api: &Api,
    user: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Chat, ApiError> {
    let (Path(user), Query(Which { buffer })) = (user?, which?);
    let id = ChatId::parse(&user).map_err(|error| ApiError::BadRequest(format!("user {error}")))?;
    let Some(buffer) = buffer else {
        return Ok(Chat::of_default(id));
    };
    let name = Name::parse(&buffer).ok();
    match name.filter(|name| api.catalogs.get().buffer(name).is_some()) {
        Some(buffer) => Ok(Chat { buffer, id }),
        None => Err(ApiError::NoBuffer(format!(
            "there is no buffer {buffer:?}: configure it, or name another"
        ))),
    }
}
