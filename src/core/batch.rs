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

    /// Whether both are of one window: the same but for numbers at their ends.
    pub fn is_of_one_window_with(&self, other: &Self) -> bool {
        self.base() == other.base()
    }

    /// Whether it was made after the other; of those made within one ms the ids decide.
    pub fn is_after(&self, other: &Self) -> bool {
        let made = (self.made_at(), self.base());
        made.0.is_some() && made > (other.made_at(), other.base())
    }

    fn base(&self) -> &str {
        let digits = self.digits();
        digits.split_once('-').map_or(digits, |(digits, _)| digits)
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
mod tests {
    use super::*;
    use crate::core::chat::ChatId;

    #[test]
    fn an_id_that_was_generated_tells_when() {
        let id = BatchId::generate();

        let age = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .abs_diff(Duration::from_millis(id.made_at().unwrap()));

        assert!(age < Duration::from_secs(60), "{age:?}");
        assert_eq!(BatchId::parse(id.as_str()), Some(id.clone()));
        let numbered = id.numbered(12);
        assert_eq!(numbered.made_at(), id.made_at());
        assert_eq!(BatchId::read(numbered.as_str()), Some(numbered));
        assert_eq!(BatchId::read(&format!("{id}-x")), None);
    }

    #[test]
    fn an_id_carries_its_shard_and_tells_when_all_the_same() {
        let id = BatchId::generate();

        for shard in [0, 7, 63] {
            let carries = id.clone().in_shard(shard);
            assert_eq!(carries.shard(), Some(shard));
            assert_eq!(carries.numbered(3).shard(), Some(shard));
            assert_eq!(carries.made_at(), id.made_at());
            assert_eq!(BatchId::parse(carries.as_str()), Some(carries));
        }
    }

    #[test]
    fn of_two_ids_one_was_made_after_the_other_but_for_parts_of_one_window() {
        let (first, second) = (BatchId::generate(), BatchId::generate());

        assert!(second.is_after(&first) && !first.is_after(&second));
        assert!(!first.is_after(&first) && !first.numbered(2).is_after(&first));
        assert!(first.numbered(2).is_of_one_window_with(&first.numbered(1)));
        assert!(!first.is_of_one_window_with(&second));
    }

    #[test]
    fn the_id_of_a_clients_id_is_always_the_same_and_tells_no_time() {
        let chat = |id: &str| Chat::of_default(ChatId::parse(id).unwrap());
        let id = BatchId::of_client(&chat("+5511"), "a");

        assert_eq!(id, BatchId::of_client(&chat("+5511"), "a"));
        assert_ne!(id, BatchId::of_client(&chat("+551"), "1a"));
        assert_eq!(
            (id.made_at(), BatchId::parse(id.as_str())),
            (None, Some(id))
        );
    }

    #[test]
    fn anything_else_is_no_id() {
        for bad in [
            "",
            "msg_",
            "msg_1",
            &format!("msg_{}", "g".repeat(32)),
            "sent",
        ] {
            assert_eq!(BatchId::parse(bad), None, "{bad}");
        }
    }
}
