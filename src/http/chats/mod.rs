//! Chats: their open windows, listed, closed now, told to wait longer or dropped; and how a bot asks about one.

mod current;
mod extending;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::core::chat::Chat;
use crate::core::moment::{seconds, utc};
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::endpoint::takes::DUE;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::named_chat::{BufferQuery, any_buffer, chat_meant};
use crate::http::page::page;
use crate::http::query::{List, ListQuery};
use crate::store::DueCursor;
use crate::store::chats::erasing::Erased;
use crate::store::windows::open::Window;

/// One open window.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenWindow {
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What stands for the chat in the logs.
    hash: String,
    /// How many messages it holds.
    messages: u64,
    /// When its first message came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    opened: String,
    /// When it closes if nothing more is said (RFC 3339, UTC).
    #[schema(format = DateTime)]
    deadline: String,
    /// Seconds until then; 0 when it is being closed.
    expires_in: f64,
}

/// The answer to a flush or a cancel.
#[derive(Debug, Serialize, ToSchema)]
struct Closed<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat.
    user: &'a str,
    /// How many messages were sent on or dropped; 0 when no window was open.
    messages: u64,
}

/// The answer to an erasing.
#[derive(Debug, Serialize, ToSchema)]
struct ErasedAnswer<'a> {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// The chat.
    user: &'a str,
    /// What there was of it.
    erased: ErasedCounts,
}

/// What was erased of a chat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Erased)]
struct ErasedCounts {
    /// Messages in its open window.
    messages: u64,
    /// Messages that waited for a time of their own.
    later: u64,
    /// Batches on lanes.
    batches: u64,
    /// Dead letters.
    dead_letters: u64,
    /// Entries of the history.
    history: u64,
    /// Messages in the list of what was received.
    received: u64,
    /// Posts that were not taken.
    posts: u64,
    /// Aliases that stood for it.
    aliases: u64,
    /// When it was last heard from, and a pause.
    states: u64,
}

impl From<Erased> for ErasedCounts {
    fn from(erased: Erased) -> Self {
        let Erased {
            messages,
            later,
            batches,
            dead_letters,
            history,
            received,
            posts,
            aliases,
            states,
        } = erased;
        Self {
            messages,
            later,
            batches,
            dead_letters,
            history,
            received,
            posts,
            aliases,
            states,
        }
    }
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let windows = vec![
        Endpoint::get(Chapter::Chats, "/api/chats", list)
            .says("List open windows", "The next to close first.")
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer"])
            .matching(&["cursor"], DUE)
            .answers_page::<OpenWindow>("A page of open windows.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Chats, "/api/chats/{user}", cancel)
            .says(
                "Drop a window, or erase a chat",
                "Drops the open window. With `everything=true` erases every trace of the chat, for people who ask for it; that cannot be undone. Of a chat of which nothing is kept that is a 404.",
            )
            .query::<BufferQuery>(&["buffer"])
            .query::<Everything>(&["everything"])
            .answers_one_of::<Closed<'_>, ErasedAnswer<'_>>(200, "What was dropped, or erased.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/flush", flush)
            .says(
                "Close a window now",
                "Its messages are on their way at once. Without an open window nothing happens.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers::<Closed<'_>>(200, "How many messages are on their way.")
            .refusing(&[404, 409]),
    ];
    let all = [current::endpoints(), windows, extending::endpoints()];
    all.into_iter().flatten().collect()
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?;
    let after = list.after(DueCursor::parse)?;
    let windows = api.admin.open_windows(&list.filter, after, list.limit);
    Ok(page(windows.await?, |window| shown(&api, &window)))
}

pub(super) async fn flush(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let chat = chat_meant(&api, user, query, any_buffer).await?;
    Ok(match api.admin.flush(&chat, &by).await? {
        Some(messages) => closed(&chat, "Window closed, on its way", messages),
        None => closed(&chat, "No open window", 0),
    })
}

pub(super) async fn cancel(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    which: Result<Query<Everything>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let chat = chat_meant(&api, user, query, any_buffer).await?;
    if which?.0.everything {
        let answer = ErasedAnswer {
            success: true,
            message: "Every trace of the chat is erased",
            user: chat.id.as_str(),
            erased: api.admin.erase(&chat, &by).await?.into(),
        };
        return Ok(Json(answer).into_response());
    }
    Ok(match api.admin.drop_window(&chat, &by).await? {
        0 => closed(&chat, "No open window", 0),
        messages => closed(
            &chat,
            "Window cancelled, its messages are dropped",
            messages,
        ),
    })
}

/// What is dropped of a chat.
#[derive(Deserialize, IntoParams)]
pub(super) struct Everything {
    /// Erase every trace of the chat, and not only its window.
    #[serde(default)]
    everything: bool,
}

fn closed(chat: &Chat, message: &'static str, messages: u64) -> Response {
    Json(Closed {
        success: true,
        message,
        user: chat.id.as_str(),
        messages,
    })
    .into_response()
}

pub(super) fn shown(api: &Api, window: &Window) -> OpenWindow {
    OpenWindow {
        token: api.admin.chat_tokens().of(&window.chat),
        hash: window.chat.hash().to_string(),
        user: window.chat.id.as_str().to_owned(),
        buffer: window.chat.buffer.to_string(),
        messages: window.count,
        opened: utc(window.opened),
        deadline: utc(window.deadline),
        expires_in: seconds(window.left),
    }
}
