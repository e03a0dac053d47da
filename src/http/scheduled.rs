//! Messages that wait for their time: list them, take one back.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Api;
use super::audit::Caller;
use super::endpoint::takes::DUE;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::page::page;
use super::query::{List, ListQuery};
use crate::core::chat::Chat;
use crate::core::moment::utc;
use crate::store::DueCursor;
use crate::store::scheduled::Kept;

/// A message that waits for its time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LaterMessage {
    /// Names it in the path that takes it back.
    id: String,
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What is to be said.
    #[schema(value_type = Value)]
    message: Box<RawValue>,
    /// When it leaves (RFC 3339, UTC).
    #[schema(format = DateTime)]
    send_at: String,
    /// When it came.
    #[schema(format = DateTime)]
    received_at: String,
}

/// The answer to taking back a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Recalled<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The message.
    id: &'a str,
    /// The chat.
    user: &'a str,
    /// The buffer it belongs to.
    buffer: &'a str,
}

impl<'a> Recalled<'a> {
    pub(super) fn of(id: &'a str, chat: &'a Chat) -> Self {
        Self {
            success: true,
            message: "Taken back, it will not leave",
            id,
            user: chat.id.as_str(),
            buffer: chat.buffer.as_str(),
        }
    }
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Queue, "/api/messages/later", list)
            .says(
                "List messages for later",
                "Those that wait for a time of their own, the next to leave first.",
            )
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer"])
            .matching(&["cursor"], DUE)
            .answers_page::<LaterMessage>("A page of messages.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Queue, "/api/messages/later/{id}", recall)
            .says(
                "Take back a message for later",
                "By its `message_id`. Where messages of several chats have it, the query names one; else 409.",
            )
            .query::<ListQuery>(&["user", "buffer"])
            .answers::<Recalled<'_>>(200, "It will not leave.")
            .refusing(&[404, 409]),
    ]
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?;
    let after = list.after(DueCursor::parse)?;
    let scheduled = api.admin.scheduled(&list.filter, after, list.limit);
    Ok(page(scheduled.await?, |kept| shown(&api, kept)))
}

async fn recall(
    State(api): State<Api>,
    Caller(by): Caller,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    let filter = List::parse(&api, query).await?.filter;
    let chat = api.admin.recall(&id, &filter, &by).await?;
    Ok(Json(Recalled::of(&id, &chat)).into_response())
}

pub(super) fn shown(api: &Api, kept: Kept) -> LaterMessage {
    LaterMessage {
        token: api.admin.chat_tokens().of(&kept.chat),
        id: kept.id,
        user: kept.chat.id.as_str().to_owned(),
        buffer: kept.chat.buffer.to_string(),
        message: kept.message,
        send_at: utc(kept.at),
        received_at: utc(kept.came),
    }
}
