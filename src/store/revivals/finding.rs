//! Looking for dead letters that are to be revived, without what was said.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use indexmap::IndexMap;
use redis::Script;
use redis::streams::StreamRangeReply;

use super::Revival;
use crate::core::chat::{Chat, ChatId, Name};
use crate::core::filter::Filter;
use crate::core::revival::{Asked, Wanted};
use crate::store::batch::is_ordered;
use crate::store::dead::{Letter, shards_of};
use crate::store::keys::{self, Shard};
use crate::store::paging::EntryId;
use crate::store::{Result, Store, StoreError, reply, script};

pub(super) static LETTERS: LazyLock<Script> =
    LazyLock::new(|| script(include_str!("../lua/letters.lua")));

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
    let chat = |buffer: &str, chat: &str| {
        let id = ChatId::parse(chat).ok()?;
        Some(Chat::new(Name::from_stored(buffer).ok()?, id))
    };
    let filter = match (&wanted.buffer, &wanted.chat) {
        (Some(buffer), Some(id)) => chat(buffer, id).map(Filter::Chat),
        _ => None,
    };
    shards_of(&filter.unwrap_or(Filter::Everybody)).collect()
}

impl Store {
    /// What would have to be gone through.
    pub(super) async fn found(&self, wanted: &Wanted, limit: Option<u64>) -> Result<Revival> {
        let now = reply::time(Some(self.query(&redis::cmd("TIME")).await?))?;
        let mut revival = Revival::of(wanted, now);
        let mut ids = Vec::new();
        for shard in shards_with(wanted) {
            if wanted.is_all() && limit.is_none() {
                let (count, last) = self.all_in(shard).await?;
                revival.add(shard, count, last);
            } else {
                ids.extend(self.ids_in(shard, wanted).await?);
            }
        }
        // The oldest of all, whichever shard they lie in; within a shard those are the first.
        ids.sort_unstable();
        ids.truncate(limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        }));
        let mut by_shard: IndexMap<usize, (u64, EntryId)> = IndexMap::new();
        for id in ids {
            let (count, last) = by_shard.entry(id.shard.index()).or_insert((0, id));
            (*count, *last) = (*count + 1, id);
        }
        for (count, last) in by_shard.into_values() {
            revival.add(last.shard, count, last.in_stream());
        }
        Ok(revival)
    }

    /// How many dead letters a shard has, and the newest.
    async fn all_in(&self, shard: Shard) -> Result<(u64, String)> {
        let count: u64 = self.query(&redis::Cmd::xlen(keys::dead(shard))).await?;
        if count == 0 {
            return Ok((0, String::new()));
        }
        let newest = redis::Cmd::xrevrange_count(keys::dead(shard), "+", "-", 1);
        let newest: StreamRangeReply = self.query(&newest).await?;
        let newest = newest.ids.into_iter().next();
        Ok(newest.map_or((0, String::new()), |newest| (count, newest.id)))
    }

    /// The dead letters of a shard that are wanted.
    async fn ids_in(&self, shard: Shard, wanted: &Wanted) -> Result<Vec<EntryId>> {
        let (mut from, to) = (first_of(wanted), last_of(wanted));
        let mut ids = Vec::new();
        loop {
            let (heads, last) = self.heads(shard, &from, &to).await?;
            let found = heads.iter().filter(|head| head.is_wanted(wanted));
            ids.extend(found.map(|head| head.id));
            match last {
                Some(last) => from = format!("({}", last.in_stream()),
                None => return Ok(ids),
            }
        }
    }

    /// A few dead letters, the oldest first, and the last that was looked at; what cannot be read is none.
    pub(super) async fn heads(
        &self,
        shard: Shard,
        from: &str,
        to: &str,
    ) -> Result<(Vec<Head>, Option<EntryId>)> {
        let mut letters = LETTERS.key(keys::dead(shard));
        letters
            .arg(from)
            .arg(to)
            .arg(LOOKED_AT)
            .arg(LOOKED_AT_BYTES);
        let words: Vec<redis::Value> = self.run(shard, &letters).await?;
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
