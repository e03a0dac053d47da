//! The one place where keys are built and read back.
//!
//! Every key of a shard carries the shard's hash tag, so that each script touches one slot of a Redis Cluster. The tag
//! comes first, and Redis looks at the first braces only: a chat id may hold colons and braces.

use std::fmt;

use crate::domain::chat::{Chat, ChatId, Name};

/// How many shards there are. Fixed for ever: another number would look for every chat in another place.
pub(crate) const SHARDS: u8 = 64;

/// Where a wake-up is published when something falls due sooner than a sleeping sweep would look.
pub(crate) const WAKE: &str = "lull:wake";

/// What is configured: buffers, destinations, and a version.
pub(crate) const CONFIG: &str = "lull:{config}";

/// When buffers and destinations that came with a message were last used.
pub(crate) const USED: &str = "lull:{config}:used";

/// Who changed what.
pub(crate) const AUDIT: &str = "lull:{config}:audit";

/// One of the 64 parts of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard(u8);

impl Shard {
    /// The shard of a chat: CRC-32, which no release of anything will ever change.
    pub fn of(chat: &Chat) -> Self {
        Self::of_member(&member(chat))
    }

    fn of_member(member: &str) -> Self {
        let hash = crc32fast::hash(member.as_bytes()) % u32::from(SHARDS);
        Self(u8::try_from(hash).unwrap_or_default())
    }

    /// The one to ask about what belongs to none.
    pub(crate) fn first() -> Self {
        Self(0)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }

    /// Its number, from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The shard with that number.
    pub(crate) fn from_index(index: u8) -> Option<Self> {
        (index < SHARDS).then_some(Self(index))
    }

    fn key(self, rest: impl fmt::Display) -> String {
        format!("lull:{{{:02}}}:{rest}", self.0)
    }
}

/// A due index: where one kind of work stands, scored by when it is due.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Due {
    /// Open windows, by deadline.
    Windows,
    /// Lanes to one destination, by next attempt or lease end.
    Lanes(Name),
}

impl Due {
    pub(crate) fn key(&self, shard: Shard) -> String {
        match self {
            Self::Windows => due(shard),
            Self::Lanes(destination) => due_lanes(shard, destination),
        }
    }
}

/// What stands for a chat in a due index.
fn member(chat: &Chat) -> String {
    format!("{}:{}", chat.buffer, chat.id.as_str())
}

/// The inverse of [`member`].
pub(crate) fn chat_of_member(member: &str) -> Option<Chat> {
    let (buffer, id) = member.split_once(':')?;
    Some(Chat {
        buffer: Name::parse(buffer).ok()?,
        id: ChatId::parse(id).ok()?,
    })
}

/// Matches the members of a buffer's chats; a name holds nothing that a pattern takes for more than itself.
pub(crate) fn members_of(buffer: &Name) -> String {
    format!("{buffer}:*")
}

/// The inverse of [`Place::timer`]; `None` for any other key.
pub(crate) fn chat_of_timer(key: &str) -> Option<Chat> {
    let (_, rest) = key.strip_prefix("lull:{")?.split_once('}')?;
    chat_of_member(rest.strip_prefix(":timer:")?)
}

/// Where a chat lies: worked out once, for all the keys of a script.
pub(crate) struct Place {
    pub(crate) shard: Shard,
    pub(crate) member: String,
}

impl Place {
    pub(crate) fn of(chat: &Chat) -> Self {
        let member = member(chat);
        Self {
            shard: Shard::of_member(&member),
            member,
        }
    }

    pub(crate) fn timer(&self) -> String {
        self.shard.key(format_args!("timer:{}", self.member))
    }

    pub(crate) fn window(&self) -> String {
        self.shard.key(format_args!("window:{}", self.member))
    }

    pub(crate) fn lane(&self, destination: &Name) -> String {
        self.shard
            .key(format_args!("lane:{destination}:{}", self.member))
    }

    pub(crate) fn head(&self, destination: &Name) -> String {
        self.shard
            .key(format_args!("head:{destination}:{}", self.member))
    }

    pub(crate) fn due(&self) -> String {
        due(self.shard)
    }

    pub(crate) fn due_lanes(&self, destination: &Name) -> String {
        due_lanes(self.shard, destination)
    }
}

fn due(shard: Shard) -> String {
    shard.key("due")
}

fn due_lanes(shard: Shard, destination: &Name) -> String {
    shard.key(format_args!("due:{destination}"))
}

pub(crate) fn seen(shard: Shard) -> String {
    shard.key("seen")
}

/// When chats were last heard from.
pub(crate) fn heard(shard: Shard) -> String {
    shard.key("heard")
}

/// Until when chats are paused.
pub(crate) fn paused(shard: Shard) -> String {
    shard.key("paused")
}

/// Numbers by alias; the field is the chat under the alias, which lies in the same shard.
pub(crate) fn aliases(shard: Shard) -> String {
    shard.key("aliases")
}

pub(crate) fn history(shard: Shard) -> String {
    shard.key("history")
}

pub(crate) fn dead(shard: Shard) -> String {
    shard.key("dead")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(id: &str) -> Chat {
        Chat::of_default(ChatId::parse(id).unwrap())
    }

    #[test]
    fn a_chat_keeps_its_shard_for_ever() {
        let shards: Vec<_> = ["5511988887777", "ana", "a:b:{c}"]
            .map(|id| Shard::of(&chat(id)).index())
            .into();

        assert_eq!(shards, [34, 62, 2]);
    }

    #[test]
    fn the_chat_is_read_back_from_its_timer_whatever_its_id() {
        for id in [
            "5511988887777",
            "a:b",
            "{x}",
            "}{:timer:",
            "é\n\u{0}",
            "lull:{07}:timer:default:x",
        ] {
            assert_eq!(
                chat_of_timer(&Place::of(&chat(id)).timer()),
                Some(chat(id)),
                "{id:?}"
            );
        }
    }

    #[test]
    fn other_keys_are_nobodys_timer() {
        for key in [
            "",
            "x",
            "lull:{07}:window:default:a",
            "lull:{07}:timer:Bad Name:a",
            "lull:{07}:timer:default:",
        ] {
            assert_eq!(chat_of_timer(key), None, "{key}");
        }
    }

    #[test]
    fn all_keys_of_a_chat_carry_one_hash_tag() {
        let place = Place::of(&chat("}{evil"));
        let shard = place.shard;
        let default = Name::default_name();
        let tag = shard.key("");

        for key in [
            place.timer(),
            place.window(),
            place.lane(&default),
            place.head(&default),
            seen(shard),
            heard(shard),
            aliases(shard),
            paused(shard),
            history(shard),
            dead(shard),
        ] {
            assert!(key.starts_with(&tag), "{key}");
        }
        assert!(Due::Windows.key(shard).starts_with(&tag));
        assert!(
            Due::Lanes(Name::default_name())
                .key(shard)
                .starts_with(&tag)
        );
    }
}
