//! One chat whole: what its window holds and what waits on its lanes.

use std::time::Duration;

use super::batch::{read_batch, revived_batch};
use super::keys::Place;
use super::{Result, Store, StoreError, reply};
use crate::domain::batch::{Batch, Millis};
use crate::domain::chat::{Chat, Name};
use crate::wire::item::{Item, read_items};

/// Batches of a lane that are looked at.
const MOST_BATCHES: isize = 100;

/// What waits for one destination.
#[derive(Debug)]
pub struct WaitingLane {
    /// Where it goes.
    pub destination: Name,
    /// The batches of the chat, the next to leave first; of very many only the first.
    pub batches: Vec<Batch>,
    /// How often the first batch of the lane was attempted, an attempt on its way included.
    pub attempts: u32,
    /// Until the next attempt; zero: it may begin at any time. While one is on its way, until its lease ends.
    pub left: Duration,
    /// An attempt is on its way.
    pub in_hand: bool,
}

impl Store {
    /// What the open window of a chat holds, in order.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn said_in(&self, chat: &Chat) -> Result<Vec<Item>> {
        let window = Place::of(chat).window();
        // Before the messages stands a head that is no JSON.
        let items: Vec<String> = self.query(&redis::Cmd::lrange(window, 1, -1)).await?;
        read_items(&items.join(",")).map_err(|_| StoreError::Unreadable("a window"))
    }

    /// The lanes to these destinations that hold something of a chat, in whichever order its buffer went.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn lanes_of(
        &self,
        chat: &Chat,
        destinations: impl IntoIterator<Item = Name>,
    ) -> Result<Vec<WaitingLane>> {
        let now = reply::time(Some(self.query(&redis::cmd("TIME")).await?))?;
        let mut lanes = Vec::new();
        for destination in destinations {
            for chat in [chat, &chat.in_other_order()] {
                lanes.extend(self.waiting_lane(chat, &destination, now).await?);
            }
        }
        Ok(lanes)
    }

    async fn waiting_lane(
        &self,
        chat: &Chat,
        destination: &Name,
        now: Millis,
    ) -> Result<Option<WaitingLane>> {
        type Head = (Option<u32>, Option<Millis>, Option<String>);
        let place = Place::of(chat);
        let mut reads = redis::pipe();
        reads
            .lrange(place.lane(destination), 0, MOST_BATCHES - 1)
            .zrange(place.revived(destination), 0, MOST_BATCHES - 1)
            .cmd("HMGET")
            .arg(place.head(destination))
            .arg(&["attempts", "due", "token"]);
        let (texts, revived, (attempts, due, token)): (Vec<String>, Vec<String>, Head) =
            self.pipeline(&reads).await?;
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let behind_first = texts.len().min(1);
        let revived = revived.iter().map(|member| revived_batch(member));
        texts.splice(behind_first..behind_first, revived);
        let mut batches = Vec::new();
        for text in texts {
            let (batch, whose) = read_batch(text)?;
            // All chats of an ordered buffer share one lane.
            if whose.is_none_or(|id| id == chat.id) {
                batches.push(batch);
            }
        }
        if batches.is_empty() {
            return Ok(None);
        }
        Ok(Some(WaitingLane {
            destination: destination.clone(),
            batches,
            attempts: attempts.unwrap_or_default(),
            left: Duration::from_millis(due.unwrap_or_default().saturating_sub(now)),
            in_hand: token.is_some(),
        }))
    }
}
