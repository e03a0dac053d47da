//! The one place where keys are built and read back.
//!
//! Every key of a shard carries the shard's hash tag, so that each script touches one slot of a Redis Cluster. The tag
//! comes first, and Redis looks at the first braces only: a chat id may hold colons and braces.

mod chats;
mod config;
mod held;
mod ids;
mod indexes;
mod moving;

use std::fmt;

use crate::core::batch::BatchId;
use crate::core::chat::{Chat, ChatId, Name};

pub(crate) use chats::{aliases, heard, known, paused, pausers, people, writers};
pub(crate) use config::{
    API_KEYS, AUDIT, BROUGHT, CALLS, CLOCK, CONFIG, DAEMONS, LINES, LIVES, OVER, REVIVALS,
    REVIVING, SAMPLED, TOKEN_KEY, USED, login_link, pace, probe, samples,
};
pub(crate) use held::held;
pub(crate) use ids::{ids, older_ids, waited_for};
pub(crate) use indexes::{LANE_INDEXES, destination_of_index, index_of, lanes};
pub(crate) use moving::{moved, window_behind};

/// How many shards there are. Fixed for ever: another number would look for every chat in another place.
pub(crate) const SHARDS: u8 = 64;

/// Where the key of an index is published when something in it falls due sooner than a sleeping sweep would look.
pub(crate) const WAKE: &str = "lull:wake";

/// One of the 64 parts of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard(u8);

impl Shard {
    /// The shard of a chat: CRC-32, which no release of anything will ever change. The chats of an ordered buffer lie
    /// together, so that one script can close a window onto their lane.
    pub fn of(chat: &Chat) -> Self {
        if chat.ordered {
            Self::of_ordered(&chat.buffer)
        } else {
            Self::of_member(&member(chat))
        }
    }

    /// The shard of all chats of an ordered buffer.
    pub fn of_ordered(buffer: &Name) -> Self {
        Self::of_member(&format!("{ORDERED}{buffer}"))
    }

    /// The shard of the only lane to the destination of a schedule.
    pub(crate) fn of_schedule_lane(destination: &Name) -> Self {
        let schedule = Name::parse(destination.as_str().trim_start_matches('.'));
        schedule.map_or(Self::FIRST, |name| Self::of(&Chat::of_schedule(&name)))
    }

    fn of_member(member: &str) -> Self {
        let hash = crc32fast::hash(member.as_bytes()) % u32::from(SHARDS);
        Self(u8::try_from(hash).unwrap_or_default())
    }

    /// The one to ask about what belongs to none.
    pub(crate) const FIRST: Self = Self(0);

    /// The shard that an id carries; of one that carries none it is any.
    pub(crate) fn of_id(id: &BatchId) -> Option<Self> {
        id.shard().and_then(Self::from_index)
    }

    /// A new id that leads to this shard.
    pub(crate) fn new_id(self) -> BatchId {
        BatchId::generate().in_shard(self.0)
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

/// Added to the time of a lane whose first batch was attempted, in the index of lanes: such a lane comes after all that
/// were not, whose time is of the years before 2286. One index, so that a lane stands in it once.
pub(crate) const RETRIES: u64 = 10_000_000_000_000;

/// A due index: where one kind of work stands, scored by when it is due.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Due {
    /// Open windows, by deadline.
    Windows,
    /// Lanes to one destination whose first batch was never attempted, by when they came to wait.
    Lanes(Name),
    /// The other lanes to it, by next attempt or lease end. They stand in the same index, behind all of those: a lane
    /// that comes back because of a new batch keeps its place here.
    Retries(Name),
    /// What waits for its time.
    Later,
}

impl Due {
    pub(crate) fn key(&self, shard: Shard) -> String {
        match self {
            Self::Windows => due(shard),
            Self::Lanes(destination) | Self::Retries(destination) => due_lanes(shard, destination),
            Self::Later => shard.key("later"),
        }
    }

