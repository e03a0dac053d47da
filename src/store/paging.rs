//! Lists over all shards, a page at a time. A cursor names the last entry of the page before, so that entries which
//! come and go meanwhile move nothing else.

use std::collections::VecDeque;

use redis::streams::{StreamId, StreamRangeReply};

use super::keys::Shard;
use super::{Result, Store, reply};
use crate::domain::batch::Millis;

/// Entries looked at for one page at the most, where a filter passes few of them.
const MOST_SCANNED: usize = 5_000;

/// Entries read at a time where one is looked for.
const PAGE: usize = 256;

/// The place of an entry in a list of stream entries; later entries are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId {
    pub(super) ms: Millis,
    seq: u64,
    pub(super) shard: Shard,
}

impl EntryId {
    /// Reads what [`EntryId::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (ms, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let shard = Shard::from_index(parts.next()?.parse().ok()?)?;
        // No stream has an entry 0-0, and Redis refuses a range that ends before it.
        let may_be = (ms, seq) != (0, 0) && parts.next().is_none();
        may_be.then_some(Self { ms, seq, shard })
    }

    /// The id as it stands in paths and cursors.
    pub fn text(&self) -> String {
        format!("{}-{}-{}", self.ms, self.seq, self.shard.index())
    }

    /// The id as Redis knows it within the shard.
    pub(super) fn in_stream(&self) -> String {
        format!("{}-{}", self.ms, self.seq)
    }

    /// Reads an id as Redis knows it within the shard.
    pub(super) fn of(shard: Shard, id: &str) -> Option<Self> {
        let (ms, seq) = id.split_once('-')?;
        Some(Self {
            ms: ms.parse().ok()?,
            seq: seq.parse().ok()?,
            shard,
        })
    }

    /// The end of the range in `shard` that holds everything older than this entry.
    fn older_in(&self, shard: Shard) -> String {
        let inclusive = if shard < self.shard { "" } else { "(" };
        format!("{inclusive}{}", self.in_stream())
    }
}

/// What part of a list is wanted: entries of a period, a page of them.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Not older than this.
    pub from: Millis,
    /// Not newer than this.
    pub to: Millis,
    /// The last entry of the page before; none for the first page.
    pub after: Option<EntryId>,
    /// Most entries.
    pub limit: usize,
}

impl Look {
    /// The first page of all there are.
    pub fn first(limit: usize) -> Self {
        Self {
            from: Millis::MIN,
            to: Millis::MAX,
            after: None,
            limit,
        }
    }

    /// The newest that is wanted of what `shard` keeps.
    fn newest_in(&self, shard: Shard) -> String {
        self.after
            .filter(|after| after.ms <= self.to)
            .map_or_else(|| self.to.to_string(), |after| after.older_in(shard))
    }
}

/// An entry of a stream.
pub(super) struct StreamEntry {
    pub(super) id: EntryId,
    fields: std::collections::HashMap<String, redis::Value>,
}

impl StreamEntry {
    pub(super) fn of(shard: Shard, entry: StreamId) -> Option<Self> {
        Some(Self {
            id: EntryId::of(shard, &entry.id)?,
            fields: entry.map,
        })
    }

    /// A field that may be missing.
    pub(super) fn maybe(&self, name: &str) -> Result<Option<String>> {
        let value = self.fields.get(name).cloned();
        value.map(|value| reply::value(Some(value))).transpose()
    }

    pub(super) fn field(&self, name: &str) -> Result<String> {
        reply::value(self.fields.get(name).cloned())
    }
}

/// What one shard has delivered and not yet been asked for.
struct Source {
    shard: Shard,
    entries: VecDeque<StreamEntry>,
    dry: bool,
}

