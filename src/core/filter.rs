//! Whose things a list is asked for.

use super::chat::{Chat, Name};

/// Whose things a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All there are.
    Everybody,
    /// Those of the chats of one buffer.
    Buffer(Name),
    /// Those of one chat.
    Chat(Chat),
}

impl Filter {
    /// Whether what belongs to this chat of this buffer is asked for.
    pub fn includes(&self, buffer: &str, chat: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Buffer(name) => name.as_str() == buffer,
            Self::Chat(only) => only.buffer.as_str() == buffer && only.id.as_str() == chat,
        }
    }
}
