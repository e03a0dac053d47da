//! Chats that an operator leaves to a person for a while.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use super::audit::Caller;
use super::body::OptionalFields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::query::{BufferQuery, chat_in};
use crate::core::chat::Chat;
use crate::wire::ingest_answers::Paused;
use crate::wire::pause::pause_of;
use crate::wire::request_bodies::{PauseBody, PauseForm};

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/pause", pause)
            .says(
                "Leave a chat to a person",
                "Drops its window, and what is said until the pause ends: an hour, or as long as the body says, at most a year.",
            )
            .query::<BufferQuery>(&["buffer"])
            .body::<PauseBody>(&json!({ "for": 1800 }))
            .or_form::<PauseForm>()
            .or_nothing()
            .answers::<Paused<'_>>(200, "How long, and how many messages were dropped.")
            .refusing(&[404]),
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/resume", resume)
            .says(
                "End a pause",
                "Messages of the chat are gathered again. Without a pause nothing happens.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers::<Paused<'_>>(200, "The chat is not paused.")
            .refusing(&[404]),
    ]
}

async fn pause(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let chat = chat_in(&api, user, query, |name| {
        Ok(api.admin.known_buffer(name)?)
    })?;
    let length: Duration = pause_of(fields)?;
    let messages = api.admin.pause(&chat, length, &by).await?;
    let message = "Chat paused, its window is dropped";
    Ok(answer(&chat, message, messages, Some(length)))
}

async fn resume(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let chat = chat_in(&api, user, query, |name| {
        Ok(api.admin.known_buffer(name)?)
    })?;
    let message = match api.admin.resume(&chat, &by).await? {
        true => "Chat resumed",
        false => "The chat was not paused",
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
