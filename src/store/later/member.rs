//! What stands for something in the index of what waits for its time.

use sha2::{Digest, Sha256};

use crate::domain::chat::{Chat, Name};
use crate::store::keys::{self, Place};

/// Hex digits of a message's id.
const DIGITS: usize = 32;

/// Something that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A message, told from others of its chat by a digest of its id.
    Message {
        /// The digest.
        id: String,
        /// Its chat.
        chat: Chat,
    },
}

impl Waiting {
    /// The message of a chat with this id.
    pub(super) fn message(chat: &Chat, id: &str) -> Self {
        Self::Message {
            id: digest(id),
            chat: chat.clone(),
        }
    }

    pub(super) fn parse(member: &str) -> Option<Self> {
        let (id, chat) = member.strip_prefix("m:")?.split_at_checked(DIGITS)?;
        Some(Self::Message {
            id: id.to_owned(),
            chat: keys::chat_of_member(chat.strip_prefix(':')?)?,
        })
    }

    /// The inverse of [`Waiting::parse`].
    pub(super) fn member(&self) -> String {
        match self {
            Self::Message { id, chat } => format!("m:{id}:{}", Place::of(chat).member),
        }
    }
}

/// Matches the messages of a buffer's chats, and some others.
pub(super) fn messages_like(buffer: &Name) -> String {
    format!("m:{}:{}", "?".repeat(DIGITS), keys::members_like(buffer))
}

/// Matches the messages with this id, whoever's they are.
pub(super) fn messages_with(id: &str) -> String {
    format!("m:{}:*", digest(id))
}

/// Whatever an id holds, it can stand in a member and in a pattern.
fn digest(id: &str) -> String {
    hex::encode(&Sha256::digest(id)[..DIGITS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::ChatId;

    #[test]
    fn a_message_is_read_back_whatever_its_chat_and_id() {
        for id in ["55119", "a:b", "m:x:*[é", ":"] {
            let chat = Chat::of_default(ChatId::parse(id).unwrap());
            let waiting = Waiting::message(&chat, id);

            assert_eq!(Waiting::parse(&waiting.member()), Some(waiting));
        }
    }

    #[test]
    fn anything_else_waits_for_nothing() {
        for bad in [
            "",
            "m:",
            "m:1:default:a",
            "x:y",
            &format!("m:{}é", "0".repeat(31)),
        ] {
            assert_eq!(Waiting::parse(bad), None, "{bad}");
        }
    }
}