    /// The scores that this is about: from here, with the time added, up to there.
    pub(crate) fn band(&self) -> (u64, u64) {
        match self {
            Self::Windows | Self::Lanes(_) | Self::Later => (0, RETRIES - 1),
            Self::Retries(_) => (RETRIES, 2 * RETRIES),
        }
    }
}

/// In front of the members of an ordered buffer; no name begins with it.
const ORDERED: char = '+';

/// What stands for a chat in a due index.
fn member(chat: &Chat) -> String {
    let mark = if chat.ordered { "+" } else { "" };
    format!("{mark}{}:{}", chat.buffer, chat.id.as_str())
}

/// The inverse of [`member`].
pub(crate) fn chat_of_member(member: &str) -> Option<Chat> {
    let ordered = member.strip_prefix(ORDERED);
    let (buffer, id) = ordered.unwrap_or(member).split_once(':')?;
    Some(Chat {
        buffer: Name::from_stored(buffer).ok()?,
        id: ChatId::parse(id).ok()?,
        ordered: ordered.is_some(),
    })
}

/// Matches the members of a buffer's chats in either order, and some others; a name holds nothing that a pattern takes
/// for more than itself.
pub(crate) fn members_like(buffer: &Name) -> String {
    format!("*{buffer}:*")
}

/// What lies behind a member of [`Due::Lanes`]: its `lane`, the `head` of that, the batches `revived` onto it.
pub(crate) fn behind(shard: Shard, what: &str, destination: &Name, member: &str) -> String {
    shard.key(format_args!("{what}:{destination}:{member}"))
}

/// Matches all lanes of a shard.
pub(crate) fn lanes_like(shard: Shard) -> String {
    shard.key("lane:*")
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
    /// What stands for the lane of its buffer, where all chats share one.
    shared_lane: Option<String>,
}

impl Place {
    pub(crate) fn of(chat: &Chat) -> Self {
        if chat.ordered {
            return Self {
                shard: Shard::of(chat),
                member: member(chat),
                shared_lane: Some(format!("{ORDERED}{}:*", chat.buffer)),
            };
        }
        let member = member(chat);
        Self {
            shard: Shard::of_member(&member),
            member,
            shared_lane: None,
        }
    }

    /// Where the lanes of an ordered buffer lie, whoever's messages are on them.
    pub(crate) fn of_ordered(buffer: &Name) -> Self {
        let lane = format!("{ORDERED}{buffer}:*");
        Self {
            shard: Shard::of_ordered(buffer),
            member: lane.clone(),
            shared_lane: Some(lane),
        }
    }

    /// What stands for its lanes in the indexes of lanes.
    pub(crate) fn lane_member(&self) -> &str {
        self.shared_lane.as_deref().unwrap_or(&self.member)
    }

    pub(crate) fn timer(&self) -> String {
        self.shard.key(format_args!("timer:{}", self.member))
    }

    pub(crate) fn window(&self) -> String {
        self.shard.key(format_args!("window:{}", self.member))
    }

    pub(crate) fn lane(&self, destination: &Name) -> String {
        behind(self.shard, "lane", destination, self.lane_member())
    }

    /// The destination of a key of its lanes; `None` for any other key.
    pub(crate) fn destination_of(&self, key: &str) -> Option<Name> {
        let rest = key.strip_prefix(&self.shard.key("lane:"))?;
        let (destination, member) = rest.split_once(':')?;
        let own = member == self.lane_member();
        own.then(|| Name::parse(destination).ok())?
    }

    pub(crate) fn head(&self, destination: &Name) -> String {
        behind(self.shard, "head", destination, self.lane_member())
    }

    /// Batches that were revived, between the first of the lane and all others.
    pub(crate) fn revived(&self, destination: &Name) -> String {
        behind(self.shard, "revived", destination, self.lane_member())
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

/// Marks of buffers, destinations and schedules, by their lives.
pub(crate) fn alive(shard: Shard) -> String {
    shard.key("alive")
}

/// Under which id a batch was sent again to a destination last.
pub(crate) fn again(shard: Shard, destination: &Name, id: &BatchId) -> String {
    shard.key(format_args!("again:{destination}:{id}"))
}

/// What lies behind the members of [`Due::Later`].
pub(crate) fn later_items(shard: Shard) -> String {
    shard.key("later:items")
}

pub(crate) fn history(shard: Shard) -> String {
    shard.key("history")
}

pub(crate) fn received(shard: Shard) -> String {
    shard.key("received")
}

pub(crate) fn posts(shard: Shard) -> String {
    shard.key("posts")
}

pub(crate) fn copy(shard: Shard) -> String {
    shard.key("copy")
}

pub(crate) fn dead(shard: Shard) -> String {
    shard.key("dead")
}

#[cfg(test)]
mod tests;