impl Store {
    /// One entry of a stream, if it is still there.
    pub(super) async fn entry(&self, key: String, id: EntryId) -> Result<Option<StreamEntry>> {
        let found: StreamRangeReply = self
            .query(&redis::Cmd::xrange(key, id.in_stream(), id.in_stream()))
            .await?;
        let entry = found.ids.into_iter().next();
        Ok(entry.and_then(|entry| StreamEntry::of(id.shard, entry)))
    }

    /// What `find` makes of the first entry of a stream that it makes something of, the oldest first, since `from`.
    pub(super) async fn first_since<T>(
        &self,
        key: &str,
        shard: Shard,
        from: Millis,
        mut find: impl FnMut(&StreamEntry) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let mut from = from.to_string();
        loop {
            let read = redis::Cmd::xrange_count(key, &from, "+", PAGE);
            let page = self.query::<StreamRangeReply>(&read).await?.ids;
            let is_last = page.len() < PAGE;
            for entry in page {
                from = format!("({}", entry.id);
                if let Some(entry) = StreamEntry::of(shard, entry)
                    && let Some(found) = find(&entry)?
                {
                    return Ok(Some(found));
                }
            }
            if is_last {
                return Ok(None);
            }
        }
    }

    /// The newest entries of a stream that `shards` keep, within `look`, that `keep` makes something of.
    pub(super) async fn newest<T>(
        &self,
        key: fn(Shard) -> String,
        shards: impl Iterator<Item = Shard>,
        look: Look,
        mut keep: impl FnMut(&StreamEntry) -> Result<Option<T>>,
    ) -> Result<(Vec<T>, Option<String>)> {
        // A few from each: dead letters can be large, and most of what 64 shards would offer is never shown.
        let chunk = (look.limit / 8).max(1);
        let oldest = look.from.to_string();
        let mut after = look.after;
        let mut sources: Vec<Source> = Vec::new();
        let mut reads = redis::pipe();
        for shard in shards {
            reads.xrevrange_count(key(shard), look.newest_in(shard), &oldest, chunk);
            sources.push(Source {
                shard,
                entries: VecDeque::new(),
                dry: false,
            });
        }
        let answers: Vec<StreamRangeReply> = self.pipeline(&reads).await?;
        for (source, answer) in sources.iter_mut().zip(answers) {
            source.refill(answer, chunk);
        }

        let mut kept = Vec::new();
        for _ in 0..MOST_SCANNED {
            let newest = sources
                .iter_mut()
                .filter(|source| !source.entries.is_empty());
            let Some(source) =
                newest.max_by_key(|source| source.entries.front().map(|entry| entry.id))
            else {
                return Ok((kept, None));
            };
            if kept.len() == look.limit {
                break;
            }
            let Some(entry) = source.entries.pop_front() else {
                continue;
            };
            after = Some(entry.id);
            kept.extend(keep(&entry)?);
            if source.entries.is_empty() && !source.dry {
                let read = redis::Cmd::xrevrange_count(
                    key(source.shard),
                    entry.id.older_in(source.shard),
                    &oldest,
                    chunk,
                );
                source.refill(self.query(&read).await?, chunk);
            }
        }
        Ok((kept, after.map(|id| id.text())))
    }
}

impl Source {
    fn refill(&mut self, answer: StreamRangeReply, chunk: usize) {
        self.dry = answer.ids.len() < chunk;
        let entries = answer.ids.into_iter();
        self.entries
            .extend(entries.filter_map(|entry| StreamEntry::of(self.shard, entry)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back() {
        let id = EntryId {
            ms: 1_763_770_000_123,
            seq: 4,
            shard: Shard::from_index(63).unwrap(),
        };
        assert_eq!(EntryId::parse(&id.text()), Some(id));
    }

    #[test]
    fn anything_else_is_no_id() {
        for bad in [
            "",
            "1",
            "1-2",
            "1-2-64",
            "1-2-3-4",
            "x-2-3",
            "1763770000123-0-0 ",
        ] {
            assert_eq!(EntryId::parse(bad), None, "{bad}");
        }
    }
}
