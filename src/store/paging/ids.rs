//! Ids of entries: what tells one of a list of streams from all others, and where it stands among them.

use super::Stream;
use crate::core::batch::Millis;
use crate::store::keys::{SHARDS, Shard};

/// The place of an entry in a list of stream entries; later entries are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId {
    pub(in crate::store) ms: Millis,
    seq: u64,
    pub(in crate::store) shard: Shard,
    /// Which of the lists that are read as one has it.
    pub(in crate::store) list: u8,
}

impl EntryId {
    /// Reads what [`EntryId::text`] wrote of a list.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_of_two(text).filter(|id| id.list == 0)
    }

    /// The same of two lists that are read as one.
    pub fn parse_of_two(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (ms, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let place: u8 = parts.next()?.parse().ok()?;
        let (list, shard) = (place / SHARDS, Shard::from_index(place % SHARDS)?);
        // No stream has an entry 0-0, and Redis refuses a range that ends before it.
        let may_be = (ms, seq) != (0, 0) && list < 2 && parts.next().is_none();
        may_be.then_some(Self {
            ms,
            seq,
            shard,
            list,
        })
    }

    /// When the entry was written, by Redis's clock.
    pub fn at(&self) -> Millis {
        self.ms
    }

    /// The id as it stands in paths and cursors.
    pub fn text(&self) -> String {
        let place = self.shard.index() + usize::from(self.list) * usize::from(SHARDS);
        format!("{}-{}-{place}", self.ms, self.seq)
    }

    /// The id as Redis knows it within the shard.
    pub(in crate::store) fn in_stream(&self) -> String {
        format!("{}-{}", self.ms, self.seq)
    }

    /// Reads an id as Redis knows it within the shard.
    pub(in crate::store) fn of(shard: Shard, id: &str) -> Option<Self> {
        let (ms, seq) = id.split_once('-')?;
        Some(Self {
            ms: ms.parse().ok()?,
            seq: seq.parse().ok()?,
            shard,
            list: 0,
        })
    }

    /// The end of the range in a stream that holds everything older than this entry.
    pub(super) fn older_in(&self, stream: &Stream) -> String {
        let comes_after = (stream.shard, stream.list) < (self.shard, self.list);
        let inclusive = if comes_after { "" } else { "(" };
        format!("{inclusive}{}", self.in_stream())
    }
}

#[cfg(test)]
mod tests;
