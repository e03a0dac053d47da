//! Whom a post is from or to: a person, a group, and our own side.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::chat::{ChatId, ChatIdError};

/// Two sides of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Party {
    /// Ours: an instance, a session, an account or our number, where the gateway tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Theirs: in a group, whoever wrote; nobody if that was us.
    pub person: Person,
    /// The group, if it was written in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
}

/// A group, in which many write.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Group {
    /// The gateway's name of it.
    pub id: String,
    /// Whether everybody in it has a chat of their own.
    #[serde(skip)]
    pub by_sender: bool,
}

/// What becomes of what is written in groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    /// It is ignored.
    #[default]
    Ignore,
    /// Everybody in a group has a chat of their own there.
    BySender,
    /// A group is one chat.
    Whole,
}

impl Party {
    /// The chat: `<line>:<person>`, or the person alone without a line; in a group `<line>:<group>`, with the person
    /// behind it if everybody has a chat of their own.
    ///
    /// # Errors
    /// When the two are longer than a chat id may be.
    pub fn chat_id(&self) -> Result<ChatId, ChatIdError> {
        let person = self.person.name();
        let group = self.group.as_ref();
        let group_id = group.map(|group| group.id.as_str());
        let person = Some(person).filter(|_| group.is_none_or(|group| group.by_sender));
        let parts = [self.line.as_deref(), group_id, person];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        ChatId::parse(&parts.join(":"))
    }
}

/// A person by all names that a post gives them, so that one can be remembered for the other. It has at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Person {
    /// The gateway's own name of the conversation, where it keeps conversations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The number, digits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What stands in for a number that is hidden or that there is none of, such as `99887766554433@lid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

impl Person {
    /// The name they go by: the conversation's, else the number, else the alias.
    pub fn name(&self) -> &str {
        let names = [&self.id, &self.phone, &self.alias];
        names
            .into_iter()
            .flatten()
            .next()
            .map_or("", String::as_str)
    }
}
