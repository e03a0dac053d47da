//! Open windows: list them, close one now, drop one.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde::Deserialize;
use tracing::info;
use utoipa::IntoParams;

use super::Api;
use super::audit::Caller;
use super::config::NO_BUFFER;
use super::endpoint::takes::DUE;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::query::{BufferQuery, List, ListQuery, any_buffer, chat_in, page};
use crate::core::action::Action;
use crate::core::batch::BatchId;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::moment::rfc3339;
use crate::store::DueCursor;
use crate::store::audit::{Act, By};
use crate::store::closing::Closing;
use crate::store::open::Window;
use crate::telemetry::metrics::count;
use crate::wire::answer::{Closed, OpenWindow};
use crate::wire::history::ErasedAnswer;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/chats", list)
            .says("List open windows", "The next to close first.")
            .query::<ListQuery>(&["limit", "cursor", "user", "buffer"])
            .matching(&["cursor"], DUE)
            .answers_page::<OpenWindow>("A page of open windows."),
        Endpoint::delete(Chapter::Chats, "/api/chats/{user}", cancel)
            .says(
                "Drop a window, or erase a chat",
                "Drops the open window. With `everything=true` erases every trace of the chat, for people who ask for it; that cannot be undone.",
            )
            .query::<BufferQuery>(&["buffer"])
            .query::<Everything>(&["everything"])
            .answers_one_of::<Closed<'_>, ErasedAnswer<'_>>(200, "What was dropped, or erased."),
        Endpoint::post(Chapter::Chats, "/api/chats/{user}/flush", flush)
            .says(
                "Close a window now",
                "Its messages are on their way at once. Without an open window nothing happens.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers::<Closed<'_>>(200, "How many messages are on their way.")
            .refusing(&[404]),
    ]
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(query)?;
    let after = list.after(DueCursor::parse)?;
    let (windows, total, next_cursor) = match &list.filter {
        Filter::Chat(chat) => {
            let window = api.store.open_window(chat).await?;
            let total = u64::from(window.is_some());
            (window.into_iter().collect(), total, None)
        }
        Filter::Buffer(buffer) => api.store.open_windows_in(buffer, after, list.limit).await?,
        Filter::Everybody => {
            let (windows, next) = api.store.open_windows(after, list.limit).await?;
            let total = api.store.counts([]).await?.windows;
            (windows, total, next)
        }
    };
    Ok(page(windows.iter().map(shown), Some(total), next_cursor))
}

pub(super) async fn flush(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let chat = chat_in(&api, user, query, any_buffer)?;
    let snapshot = api.registry.get();
    let buffer = snapshot.buffer(&chat.buffer).ok_or(NO_BUFFER)?;
    let closing = api
        .store
        .flush(&chat, &BatchId::generate(), &buffer.destinations)
        .await?;
    let (message, messages) = match closing {
        Closing::Closed {
            count: messages,
            reason,
        } => {
            count(&api.metrics.batches, "reason", reason.as_str());
            info!(chat = %chat.hash(), messages, "An operator closed the window of chat {}", chat.hash());
            let act = Act::new(Action::ChatFlush, &by).on(&chat.hash());
            api.note(&act.times(messages)).await;
            ("Window closed, on its way", messages)
        }
        Closing::Open | Closing::NoWindow => ("No open window", 0),
    };
    Ok(closed(&chat, message, messages))
}

pub(super) async fn cancel(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    which: Result<Query<Everything>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let chat = chat_in(&api, user, query, any_buffer)?;
    if which?.0.everything {
        return erase(&api, &chat, &by).await;
    }
    let messages = api.store.cancel(&chat).await?;
    let message = if messages > 0 {
        info!(chat = %chat.hash(), messages, "An operator dropped the window of chat {}", chat.hash());
        let act = Act::new(Action::ChatCancel, &by).on(&chat.hash());
        api.note(&act.times(messages)).await;
        "Window cancelled, its messages are dropped"
    } else {
        "No open window"
    };
    Ok(closed(&chat, message, messages))
}

/// What is dropped of a chat.
#[derive(Deserialize, IntoParams)]
pub(super) struct Everything {
    /// Erase every trace of the chat, and not only its window.
    #[serde(default)]
    everything: bool,
}

async fn erase(api: &Api, chat: &Chat, by: &By) -> Result<Response, ApiError> {
    let erased = api.store.erase(chat).await?;
    let traces = erased.total();
    info!(chat = %chat.hash(), traces, "An operator erased every trace of chat {}", chat.hash());
    let act = Act::new(Action::ChatErase, by).on(&chat.hash());
    api.note(&act.times(traces)).await;
    let answer = ErasedAnswer {
        success: true,
        message: "Every trace of the chat is erased",
        user: chat.id.as_str(),
        erased,
    };
    Ok(Json(answer).into_response())
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

pub(super) fn shown(window: &Window) -> OpenWindow {
    OpenWindow {
        hash: window.chat.hash().to_string(),
        user: window.chat.id.as_str().to_owned(),
        buffer: window.chat.buffer.to_string(),
        messages: window.count,
        opened: rfc3339(window.opened, Tz::UTC),
        deadline: rfc3339(window.deadline, Tz::UTC),
        expires_in: window.left.as_secs_f64(),
    }
}
