//! One chat whole: what its window holds and what waits on its lanes.

use std::time::Duration;

use crate::core::batch::{Batch, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::item::{Item, read_items};
use crate::store::batch::{read_batch, revived_batch};
use crate::store::handles::{Chats, Windows};
use crate::store::keys::{Place, Shard};
use crate::store::scripts;
use crate::store::{Result, Store, StoreError, reply};

/// Batches of a lane that are looked at.
const MOST_BATCHES: usize = 100;

/// Messages of a window that are shown.
const MOST_SAID: usize = 10_000;

/// Where a stretch of a list begins.
#[derive(Clone, Copy)]
enum From {
    /// At its first entry.
    First,
    /// At its last one, backwards to the entry behind the head of a window.
    Newest,
}

/// What waits for one destination.
#[derive(Debug)]
pub struct WaitingLane {
    /// Where it goes.
    pub destination: Name,
    /// The batches of the chat, the next to leave first; of many, or large ones, only the first.
    pub batches: Vec<Batch>,
    /// How often the first batch of the lane was attempted, an attempt on its way included.
    pub attempts: u32,
    /// Until the next attempt; zero: it may begin at any time. While one is on its way, until its lease ends.
    pub left: Duration,
    /// An attempt is on its way.
    pub in_hand: bool,
}

impl Windows<'_> {
    /// What the open window of a chat holds, in order: the newest that begin within so many bytes, of which it takes what
    /// they have; and whether it holds more.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn messages(self, chat: &Chat, room: &mut usize) -> Result<(Vec<Item>, bool)> {
        let place = Place::of(chat);
        let (mut items, more) = self
            .store
            .stretch(place.shard, &place.window(), From::Newest, MOST_SAID, *room)
            .await?;
        *room = room.saturating_sub(items.iter().map(String::len).sum());
        items.reverse();
        let items = read_items(&items.join(",")).map_err(|_| StoreError::Unreadable("a window"))?;
        Ok((items, more))
    }
}

impl Chats<'_> {
    /// The lanes to these destinations that hold something of a chat, in whichever order its buffer went: as many batches
    /// as begin within so many bytes, of which it takes what they have; and whether they may hold more.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn lanes(
        self,
        chat: &Chat,
        destinations: impl IntoIterator<Item = Name>,
        room: &mut usize,
    ) -> Result<(Vec<WaitingLane>, bool)> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        let (mut lanes, mut more) = (Vec::new(), false);
        for destination in destinations {
            for chat in [chat, &chat.in_other_order()] {
                let (lane, has_more) = self.waiting_lane(chat, &destination, now, room).await?;
                lanes.extend(lane);
                more |= has_more;
            }
        }
        Ok((lanes, more))
    }

    async fn waiting_lane(
        self,
        chat: &Chat,
        destination: &Name,
        now: Millis,
        room: &mut usize,
    ) -> Result<(Option<WaitingLane>, bool)> {
        type Head = (Option<u32>, Option<Millis>, Option<String>);
        let place = Place::of(chat);
        let part = async |key: String| {
            self.store
                .stretch(place.shard, &key, From::First, MOST_BATCHES, *room)
                .await
        };
        let (texts, more) = part(place.lane(destination)).await?;
        let (revived, more_revived) = part(place.revived(destination)).await?;
        let mut head = redis::cmd("HMGET");
        head.arg(place.head(destination))
            .arg(&["attempts", "due", "token"]);
        let (attempts, due, token): Head = self.store.query(&head).await?;
        let mut more = more || more_revived;
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let behind_first = texts.len().min(1);
        let revived = revived.iter().map(|member| revived_batch(member));
        texts.splice(behind_first..behind_first, revived);
        let mut batches = Vec::new();
        for text in texts {
            let (batch, filter) = read_batch(text)?;
            // All chats of an ordered buffer share one lane.
            if filter.is_some_and(|id| id != chat.id) {
                continue;
            }
            if *room == 0 {
                more = true;
                break;
            }
            *room = room.saturating_sub(text.len());
            batches.push(batch);
        }
        let lane = WaitingLane {
            destination: destination.clone(),
            batches,
            attempts: attempts.unwrap_or_default(),
            left: Duration::from_millis(due.unwrap_or_default().saturating_sub(now)),
            in_hand: token.is_some(),
        };
        Ok(((!lane.batches.is_empty()).then_some(lane), more))
    }
}

impl Store {
    /// At most so many entries of a list or a sorted set, of which the last begins within so many bytes; and whether there
    /// are more.
    async fn stretch(
        &self,
        shard: Shard,
        key: &str,
        from: From,
        most: usize,
        bytes: usize,
    ) -> Result<(Vec<String>, bool)> {
        let (first, newest) = match from {
            From::First => (0, 0),
            // Before the messages stands a head that is no JSON.
            From::Newest => (1, 1),
        };
        let mut read = scripts::STRETCH.key(key);
        read.arg(first).arg(newest).arg(most).arg(bytes);
        self.run(shard, &read).await
    }
}
