//! `GET /api/paused`: the chats that are left to a person.

use std::time::Duration;

use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::endpoint::takes::DUE;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::page::page;
use super::query::{List, ListQuery};
use crate::core::moment::{seconds, utc};
use crate::core::paused_by::PausedBy;
use crate::store::DueCursor;
use crate::store::chats::paused_list::PausedChat;

/// A chat that is left to a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PausedChat)]
struct PausedChatAnswer {
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What stands for the chat in logs.
    hash: String,
    /// Until when (RFC 3339, UTC).
    #[schema(format = DateTime)]
    until: String,
    /// Seconds until then.
    paused_for: f64,
    /// When it was paused, or its pause made longer; null: nobody has noted it.
    #[schema(format = DateTime)]
    paused_at: Option<String>,
    /// Who did that; null: nobody has noted it.
    by: Option<PausedBy>,
    /// The name of the operator's key; null where it was nobody's, or an own message paused the chat.
    key: Option<String>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/paused", list)
            .says(
                "List paused chats",
                "Those that are left to a person, the next to go on first. A page may hold less than `limit` and still have a `next_cursor`: looking further would have taken too long.",
            )
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer"])
            .matching(&["cursor"], DUE)
            .answers_page::<PausedChatAnswer>("A page of chats.")
            .refusing(&[404, 409]),
    ]
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?;
    let after = list.after(DueCursor::parse)?;
    let paused = api.admin.paused(&list.filter, after, list.limit);
    Ok(page(paused.await?, |it| shown(&api, it)))
}

fn shown(api: &Api, paused: PausedChat) -> PausedChatAnswer {
    let PausedChat {
        chat,
        until,
        by,
        now,
    } = paused;
    PausedChatAnswer {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        token: api.admin.chat_tokens().of(&chat),
        hash: chat.hash().to_string(),
        until: utc(until),
        paused_for: seconds(Duration::from_millis(until.saturating_sub(now))),
        paused_at: by.as_ref().map(|(at, _)| utc(*at)),
        by: by.as_ref().map(|(_, by)| by.kind()),
        key: by.and_then(|(_, by)| by.key()),
    }
}
