//! What lists can be asked for.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;

use super::error::ApiError;
use crate::domain::chat::{Chat, ChatId};
use crate::store::EntryId;

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
    pub(super) cursor: Option<String>,
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

    /// The cursor as the place of an entry.
    pub(super) fn after(&self) -> Result<Option<EntryId>, ApiError> {
        let parse = |cursor: &String| {
            EntryId::parse(cursor).ok_or_else(|| {
                ApiError::BadRequest("cursor is not one that a list gave".to_owned())
            })
        };
        self.cursor.as_ref().map(parse).transpose()
    }
}

/// The chat that a path or query names.
pub(super) fn chat_of(user: &str) -> Result<Chat, ApiError> {
    let id = ChatId::parse(user).map_err(|error| ApiError::BadRequest(format!("user {error}")))?;
    Ok(Chat::of_default(id))
}
