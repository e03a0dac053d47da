//! Who a message belongs to: buffer, chat, and the lane to a destination.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most bytes a chat id may have.
pub const MAX_CHAT_ID_BYTES: usize = 512;

const LONGEST_NAME: usize = 64;
/// Begins the names that are Lull's own, which nobody can write.
const OWN: char = '.';

/// The name of a buffer or a destination: `[a-z0-9_-]{1,64}`, so that it can stand between colons in a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// The buffer and the destination that the environment's settings describe.
    pub fn default_name() -> Self {
        Self("default".to_owned())
    }

    /// The buffer and the destination that the environment describes for messages that leave one by one.
    pub fn messages_name() -> Self {
        Self("messages".to_owned())
    }

    /// Whether a buffer or destination of this name is described by the environment, and by nothing else.
    pub fn is_of_environment(text: &str) -> bool {
        ["default", "messages"].contains(&text)
    }

    /// Whether a buffer or destination of this name came with a message: `c-` and 16 hex digits.
    pub fn is_anonymous(text: &str) -> bool {
        let digits = text.strip_prefix("c-").unwrap_or_default();
        digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    }

    /// Takes `text` as a name.
    ///
    /// # Errors
    /// When it is empty, longer than 64 bytes, or holds anything but `a-z`, `0-9`, `_` and `-`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let allowed =
            |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'-';
        if text.is_empty() || text.len() > LONGEST_NAME || !text.bytes().all(allowed) {
            return Err(NameError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name for what people call by any words: `Loja São Paulo` is `loja-sao-paulo`. A name is its own.
    ///
    /// # Errors
    /// When nothing of the words can stand in a name.
    pub fn slug(words: &str) -> Result<Self, NameError> {
        if let Ok(name) = Self::parse(words) {
            return Ok(name);
        }
        let mut slug = String::new();
        for c in words.to_lowercase().nfkd() {
            if c.is_ascii_alphanumeric() || c == '_' {
                slug.push(c);
            } else if !is_combining_mark(c) && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(LONGEST_NAME);
        Self::parse(slug.trim_matches('-'))
    }

    /// A name that stands in Redis: also one of Lull's own, which begins with a dot.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_stored(text: &str) -> Result<Self, NameError> {
        Self::parse(text.strip_prefix(OWN).unwrap_or(text))?;
        Ok(Self(text.to_owned()))
    }

    /// The buffer that all schedules belong to.
    pub fn schedules() -> Self {
        Self(format!("{OWN}schedules"))
    }

    /// The destination that the schedule of this name calls.
    #[must_use]
    pub fn of_its_schedule(&self) -> Self {
        Self(format!("{OWN}{self}"))
    }

    /// Whether it is one of Lull's own.
    pub fn is_own(&self) -> bool {
        self.0.starts_with(OWN)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that could not stand in a key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a name has 1 to 64 characters out of a-z, 0-9, _ and -")]
pub struct NameError;

/// The value of the buffer's key field, such as a phone number: any text of 1 to 512 bytes that is not blank.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChatId(String);

impl ChatId {
    /// Takes `text` as a chat id.
    ///
    /// # Errors
    /// Says what is wrong with it; see [`ChatIdError`].
    pub fn parse(text: &str) -> Result<Self, ChatIdError> {
        if text.trim().is_empty() {
            return Err(ChatIdError::Blank);
        }
        if text.len() > MAX_CHAT_ID_BYTES {
            return Err(ChatIdError::TooLong(text.len()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a chat id.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ChatIdError {
    /// A template that found nothing sends blanks, and would put everybody into one chat.
    #[error("must not be empty or blank")]
    Blank,
    /// Keys stay short, so that memory per chat stays predictable.
    #[error("must have at most {MAX_CHAT_ID_BYTES} bytes, this one has {0}")]
    TooLong(usize),
}

/// One conversation in one buffer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Chat {
    /// The rules it is gathered by.
    pub buffer: Name,
    /// Who is talking.
    pub id: ChatId,
    /// All chats of its buffer go by one lane. It is part of where a chat lies, so what lies there is found even when
    /// its buffer goes by another order now.
    pub ordered: bool,
}

impl Chat {
    /// A chat with lanes of its own.
    pub fn new(buffer: Name, id: ChatId) -> Self {
        let ordered = false;
        Self {
            buffer,
            id,
            ordered,
        }
    }

    /// A chat as lists in Redis name it, with lanes of its own; none: neither Lull nor anybody else has chats of such names.
    pub fn from_stored(buffer: &str, id: &str) -> Option<Self> {
        let buffer = Name::from_stored(buffer).ok()?;
        Some(Self::new(buffer, ChatId::parse(id).ok()?))
    }

    /// A chat of the buffer `default`.
    pub fn of_default(id: ChatId) -> Self {
        Self::new(Name::default_name(), id)
    }

    /// What stands for a schedule where there are chats.
    pub fn of_schedule(name: &Name) -> Self {
        Self::new(Name::schedules(), ChatId(name.to_string()))
    }

    /// The schedule that it stands for.
    pub fn schedule(&self) -> Option<Name> {
        let name = Name::parse(self.id.as_str()).ok();
        name.filter(|_| self.buffer == Name::schedules())
    }

    /// The same person where the buffer's chats go by the other order.
    #[must_use]
    pub fn in_other_order(&self) -> Self {
        Self {
            ordered: !self.ordered,
            ..self.clone()
        }
    }

    /// Whether both are of one buffer, and heard through one line of it, as far as their names tell.
    pub fn is_of_one_line_with(&self, other: &Self) -> bool {
        let line = |id: &ChatId| {
            id.as_str()
                .rsplit_once(':')
                .map(|(line, _)| line.to_owned())
        };
        self.buffer == other.buffer && line(&self.id) == line(&other.id)
    }

    /// What stands for the chat in logs: eight hex digits, the same in every daemon, so that an operator can follow
    /// one chat without its phone number being written down.
    pub fn hash(&self) -> ChatHash {
        let digest = Sha256::new()
            .chain_update(self.buffer.as_str())
            .chain_update(":")
            .chain_update(self.id.as_str())
            .finalize();
        ChatHash([digest[0], digest[1], digest[2], digest[3]])
    }
}

impl fmt::Display for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.id.as_str(), self.buffer)
    }
}

/// See [`Chat::hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatHash([u8; 4]);

impl ChatHash {
    /// Reads the eight hex digits of a log line.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 4];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The same in six letters, as it lies in Redis.
    pub fn packed(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Display for ChatHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// The queue of batches from one chat to one destination, or from all chats of a buffer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    /// Where the batches go.
    pub destination: Name,
    /// Whose batches they are; of an ordered buffer, any of its chats.
    pub chat: Chat,
}

#[cfg(test)]
mod tests;
