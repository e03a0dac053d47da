//! Messages that wait for their time: list them, take one back.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use tracing::info;

use super::Api;
use super::audit::Caller;
use super::endpoint::takes::DUE;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::query::{List, ListQuery, page};
use crate::core::action::Action;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::moment::rfc3339;
use crate::store::audit::Act;
use crate::store::scheduled::Kept;
use crate::store::{DueCursor, PAGE_BYTES};
use crate::wire::answer::{LaterMessage, Recalled};

const NOT_THERE: ApiError =
    ApiError::NotFound("no message with this id waits for its time (any more)");

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
            .answers_page::<LaterMessage>("A page of messages."),
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
    let list = List::parse(query)?;
    let after = list.after(DueCursor::parse)?;
    let (kept, next_cursor) = api
        .store
        .kept(&list.filter, after, list.limit, PAGE_BYTES)
        .await?;
    Ok(page(kept.into_iter().map(shown), None, next_cursor))
}

async fn recall(
    State(api): State<Api>,
    Caller(by): Caller,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id?;
    let chat = match List::parse(query)?.filter {
        Filter::Chat(chat) => chat,
        filter => api.only_chat(&id, &filter).await?,
    };
    if !api.store.recall(&chat, &id).await? {
        return Err(NOT_THERE);
    }
    info!(chat = %chat.hash(), "An operator took back a message of chat {} that was to leave later", chat.hash());
    let act = Act::new(Action::MessageRecall, &by).on(&chat.hash());
    api.note(&act).await;
    Ok(Json(Recalled {
        success: true,
        message: "Taken back, it will not leave",
        id: &id,
        user: chat.id.as_str(),
        buffer: chat.buffer.as_str(),
    })
    .into_response())
}

impl Api {
    /// The chat of the message with this id, where the request does not name it.
    async fn only_chat(&self, id: &str, filter: &Filter) -> Result<Chat, ApiError> {
        let mut chats = self.store.chats_with_kept(id).await?;
        chats.retain(|chat| filter.includes(chat.buffer.as_str(), chat.id.as_str()));
        match (chats.pop(), chats.is_empty()) {
            (Some(chat), true) => Ok(chat),
            (None, _) => Err(NOT_THERE),
            (Some(_), false) => Err(ApiError::Conflict(
                "messages of several chats have this id: name one with ?user= and ?buffer="
                    .to_owned(),
            )),
        }
    }
}

pub(super) fn shown(kept: Kept) -> LaterMessage {
    LaterMessage {
        id: kept.id,
        user: kept.chat.id.as_str().to_owned(),
        buffer: kept.chat.buffer.to_string(),
        message: kept.message,
        send_at: rfc3339(kept.at, Tz::UTC),
        received_at: rfc3339(kept.came, Tz::UTC),
    }
}
