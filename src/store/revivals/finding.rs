//! Looking for dead letters that are to be revived, without what was said.

use std::collections::BTreeSet;

use indexmap::{IndexMap, IndexSet};

use super::{Part, Revival};
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::revival::{Asked, Wanted};
use crate::store::batch::is_ordered;
use crate::store::dead_letters::{Letter, shards_of};
use crate::store::handles::DeadLetters;
use crate::store::keys::{self, Shard};
use crate::store::paging::EntryId;
use crate::store::scripts;
use crate::store::{Result, StoreError, reply};

/// Dead letters that are looked at in one step, and bytes of them.
const LOOKED_AT: usize = 100;
const LOOKED_AT_BYTES: u64 = 128 * 1024;

/// A dead letter without what was said.
pub(super) struct Head {
    pub(super) id: EntryId,
    pub(super) letter: Letter,
    pub(super) ordered: bool,
    pub(super) bytes: u64,
}

impl Head {
    pub(super) fn is_wanted(&self, wanted: &Wanted) -> bool {
        wanted.includes(Asked {
            id: &self.id.text(),
            buffer: &self.letter.buffer,
            chat: &self.letter.chat,
            destination: &self.letter.destination,
            reason: &self.letter.reason,
            buried: self.id.ms,
        })
    }
}

impl Head {
    /// Whose it is, where that lies.
    fn chat(&self) -> Option<Chat> {
        let chat = Chat::from_stored(&self.letter.buffer, &self.letter.chat)?;
        Some(Chat {
            ordered: self.ordered,
            ..chat
        })
    }
}

impl Revival {
    /// Whether it is still to come by this dead letter, and wants it.
    pub(super) fn has_asked_for(&self, head: &Head) -> bool {
        self.left.iter().any(|part| part.holds(head.id)) && head.is_wanted(&self.wanted)
    }
}

impl Part {
    /// Whether an entry lies in it.
    fn holds(&self, id: EntryId) -> bool {
        if usize::from(self.shard) != id.shard.index() {
            return false;
        }
        let in_stream = |text: &str| EntryId::of(id.shard, text);
        let is_behind = match self.from.strip_prefix('(') {
            Some(passed) => in_stream(passed).is_none_or(|passed| id > passed),
            // A moment, or all there are.
            None => self.from.parse().map_or(true, |from: Millis| id.ms >= from),
        };
        is_behind && in_stream(&self.last).is_some_and(|last| id <= last)
    }
}

/// Where to begin to look in each shard.
pub(super) fn first_of(wanted: &Wanted) -> String {
    wanted
        .from
        .map_or_else(|| "-".to_owned(), |from| from.to_string())
}

/// Where to end.
fn last_of(wanted: &Wanted) -> String {
    wanted
        .to
        .map_or_else(|| "+".to_owned(), |to| to.to_string())
}

/// The shards that can hold something of what is wanted.
fn shards_with(wanted: &Wanted) -> Vec<Shard> {
    if !wanted.ids.is_empty() {
        let ids = wanted.ids.iter().filter_map(|id| EntryId::parse(id));
        let shards: BTreeSet<Shard> = ids.map(|id| id.shard).collect();
        return shards.into_iter().collect();
    }
    let of_chat = wanted.buffer.as_ref().zip(wanted.chat.as_ref());
    let filter = of_chat.and_then(|(buffer, id)| Chat::from_stored(buffer, id).map(Filter::Chat));
    shards_of(&filter.unwrap_or(Filter::Everybody)).collect()
}

/// How many of the dead letters that are wanted there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Those that go back by what is asked now.
    pub count: u64,
    /// Those that go back by what was asked before, and is under way.
    pub under_way: u64,
    /// Those that stay, as there is nothing that they could go back to.
    pub without_destination: u64,
}

/// What was found of the dead letters that are wanted.
pub(super) struct Found {
    /// What would have to be gone through.
    pub(super) revival: Revival,
    pub(super) counted: Counted,
    /// Those that would go back, the oldest first, each with the place of its chat among `chats`.
    pub(super) letters: Vec<(EntryId, Option<usize>)>,
    pub(super) chats: IndexSet<Chat>,
}

impl DeadLetters<'_> {
    /// What would have to be gone through for the oldest `limit` of the dead letters that are wanted and can go back, and
    /// are not asked for already.
    pub(super) async fn found(self, wanted: &Wanted, limit: Option<u64>) -> Result<Found> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        let under_way = self.revivals().await?;
        let configured = self.store.config().read().await?;
        let mut counted = Counted::default();
        let (mut letters, mut chats) = (Vec::new(), IndexSet::new());
        for shard in shards_with(wanted) {
            let (mut from, to) = (first_of(wanted), last_of(wanted));
            loop {
                let (heads, last) = self.heads(shard, &from, &to).await?;
                for head in heads.iter().filter(|head| head.is_wanted(wanted)) {
                    if !configured.has_way_back(&head.letter) {
                        counted.without_destination += 1;
                    } else if under_way.iter().any(|(_, other)| other.has_asked_for(head)) {
                        counted.under_way += 1;
                    } else {
                        let chat = head.chat().map(|chat| chats.insert_full(chat).0);
                        letters.push((head.id, chat));
                    }
                }
                match last {
                    Some(last) => from = format!("({}", last.in_stream()),
                    None => break,
                }
            }
        }
        // The oldest of all, whichever shard they lie in; within a shard those are the first.
        letters.sort_unstable();
        letters.truncate(limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }));
        let mut by_shard: IndexMap<usize, (u64, EntryId)> = IndexMap::new();
        for (id, _) in &letters {
            let (count, last) = by_shard.entry(id.shard.index()).or_insert((0, *id));
            (*count, *last) = (*count + 1, *id);
        }
        let mut revival = Revival::of(wanted, now);
        for (count, last) in by_shard.into_values() {
            revival.add(last.shard, count, last.in_stream());
        }
        counted.count = revival.count;
        Ok(Found {
            revival,
            counted,
            letters,
            chats,
        })
    }

    /// A few dead letters, the oldest first, and the last that was looked at; what cannot be read is none.
    pub(super) async fn heads(
        self,
        shard: Shard,
        from: &str,
        to: &str,
    ) -> Result<(Vec<Head>, Option<EntryId>)> {
        let mut letters = scripts::LETTERS.key(keys::dead(shard));
        letters
            .arg(from)
            .arg(to)
            .arg(LOOKED_AT)
            .arg(LOOKED_AT_BYTES);
        let words: Vec<redis::Value> = self.store.run(shard, &letters).await?;
        let (mut heads, mut last) = (Vec::new(), None);
        let mut words = words.into_iter();
        while let Some(id) = words.next() {
            let id = EntryId::of(shard, &reply::value::<String>(Some(id))?);
            let id = id.ok_or(StoreError::Unreadable("the id of a dead letter"))?;
            let letter: Vec<u8> = reply::value(words.next())?;
            let line: Vec<u8> = reply::value(words.next())?;
            let bytes = reply::value(words.next())?;
            last = Some(id);
            if let Ok(letter) = serde_json::from_slice(&letter)
                && let Some(ordered) = is_ordered(&line)
            {
                heads.push(Head {
                    id,
                    letter,
                    ordered,
                    bytes,
                });
            }
        }
        Ok((heads, last))
    }
}
