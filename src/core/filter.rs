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

    /// What stands in the JSON of anything of the one chat that is asked for, as the rest of it need not be read to see; none:
    /// several chats are.
    pub fn chat_in_json(&self) -> Option<String> {
        match self {
            Self::Everybody | Self::Buffer(_) => None,
            Self::Chat(only) => serde_json::to_string(only.id.as_str()).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::chat::ChatId;

    #[test]
    fn the_json_of_a_chat_holds_it_as_it_is_looked_for() {
        for id in ["5511988887777", "loja:5511", r#"Ana "b" \ ção 🙂"#] {
            let chat = Chat::of_default(ChatId::parse(id).unwrap());
            let record = serde_json::json!({ "chat": id, "buffer": "default" }).to_string();

            let named = Filter::Chat(chat).chat_in_json().unwrap();

            assert!(record.contains(&named), "{named} in {record}");
        }
        assert_eq!(Filter::Everybody.chat_in_json(), None);
    }
}
