//! What lists can be asked for.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;

use super::error::ApiError;
use crate::domain::chat::{Chat, ChatId};

const DEFAULT_LIMIT: usize = 50;
const MOST: usize = 500;

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct ListQuery {
    limit: Option<usize>,
    cursor: Option<String>,
    user: Option<String>,
}

/// The query of a list, checked.
pub(super) struct List {
    pub(super) limit: usize,
    cursor: Option<String>,
    pub(super) chat: Option<Chat>,
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
        let chat = query.user.as_deref().map(chat_of).transpose()?;
        Ok(Self {
            limit,
            cursor: query.cursor,
            chat,
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

/// The chat that a path or query names.
pub(super) fn chat_of(user: &str) -> Result<Chat, ApiError> {
    let id = ChatId::parse(user).map_err(|error| ApiError::BadRequest(format!("user {error}")))?;
    Ok(Chat::of_default(id))
}
