//! A closed window on its way to a destination, and how its attempts end.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};
use uuid::Uuid;

use super::chat::Chat;
use super::window::{CloseReason, WaitRule};

/// Milliseconds since 1970 by Redis's own clock, the only clock that deadlines are measured by.
pub type Millis = u64;

/// Begins every id.
const PREFIX: &str = "msg_";

/// The bits of its last byte in which an id carries a shard.
const LAST_BITS: u8 = 0b11_1111;
/// So many digits are the same in the ids of one window. Behind them stand digits of chance, and the shard.
const OF_WINDOW: usize = 24;

/// The `webhook-id` of a batch: the same over all its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BatchId(String);

impl BatchId {
    /// A new id, in order of time, so that logs and lists sort.
    pub fn generate() -> Self {
        Self(format!("{PREFIX}{}", Uuid::now_v7().simple()))
    }

    /// The same with a shard in its last bits, so that it leads to where it is.
    #[must_use]
    pub fn in_shard(self, shard: u8) -> Self {
        let Ok(id) = Uuid::try_parse(self.digits()) else {
            return self;
        };
        let mut bytes = id.into_bytes();
        bytes[15] = bytes[15] & !LAST_BITS | shard & LAST_BITS;
        Self(format!("{PREFIX}{}", Uuid::from_bytes(bytes).simple()))
    }

    /// The shard in its last bits. Of an id in which nobody put one it is any.
    pub fn shard(&self) -> Option<u8> {
        let id = Uuid::try_parse(self.base()).ok()?;
        Some(id.into_bytes()[15] & LAST_BITS)
    }

    /// The id of a message that its client calls `id`, in a chat: always the same, and never another's.
    pub fn of_client(chat: &Chat, id: &str) -> Self {
        let whose = chat.id.as_str();
        let digest = Sha256::new()
            // The length keeps the two apart: no two pairs run together.
            .chain_update(whose.len().to_be_bytes())
            .chain_update(whose)
            .chain_update(id)
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // Of another version than those that tell when they were made.
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        Self(format!("{PREFIX}{}", id.simple()))
    }

    /// Takes `text` as an id that Lull has made.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        let is_id = digits.len() == 32 && digits.bytes().all(is_digit);
        is_id.then(|| Self(text.to_owned()))
    }

    /// The same with a number at its end, as of a message that was split off, or of a follow-up.
    pub fn read(text: &str) -> Option<Self> {
        let (id, number) = text.split_once('-').unwrap_or((text, "1"));
        let is_number =
            (1..=9).contains(&number.len()) && number.bytes().all(|c| c.is_ascii_digit());
        Self::parse(id).filter(|_| is_number)?;
        Some(Self(text.to_owned()))
    }

    /// What tells it from others.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or_default()
    }

    /// The inverse of [`BatchId::digits`].
    pub fn of_digits(digits: &str) -> Self {
        Self(format!("{PREFIX}{digits}"))
    }

    /// When it was made, by the clock of the daemon that made it; `None` for that of a client's id.
    pub fn made_at(&self) -> Option<Millis> {
        let id = Uuid::try_parse(self.base()).ok()?;
        let is_ours = (id.get_version_num(), id.get_variant()) == (7, uuid::Variant::RFC4122);
        let id = Some(id).filter(|_| is_ours)?;
        let (seconds, nanos) = id.get_timestamp()?.to_unix();
        Some(seconds * 1000 + u64::from(nanos / 1_000_000))
    }

    /// An id that stands in Redis.
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The same with a number at its end.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        Self(format!("{}-{number}", self.0))
    }

    /// The id under which the same batch is sent once more: of the same window, moment, shard and number, but another.
    #[must_use]
    pub fn again(&self) -> Self {
        let Ok(id) = Uuid::try_parse(self.base()) else {
            return Self::generate();
        };
        let mut bytes = id.into_bytes();
        let shard = bytes[15] & LAST_BITS;
        while bytes == id.into_bytes() {
            // The end of a new one is chance alone.
            let chance = Uuid::now_v7().into_bytes();
            bytes[OF_WINDOW / 2..].copy_from_slice(&chance[OF_WINDOW / 2..]);
            bytes[15] = bytes[15] & !LAST_BITS | shard;
        }
        let again = Self(format!("{PREFIX}{}", Uuid::from_bytes(bytes).simple()));
        match self.number() {
            Some(number) => again.numbered(number),
            None => again,
        }
    }

    /// How the ids of all that came out of its window begin.
    pub fn window(&self) -> &str {
        let most = PREFIX.len() + OF_WINDOW;
        self.0.get(..most).unwrap_or(&self.0)
    }

    /// Whether both are of one window: messages that were split off, or what was sent again.
    pub fn is_of_one_window_with(&self, other: &Self) -> bool {
        self.window() == other.window()
    }

    /// Whether its window was closed after that of the other; of those closed within one ms the ids decide.
    pub fn is_after(&self, other: &Self) -> bool {
        let made = (self.made_at(), self.window());
        made.0.is_some() && made > (other.made_at(), other.window())
    }

    fn base(&self) -> &str {
        let digits = self.digits();
        digits.split_once('-').map_or(digits, |(digits, _)| digits)
    }

    /// The same without a number at its end.
    #[must_use]
    pub fn without_number(&self) -> Self {
        Self::of_digits(self.base())
    }

    /// The number at its end: of a message that was split off, or of a follow-up.
    pub fn number(&self) -> Option<u32> {
        self.0.rsplit_once('-')?.1.parse().ok()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The messages of one closed window (or of several that were joined), immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Stays the same over all attempts.
    pub id: BatchId,
    /// When the first message came.
    pub opened: Millis,
    /// When the last window in it was closed.
    pub closed: Millis,
    /// When the first window in it was to be closed.
    pub deadline: Millis,
    /// What closed the last window in it.
    pub reason: CloseReason,
    /// How many messages it holds.
    pub count: u64,
    /// How its messages were gathered; none: there was no window.
    pub gathered: Option<Gathering>,
    /// The batch that was delivered before and is sent again in this one.
    pub repeats: Option<BatchId>,
    /// The messages as Redis holds them: JSON objects with commas between them.
    pub items: String,
}

/// How the messages of a window were gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    /// The quiet window that its last message set, ms.
    pub wait: Millis,
    /// By so many ms typing has held it.
    pub typing: Millis,
    /// Which rule set that quiet window; none: the wait of the buffer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<WaitRule>,
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// The destination has accepted the batch.
    Delivered,
    /// It has not, but may later; `asked` is its `Retry-After`.
    Retry {
        /// The least wait that the destination asked for.
        asked: Option<Duration>,
    },
    /// It never will.
    Rejected,
}

impl Outcome {
    /// The word for it in metrics and history.
    pub fn as_str(&self) -> &'static str {
        self.into()
    }

    /// The words of all.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::iter().map(|outcome| outcome.into())
    }
}

#[cfg(test)]
mod tests;
