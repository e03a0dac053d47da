//! Dead letters: batches given up on, kept whole.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use redis::Script;
use redis::streams::StreamRangeReply;
use serde::{Deserialize, Serialize};

use super::batch::read_batch;
use super::keys::{self, Place, Shard};
use super::paging::{EntryId, Look, StreamEntry};
use super::queue::since;
use super::{Result, Store, StoreError, script};
use crate::domain::batch::{Batch, BatchId, Millis};
use crate::domain::chat::{Chat, ChatId, Lane, Name};
use crate::domain::whose::Whose;

static REVIVE: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/revive.lua")));

/// Dead letters put back between two looks.
const PAGE: usize = 64;

/// What is written about a batch when it is given up on.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Letter {
    /// The buffer of its chat.
    pub buffer: String,
    /// Its chat.
    pub chat: String,
    /// Where it was to go.
    pub destination: String,
    /// Why it was given up on.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was first tried.
    pub first_attempt: Millis,
}

/// A dead letter.
#[derive(Debug)]
pub struct DeadLetter {
    /// Where it lies.
    pub id: EntryId,
    /// What was written about it.
    pub letter: Letter,
    /// The batch itself.
    pub batch: Batch,
    /// It came from the lane of an ordered buffer.
    ordered: bool,
}

impl DeadLetter {
    fn read(entry: &StreamEntry) -> Result<Self> {
        let letter = serde_json::from_str(&entry.field("letter")?)
            .map_err(|_| StoreError::Unreadable("a dead letter"))?;
        let (batch, whose) = read_batch(&entry.field("batch")?)?;
        Ok(Self {
            id: entry.id,
            letter,
            batch,
            ordered: whose.is_some(),
        })
    }

    /// The lane it came from.
    fn lane(&self) -> Result<Lane> {
        let unreadable = || StoreError::Unreadable("a dead letter");
        let name = |text: &str| Name::from_stored(text).map_err(|_| unreadable());
        let chat = Chat {
            buffer: name(&self.letter.buffer)?,
            id: ChatId::parse(&self.letter.chat).map_err(|_| unreadable())?,
            ordered: self.ordered,
        };
        Ok(Lane {
            destination: name(&self.letter.destination)?,
            chat,
        })
    }

    /// When it was given up on.
    pub fn buried(&self) -> Millis {
        self.id.ms
    }
}

/// The shards that can hold something of these: a chat's own in either order of its buffer, or all.
pub(super) fn shards_of(whose: &Whose) -> Box<dyn Iterator<Item = Shard> + Send> {
    match whose {
        Whose::Chat(chat) => {
            let shards = [chat, &chat.in_other_order()].map(Shard::of);
            Box::new(BTreeSet::from(shards).into_iter())
        }
        Whose::Everybody | Whose::Buffer(_) => Box::new(Shard::all()),
    }
}

impl Store {
    /// A page of dead letters, newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn dead_letters(
        &self,
        whose: &Whose,
        look: Look,
    ) -> Result<(Vec<DeadLetter>, Option<String>)> {
        self.newest(keys::dead, shards_of(whose), look, |entry| {
            let dead = DeadLetter::read(entry)?;
            let wanted = whose.includes(&dead.letter.buffer, &dead.letter.chat);
            Ok(wanted.then_some(dead))
        })
        .await
    }

    /// One dead letter, if it is still there.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn dead_letter(&self, id: EntryId) -> Result<Option<DeadLetter>> {
        self.entry(keys::dead(id.shard), id)
            .await?
            .map(|entry| DeadLetter::read(&entry))
            .transpose()
    }

    /// The dead letter of a message of a queue, if it is still there.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn dead_letter_of(&self, buffer: &Name, id: &BatchId) -> Result<Option<DeadLetter>> {
        let shard = Shard::of_ordered(buffer);
        self.first_since(&keys::dead(shard), shard, since(id), |entry| {
            let dead = DeadLetter::read(entry)?;
            let is_it = dead.batch.id == *id && dead.letter.buffer == buffer.as_str();
            Ok(is_it.then_some(dead))
        })
        .await
    }

    /// Puts a dead letter back at the head of its lane; false if it is not there (any more).
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn revive(&self, id: EntryId) -> Result<bool> {
        match self.dead_letter(id).await? {
            Some(dead) => self.revive_to(id, &dead.lane()?).await,
            None => Ok(false),
        }
    }

    /// Puts back all dead letters that lie there now; answers how many.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable; what was put back until then stays put back.
    pub async fn revive_all(&self, whose: &Whose) -> Result<u64> {
        let mut revived = 0;
        for shard in shards_of(whose) {
            revived += self.revive_shard(shard, whose).await?;
        }
        Ok(revived)
    }

    /// Oldest first: a monitor attempts the first of a lane while the rest of it is still being put back.
    async fn revive_shard(&self, shard: Shard, whose: &Whose) -> Result<u64> {
        let newest: StreamRangeReply = self
            .query(&redis::Cmd::xrevrange_count(keys::dead(shard), "+", "-", 1))
            .await?;
        // What is buried again meanwhile is newer than this, so it comes to an end.
        let Some(last) = newest.ids.into_iter().next() else {
            return Ok(0);
        };
        let mut revived = 0;
        let mut from = "-".to_owned();
        loop {
            let read = redis::Cmd::xrange_count(keys::dead(shard), &from, &last.id, PAGE);
            let page = self.query::<StreamRangeReply>(&read).await?.ids;
            let is_last = page.len() < PAGE;
            for entry in page
                .into_iter()
                .filter_map(|entry| StreamEntry::of(shard, entry))
            {
                let dead = DeadLetter::read(&entry)?;
                from = format!("({}", dead.id.in_stream());
                if whose.includes(&dead.letter.buffer, &dead.letter.chat) {
                    let lane = dead.lane()?;
                    revived += u64::from(self.revive_to(dead.id, &lane).await?);
                }
            }
            if is_last {
                return Ok(revived);
            }
        }
    }

    async fn revive_to(&self, id: EntryId, lane: &Lane) -> Result<bool> {
        let place = Place::of(&lane.chat);
        self.run(
            place.shard,
            REVIVE
                .key(place.due_lanes(&lane.destination))
                .key(place.lane(&lane.destination))
                .key(place.head(&lane.destination))
                .key(keys::dead(id.shard))
                .arg(place.lane_member())
                .arg(id.in_stream())
                .arg(keys::RETRIES),
        )
        .await
    }

    /// Drops a dead letter for good; false if it is not there (any more).
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn discard(&self, id: EntryId) -> Result<bool> {
        let dropped: u64 = self
            .query(&redis::Cmd::xdel(keys::dead(id.shard), &[id.in_stream()]))
            .await?;
        Ok(dropped > 0)
    }
}
