//! How a request names a chat, and how an answer does.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::error::ApiError;
use crate::core::chat::{Chat, ChatId, ChatIdError, Name};
use crate::core::json::fields::BadInput;
use crate::telemetry::log::note_chat;

/// The query of what is done to one chat.
#[derive(Deserialize, IntoParams)]
pub(super) struct BufferQuery {
    /// The buffer that the chat belongs to; without it `default`.
    #[param(pattern = "^[a-z0-9_-]{1,64}$")]
    pub(super) buffer: Option<String>,
}

/// Why a request names no chat.
pub(super) enum Misnamed {
    /// Its name can be none.
    Chat(ChatIdError),
    /// It is the token of a chat of another buffer than the one that is named.
    Buffer,
}

impl Misnamed {
    /// Which field is wrong, where the chat is named by `field`, and why.
    fn told(&self, field: &'static str) -> (&'static str, String) {
        match self {
            Self::Chat(error) => (field, error.to_string()),
            // Who asks may not be told which: they may have no part in it.
            Self::Buffer => (
                "buffer",
                "must be left out: the chat of this token is in another".to_owned(),
            ),
        }
    }

    /// As the fault of a parameter; the chat is named by `field`.
    pub(super) fn parameter(&self, field: &'static str) -> ApiError {
        let (field, why) = self.told(field);
        ApiError::parameter(field, format!("{field} {why}"))
    }

    /// As the fault of a field of a body; the chat is named by `field`.
    pub(super) fn field(&self, field: &'static str) -> BadInput {
        let (field, why) = self.told(field);
        BadInput::field(field, why)
    }
}

/// The chat that is named by itself or by its token, in the buffer that is named beside it, else in `default`.
///
/// # Errors
/// Neither; or the token of a chat of another buffer.
pub(super) fn chat_named(api: &Api, named: &str, buffer: Option<Name>) -> Result<Chat, Misnamed> {
    let chat = match api.admin.chat_tokens().open(named) {
        Some(chat) if buffer.as_ref().is_none_or(|named| *named == chat.buffer) => chat,
        Some(_) => return Err(Misnamed::Buffer),
        None => Chat::new(
            buffer.unwrap_or_else(Name::default_name),
            ChatId::parse(named).map_err(Misnamed::Chat)?,
        ),
    };
    Ok(api.admin.chat(chat.buffer, chat.id))
}

/// The chat that a path names, in the buffer that a query names and `find` makes of that, else in `default`; or that of the
/// token in the path.
pub(super) fn chat_in(
    api: &Api,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    find: impl FnOnce(&str) -> Result<Name, ApiError>,
) -> Result<Chat, ApiError> {
    let (chat, ..) = asked_for(api, user, query, find)?;
    note_chat(&chat);
    Ok(chat)
}

/// The same of a chat that something is done to, or all is told of: where nothing is known of one of that very name, a
/// whole number, in any writing, means the one chat that has it.
pub(super) async fn chat_meant(
    api: &Api,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    find: impl FnOnce(&str) -> Result<Name, ApiError>,
) -> Result<Chat, ApiError> {
    let (chat, asked, buffer) = asked_for(api, user, query, find)?;
    let chat = api.admin.known_or_meant(chat, &asked, buffer.as_ref());
    let chat = chat.await?;
    note_chat(&chat);
    Ok(chat)
}

/// The chat of that very name or token, what the path says, and the buffer that is named beside it.
fn asked_for(
    api: &Api,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    find: impl FnOnce(&str) -> Result<Name, ApiError>,
) -> Result<(Chat, String, Option<Name>), ApiError> {
    let (Path(asked), Query(query)) = (user?, query?);
    let buffer = query.buffer.as_deref().map(find).transpose()?;
    let chat = chat_named(api, &asked, buffer.clone()).map_err(|it| it.parameter("user"))?;
    Ok((chat, asked, buffer))
}

/// A buffer by its name, whether or not there is one.
pub(super) fn any_buffer(name: &str) -> Result<Name, ApiError> {
    name_in("buffer", name)
}

/// The name in a parameter, whether or not anything is called so.
pub(super) fn name_in(parameter: &'static str, name: &str) -> Result<Name, ApiError> {
    let no_name = |error| ApiError::parameter(parameter, format!("{parameter}: {error}"));
    Name::parse(name).map_err(no_name)
}

/// The chat that the field `user` of a body means: that of this very name or token; where nothing is known of one, the chat that
/// has this number or alias.
///
/// # Errors
/// It names none; several may be meant; it is a token that no chat has; unavailable, silent or unreadable.
pub(super) async fn chat_of_body(
    api: &Api,
    user: &str,
    buffer: Option<Name>,
) -> Result<Chat, ApiError> {
    let named = chat_named(api, user, buffer.clone()).map_err(|it| it.field("user"))?;
    let meant = api.admin.known_or_meant(named, user, buffer.as_ref());
    let chat = meant.await?;
    note_chat(&chat);
    Ok(chat)
}

/// What stands in paths for the chat of something that is kept; none: nothing can stand for it.
pub(super) fn token_of(api: &Api, buffer: &str, chat: &str) -> Option<String> {
    let chat = Chat::from_stored(buffer, chat)?;
    api.admin.chat_tokens().of(&chat)
}

/// A chat, by all that it is called.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NamedChat {
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What stands for the chat in the logs.
    hash: String,
}

impl NamedChat {
    /// The names of this chat.
    pub(super) fn of(api: &Api, chat: &Chat) -> Self {
        Self {
            user: chat.id.as_str().to_owned(),
            buffer: chat.buffer.to_string(),
            token: api.admin.chat_tokens().of(chat),
            hash: chat.hash().to_string(),
        }
    }
}
