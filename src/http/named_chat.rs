//! How a request names a chat, and how an answer does.

use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::error::ApiError;
use crate::core::chat::{Chat, ChatId, ChatIdError, Name};
use crate::core::json::fields::BadInput;

/// Why a request names no chat.
pub(super) enum Misnamed {
    /// Its name can be none.
    Chat(ChatIdError),
    /// It is the token of a chat of this buffer, and another one is named.
    Buffer(Name),
}

impl Misnamed {
    /// Which field is wrong, where the chat is named by `field`, and why.
    fn told(&self, field: &'static str) -> (&'static str, String) {
        match self {
            Self::Chat(error) => (field, error.to_string()),
            Self::Buffer(own) => (
                "buffer",
                format!("must be left out or {own}: the chat of this token is there"),
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
        Some(chat) => return Err(Misnamed::Buffer(chat.buffer)),
        None => Chat::new(
            buffer.unwrap_or_else(Name::default_name),
            ChatId::parse(named).map_err(Misnamed::Chat)?,
        ),
    };
    Ok(api.admin.chat(chat.buffer, chat.id))
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
