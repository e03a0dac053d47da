//! Dead letters: batches given up on, kept whole.

pub(in crate::store) mod addressing;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::batch::{read_batch, whose_word};
use super::handles::DeadLetters;
use super::history::searching::first_in_shards;
use super::keys::{self, Shard};
use super::lanes::queue::since;
use super::paging::{EntryId, Look, StreamEntry};
use super::{Result, StoreError};
use crate::core::batch::{Batch, BatchId, Millis};
use crate::core::chat::{Chat, ChatId, Lane, Name};
use crate::core::filter::Filter;

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
    /// The same without what the destination answered, which may quote what was said; none: the reason has nothing of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub summary: Option<String>,
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

impl Letter {
    /// Why it was given up on, without anything out of a body.
    pub fn summary(&self) -> &str {
        self.summary.as_deref().unwrap_or(&self.reason)
    }
}

impl DeadLetter {
    pub(super) fn read(entry: &StreamEntry) -> Result<Self> {
        let letter = serde_json::from_str(&entry.field("letter")?)
            .map_err(|_| StoreError::Unreadable("a dead letter"))?;
        let (batch, filter) = read_batch(&entry.field("batch")?)?;
        Ok(Self {
            id: entry.id,
            letter,
            batch,
            ordered: filter.is_some(),
        })
    }

    /// The lane it came from.
    fn lane(&self) -> Result<Lane> {
        lane_of(&self.letter, self.ordered)
    }

    /// The last word of the line about it, where its lane does not tell whose it is.
    pub(super) fn whose(&self) -> Result<String> {
        let mut chat = Chat::of_default(
            ChatId::parse(&self.letter.chat)
                .map_err(|_| StoreError::Unreadable("a dead letter"))?,
        );
        chat.ordered = self.ordered;
        Ok(whose_word(&chat))
    }

    /// When it was given up on.
    pub fn buried(&self) -> Millis {
        self.id.ms
    }
}

/// The lane that a dead letter came from; that of an ordered buffer is shared by its chats.
pub(super) fn lane_of(letter: &Letter, ordered: bool) -> Result<Lane> {
    let unreadable = || StoreError::Unreadable("a dead letter");
    let name = |text: &str| Name::from_stored(text).map_err(|_| unreadable());
    let chat = Chat {
        buffer: name(&letter.buffer)?,
        id: ChatId::parse(&letter.chat).map_err(|_| unreadable())?,
        ordered,
    };
    Ok(Lane {
        destination: name(&letter.destination)?,
        chat,
    })
}

/// The shards that can hold something of these: a chat's own in either order of its buffer, or all.
pub(super) fn shards_of(filter: &Filter) -> Box<dyn Iterator<Item = Shard> + Send> {
    match filter {
        Filter::Chat(chat) => {
            let shards = [chat, &chat.in_other_order()].map(Shard::of);
            Box::new(BTreeSet::from(shards).into_iter())
        }
        Filter::Everybody | Filter::Buffer(_) => Box::new(Shard::all()),
    }
}

impl DeadLetters<'_> {
    /// A page of dead letters, newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list(
        self,
        filter: &Filter,
        look: Look,
    ) -> Result<(Vec<DeadLetter>, Option<String>)> {
        self.list_of(filter, |_| true, look).await
    }

    /// The same of those that are wanted.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list_of(
        self,
        filter: &Filter,
        wanted: impl Fn(&Letter) -> bool,
        look: Look,
    ) -> Result<(Vec<DeadLetter>, Option<String>)> {
        let named = filter.chat_in_json();
        self.store
            .newest(keys::dead, shards_of(filter), look, |entry| {
                if !entry.may_hold("letter", named.as_deref()) {
                    return Ok(None);
                }
                let dead = DeadLetter::read(entry)?;
                let letter = &dead.letter;
                let is_wanted = filter.includes(&letter.buffer, &letter.chat) && wanted(letter);
                Ok(is_wanted.then_some(dead))
            })
            .await
    }

    /// One dead letter, if it is still there.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find(self, id: EntryId) -> Result<Option<DeadLetter>> {
        self.store
            .entry(keys::dead(id.shard), id)
            .await?
            .map(|entry| DeadLetter::read(&entry))
            .transpose()
    }

    /// The dead letter of a message of a queue, if it is still there.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find_of(self, buffer: &Name, id: &BatchId) -> Result<Option<DeadLetter>> {
        let shard = Shard::of_ordered(buffer);
        self.store
            .first_since(
                &keys::dead(shard),
                shard,
                (since(id), Millis::MAX),
                |entry| {
                    let dead = DeadLetter::read(entry)?;
                    let is_it = dead.batch.id == *id && dead.letter.buffer == buffer.as_str();
                    Ok(is_it.then_some(dead))
                },
            )
            .await
    }

    /// The dead letters of this batch, to any destination; of a chat, if it is known.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn of_batch(self, id: &BatchId, chat: Option<&Chat>) -> Result<Vec<DeadLetter>> {
        let look = |shard| self.of_batch_in(id, shard);
        let Some(chat) = chat else {
            return Ok(first_in_shards(id, look).await?.unwrap_or_default());
        };
        let mut all = Vec::new();
        for shard in shards_of(&Filter::Chat(chat.clone())) {
            all.extend(look(shard).await?.unwrap_or_default());
        }
        Ok(all)
    }

    async fn of_batch_in(self, id: &BatchId, shard: Shard) -> Result<Option<Vec<DeadLetter>>> {
        let mut all = Vec::new();
        let key = keys::dead(shard);
        let period = (since(id), Millis::MAX);
        self.store
            .first_since(&key, shard, period, |entry| {
                let dead = DeadLetter::read(entry)?;
                if dead.batch.id == *id {
                    all.push(dead);
                }
                Ok(None::<()>)
            })
            .await?;
        Ok((!all.is_empty()).then_some(all))
    }

    /// Puts a dead letter back at the head of its lane; false if it is not there (any more).
    ///
    /// # Errors
    /// Gone, where its destination is not there, or its buffer, where it has no destination; unavailable, silent or
    /// unreadable.
    pub async fn revive(self, id: EntryId) -> Result<bool> {
        let Some(dead) = self.find(id).await? else {
            return Ok(false);
        };
        let mut back = 0;
        for id in self.addressed(&dead).await? {
            if let Some(dead) = self.find(id).await? {
                back += self.revive_to(&[id], &dead.lane()?).await?;
            }
        }
        Ok(back > 0)
    }

    /// Drops a dead letter for good; false if it is not there (any more).
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn discard(self, id: EntryId) -> Result<bool> {
        let dropped: u64 = self
            .store
            .query(&redis::Cmd::xdel(keys::dead(id.shard), &[id.in_stream()]))
            .await?;
        Ok(dropped > 0)
    }
}
