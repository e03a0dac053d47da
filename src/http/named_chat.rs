//! How an answer names a chat.

use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use crate::core::chat::Chat;

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
