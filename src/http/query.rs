//! What lists and chats are asked for by, and how a list is answered.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::Api;
use super::error::ApiError;
use crate::domain::batch::Millis;
use crate::domain::chat::{Chat, ChatId, Name};
use crate::domain::whose::Whose;
use crate::store::{EntryId, Look};
use crate::wire::answer::Page;

const DEFAULT_LIMIT: usize = 50;
const MOST: usize = 500;

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    user: Option<String>,
    buffer: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// The query of what is done to one chat.
#[derive(Deserialize)]
pub(super) struct BufferQuery {
    buffer: Option<String>,
}

/// The query of a list, checked.
pub(super) struct List {
    pub(super) limit: usize,
    cursor: Option<String>,
    pub(super) whose: Whose,
    from: Millis,
    to: Millis,
}

impl List {
    pub(super) fn parse(query: Result<Query<ListQuery>, QueryRejection>) -> Result<Self, ApiError> {
        let Query(query) = query?;
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MOST).contains(&limit) {
            return Err(ApiError::BadRequest(format!(
                "limit must be from 1 to {MOST}"
            )));
        }
        let whose = match (query.user.as_deref(), query.buffer.as_deref()) {
            (Some(user), buffer) => Whose::Chat(chat_of(user, buffer, any_buffer)?),
            (None, Some(buffer)) => Whose::Buffer(any_buffer(buffer)?),
            (None, None) => Whose::Everybody,
        };
        Ok(Self {
            limit,
            cursor: query.cursor,
            whose,
            from: moment("from", query.from.as_deref())?.unwrap_or(Millis::MIN),
            to: moment("to", query.to.as_deref())?.unwrap_or(Millis::MAX),
        })
    }

    /// What part of a list of stream entries is asked for.
    pub(super) fn look(&self) -> Result<Look, ApiError> {
        Ok(Look {
            from: self.from,
            to: self.to,
            after: self.after(EntryId::parse)?,
            limit: self.limit,
        })
    }

    /// The cursor as the place that `parse` reads from it.
    pub(super) fn after<T>(&self, parse: fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        let read = |cursor: &str| {
            parse(cursor).ok_or_else(|| {
                ApiError::BadRequest("cursor is not one that this list gave".to_owned())
            })
        };
        self.cursor.as_deref().map(read).transpose()
    }
}

/// A moment of a query, which names it `field`.
pub(super) fn moment(field: &str, text: Option<&str>) -> Result<Option<Millis>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let moment = DateTime::parse_from_rfc3339(text).ok();
    let moment = moment.and_then(|moment| Millis::try_from(moment.timestamp_millis()).ok());
    moment.map(Some).ok_or_else(|| {
        ApiError::BadRequest(format!(
            "{field} must be a moment such as 2026-01-31T12:00:00Z"
        ))
    })
}

/// The answer to a list.
pub(super) fn page<T: Serialize>(
    items: impl Iterator<Item = T>,
    total: Option<u64>,
    next_cursor: Option<String>,
) -> Response {
    let items: Vec<T> = items.collect();
    let page = Page {
        items,
        total,
        next_cursor,
    };
    Json(page).into_response()
}

/// The chat that a path names, in the buffer that a query names and `find` makes of that; else in `default`.
pub(super) fn chat_in(
    api: &Api,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    find: impl FnOnce(&str) -> Result<Name, ApiError>,
) -> Result<Chat, ApiError> {
    let (Path(user), Query(query)) = (user?, query?);
    let chat = chat_of(&user, query.buffer.as_deref(), find)?;
    Ok(api.catalogs.get().chat(chat.buffer, chat.id))
}

fn chat_of(
    user: &str,
    buffer: Option<&str>,
    find: impl FnOnce(&str) -> Result<Name, ApiError>,
) -> Result<Chat, ApiError> {
    let id = ChatId::parse(user).map_err(|error| ApiError::BadRequest(format!("user {error}")))?;
    let buffer = buffer.map_or_else(|| Ok(Name::default_name()), find)?;
    Ok(Chat::new(buffer, id))
}

/// A buffer by its name, whether or not there is one.
pub(super) fn any_buffer(name: &str) -> Result<Name, ApiError> {
    Name::parse(name).map_err(|error| ApiError::BadRequest(format!("buffer: {error}")))
}
