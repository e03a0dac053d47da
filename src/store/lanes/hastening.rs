//! Letting retries begin now, because an operator wants it.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::store::due::shards_of;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Due, Place, Shard};
use crate::store::scripts;
use crate::store::{Result, StoreError, reply};

/// Lanes of a shard that are read at a time.
const PAGE: usize = 64;
/// Lanes of one request that are looked at, whether or not they can be hastened.
const MOST_LOOKED_AT: usize = 10_000;

/// What became of a lane that is to be tried now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hastened {
    /// Nothing is on it.
    None,
    /// Another chat's batch is the first of the ordered buffer's.
    Other,
    /// An attempt is on its way.
    InHand,
    /// It was due already.
    Due,
    /// It is due from now on.
    Moved,
}

/// What became of many lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HastenedMany {
    /// Those that are due from now on.
    pub moved: u64,
    /// Those on which an attempt is on its way.
    pub in_hand: u64,
    /// There may be more of them.
    pub more: bool,
}

impl Lanes<'_> {
    /// Lets the next attempt on the lane of a chat begin now.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn hasten(self, destination: &Name, chat: &Chat) -> Result<Hastened> {
        let whose = crate::store::batch::whose_word(chat);
        self.hasten_lane(destination, chat, &whose).await
    }

    /// Lets the next attempts on up to so many lanes to a destination begin now, of one buffer if that is named: those
    /// that are not due yet, the next ones first.
    ///
    /// # Errors
    /// Unavailable or silent: then some may have been let begin.
    pub async fn hasten_many(
        self,
        destination: &Name,
        buffer: Option<&Name>,
        most: usize,
    ) -> Result<HastenedMany> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        let due = Due::Retries(destination.clone());
        let (mut all, mut looked) = (HastenedMany::default(), 0);
        for shard in shards_of(&due) {
            let mut stayed = 0;
            loop {
                let moved = usize::try_from(all.moved).unwrap_or(most);
                let room = most.saturating_sub(moved).min(PAGE);
                if room == 0 || looked >= MOST_LOOKED_AT {
                    all.more |= !self.waiting(&due, shard, now, stayed, 1).await?.is_empty();
                    break;
                }
                let chats = self.waiting(&due, shard, now, stayed, room).await?;
                let is_last = chats.len() < room;
                looked += chats.len();
                let wanted = chats
                    .iter()
                    .flatten()
                    .filter(|chat| buffer.is_none_or(|buffer| chat.buffer == *buffer));
                let each = wanted.map(|chat| self.hasten_lane(destination, chat, "*"));
                let mut became = HashMap::<_, usize>::new();
                for one in try_join_all(each).await? {
                    *became.entry(one).or_default() += 1;
                }
                let count = |what| became.get(&what).copied().unwrap_or_default();
                let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
                all.moved += number(count(Hastened::Moved));
                all.in_hand += number(count(Hastened::InHand));
                // Whatever was moved stands here no more.
                stayed += chats.len() - count(Hastened::Moved);
                if is_last {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// Chats whose lanes are not due yet, but for so many; one that cannot be read is none.
    async fn waiting(
        self,
        due: &Due,
        shard: Shard,
        now: Millis,
        but: usize,
        most: usize,
    ) -> Result<Vec<Option<Chat>>> {
        let number = |count: usize| isize::try_from(count).unwrap_or(isize::MAX);
        let from = format!("({}", due.band().0 + now);
        let read = redis::Cmd::zrangebyscore_limit(
            due.key(shard),
            from,
            "+inf",
            number(but),
            number(most),
        );
        let members: Vec<Vec<u8>> = self.store.query(&read).await?;
        let members = members.iter();
        let chats = members.map(|member| keys::chat_of_member(std::str::from_utf8(member).ok()?));
        Ok(chats.collect())
    }

    async fn hasten_lane(self, destination: &Name, chat: &Chat, whose: &str) -> Result<Hastened> {
        let place = Place::of(chat);
        let mut hasten = scripts::HASTEN.key(place.due_lanes(destination));
        hasten
            .key(place.lane(destination))
            .key(place.head(destination))
            .arg(place.lane_member())
            .arg(whose)
            .arg(keys::RETRIES);
        self.store.tell_time(&mut hasten, place.shard);
        hasten.key(keys::lanes(place.shard));
        let became: String = self.store.run(place.shard, &hasten).await?;
        match became.as_str() {
            "none" => Ok(Hastened::None),
            "other" => Ok(Hastened::Other),
            "in_hand" => Ok(Hastened::InHand),
            "due" => Ok(Hastened::Due),
            "moved" => Ok(Hastened::Moved),
            _ => Err(StoreError::Unreadable("what became of a lane")),
        }
    }
}
