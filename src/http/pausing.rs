//! Chats that an operator leaves to a person for a while.

use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tracing::info;

use super::Api;
use super::audit::Caller;
use super::body::OptionalFields;
use super::error::ApiError;
use super::query::{BufferQuery, chat_in};
use crate::core::chat::{Chat, Name};
use crate::store::audit::Act;
use crate::wire::ingest_answers::Paused;
use crate::wire::pause::pause_of;

/// The routes of this room.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/api/chats/{user}/pause", post(pause))
        .route("/api/chats/{user}/resume", post(resume))
}

async fn pause(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
    OptionalFields(fields): OptionalFields,
) -> Result<Response, ApiError> {
    let chat = chat_in(&api, user, query, |name| api.known_buffer(name))?;
    let length: Duration = pause_of(fields)?;
    let messages = api.pause(&chat, length).await?;
    info!(chat = %chat.hash(), "An operator paused chat {}", chat.hash());
    let act = Act::new("chat.pause", &by).on(&chat.hash());
    api.note(&act.times(messages)).await;
    let message = "Chat paused, its window is dropped";
    Ok(answer(&chat, message, messages, Some(length)))
}

async fn resume(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let chat = chat_in(&api, user, query, |name| api.known_buffer(name))?;
    let message = if api.store.resume(&chat).await? {
        info!(chat = %chat.hash(), "An operator resumed chat {}", chat.hash());
        api.note(&Act::new("chat.resume", &by).on(&chat.hash()))
            .await;
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

impl Api {
    /// Pauses a chat, if it may be; answers how many messages its window held, which is dropped.
    pub(super) async fn pause(&self, chat: &Chat, length: Duration) -> Result<u64, ApiError> {
        let _turn = self.pauses.admit(chat).await?;
        Ok(self.store.pause(chat, length).await?)
    }

    /// The name of a buffer that there is.
    fn known_buffer(&self, name: &str) -> Result<Name, ApiError> {
        let snapshot = self.registry.get();
        let known = Name::parse(name).ok();
        let known = known.filter(|name| snapshot.buffer(name).is_some());
        known.ok_or_else(|| ApiError::no_buffer(name))
    }
}
