//! Lists over all shards, a page at a time. A cursor names the last entry of the page before, so that entries which
//! come and go meanwhile move nothing else.

mod ids;

use std::collections::VecDeque;

use futures_util::future::try_join_all;
use redis::streams::{StreamId, StreamRangeReply};

use super::keys::Shard;
use super::scripts;
use super::{Result, Store, reply};
use crate::core::batch::Millis;
pub use ids::EntryId;

/// Bytes of the entries of a page, after which it ends before its limit. As JSON in an answer they can be twice as many.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Bytes that are read at a time, and the rest of the last entry.
const READ_BYTES: usize = 256 * 1024;

/// Entries looked at for one page at the most, where a filter passes few of them.
const MOST_SCANNED: usize = 5_000;

/// Entries read at a time where one is looked for, and most where many of them are passed over.
const PAGE: usize = 256;

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
    /// Bytes after which it ends before that.
    pub bytes: usize,
}

impl Look {
    /// The first page of all there are.
    pub fn first(limit: usize) -> Self {
        Self {
            from: Millis::MIN,
            to: Millis::MAX,
            after: None,
            limit,
            bytes: PAGE_BYTES,
        }
    }

    /// The newest that is wanted of what a stream holds.
    fn newest_in(&self, stream: &Stream) -> String {
        self.after
            .filter(|after| after.ms <= self.to)
            .map_or_else(|| self.to.to_string(), |after| after.older_in(stream))
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

    /// Whether a field holds this text, as far as one is given. It is looked at as it lies: most entries of a list are of others
    /// than is asked for, and not worth being read.
    pub(super) fn may_hold(&self, name: &str, text: Option<&str>) -> bool {
        let (Some(text), Some(redis::Value::BulkString(bytes))) = (text, self.fields.get(name))
        else {
            return true;
        };
        str::from_utf8(bytes).is_ok_and(|field| field.contains(text))
    }

    fn bytes(&self) -> usize {
        let bytes = self.fields.values().map(|value| match value {
            redis::Value::BulkString(bytes) => bytes.len(),
            _ => 0,
        });
        bytes.sum()
    }

    pub(super) fn field(&self, name: &str) -> Result<String> {
        reply::value(self.fields.get(name).cloned())
    }
}

/// A part of a list.
pub(super) struct Stream {
    pub(super) key: String,
    pub(super) shard: Shard,
    /// Which of the lists that are read as one it belongs to, the first or the second.
    pub(super) list: u8,
}

/// What one stream has delivered and not yet been asked for.
struct Source {
    stream: Stream,
    entries: VecDeque<StreamEntry>,
    /// The newest that was not read yet, as far as it is known.
    next: Option<EntryId>,
    dry: bool,
    /// How many are read the next time.
    chunk: usize,
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

    /// What `find` makes of the first entry of a stream that it makes something of, the oldest first, from a moment to
    /// another.
    pub(super) async fn first_since<T>(
        &self,
        key: &str,
        shard: Shard,
        (from, to): (Millis, Millis),
        mut find: impl FnMut(&StreamEntry) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        let (mut from, to) = (from.to_string(), to.to_string());
        loop {
            let read = redis::Cmd::xrange_count(key, &from, &to, PAGE);
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

    /// The newest entries of a stream that `shards` keep, within `look`, that `keep` makes something of; fewer than asked
    /// for where they are large.
    pub(super) async fn newest<T>(
        &self,
        key: fn(Shard) -> String,
        shards: impl Iterator<Item = Shard>,
        look: Look,
        keep: impl FnMut(&StreamEntry) -> Result<Option<T>>,
    ) -> Result<(Vec<T>, Option<String>)> {
        let streams = shards.map(|shard| Stream {
            key: key(shard),
            shard,
            list: 0,
        });
        self.newest_of(streams, look, keep).await
    }

    /// The same of the entries of these streams.
    pub(super) async fn newest_of<T>(
        &self,
        streams: impl Iterator<Item = Stream>,
        look: Look,
        mut keep: impl FnMut(&StreamEntry) -> Result<Option<T>>,
    ) -> Result<(Vec<T>, Option<String>)> {
        // A few from each at first: most of what 64 shards would offer is never shown. Where a filter passes few of them, each
        // read is of twice as many as the one before.
        let chunk = (look.limit / 8).max(1);
        let oldest = look.from.to_string();
        let oldest = oldest.as_str();
        let mut after = look.after;
        // Of each only where it begins, as its first entry may be large and never shown.
        let begin = async |stream: Stream| {
            let newest = look.newest_in(&stream);
            let (first, _) = self.read_newest(&stream, &newest, oldest, 0).await?;
            let next = first.into_iter().next().map(|entry| entry.id);
            Result::Ok(Source::new(stream, next, chunk))
        };
        let mut sources = try_join_all(streams.map(begin)).await?;

        let (mut kept, mut bytes) = (Vec::new(), 0);
        for _ in 0..MOST_SCANNED {
            let there = sources.iter_mut().filter(|it| it.newest().is_some());
            let Some(source) = there.max_by_key(|it| it.newest()) else {
                return Ok((kept, None));
            };
            if kept.len() == look.limit || bytes >= look.bytes {
                break;
            }
            if source.entries.is_empty() {
                let from = source.next.take().map(|id| id.in_stream());
                let from = from.unwrap_or_default();
                let read = self.read_newest(&source.stream, &from, oldest, source.chunk);
                source.refill(read.await?);
            }
            let Some(entry) = source.entries.pop_front() else {
                continue;
            };
            after = Some(entry.id);
            if let Some(wanted) = keep(&entry)? {
                kept.push(wanted);
                bytes += entry.bytes();
            }
            if source.entries.is_empty() && !source.dry {
                let from = entry.id.older_in(&source.stream);
                let read = self.read_newest(&source.stream, &from, oldest, source.chunk);
                source.refill(read.await?);
            }
        }
        Ok((kept, after.map(|id| id.text())))
    }

    /// At most so many entries from `newest` on, of not many more bytes than [`READ_BYTES`], and whether there may be
    /// more; of 0 entries the first is there without what it holds.
    async fn read_newest(
        &self,
        stream: &Stream,
        newest: &str,
        oldest: &str,
        most: usize,
    ) -> Result<(Vec<StreamEntry>, bool)> {
        let mut read = scripts::NEWEST.key(&stream.key);
        read.arg(newest).arg(oldest).arg(most).arg(READ_BYTES);
        let (entries, more): (StreamRangeReply, bool) = self.run(stream.shard, &read).await?;
        let entries = entries.ids.into_iter().filter_map(|entry| {
            let mut entry = StreamEntry::of(stream.shard, entry)?;
            entry.id.list = stream.list;
            Some(entry)
        });
        Ok((entries.collect(), more))
    }
}

impl Source {
    fn new(stream: Stream, next: Option<EntryId>, chunk: usize) -> Self {
        Self {
            stream,
            entries: VecDeque::new(),
            next,
            dry: false,
            chunk,
        }
    }

    fn newest(&self) -> Option<EntryId> {
        self.entries.front().map(|entry| entry.id).or(self.next)
    }

    fn refill(&mut self, (entries, more): (Vec<StreamEntry>, bool)) {
        self.dry = !more;
        let twice = self.chunk.saturating_mul(2);
        self.chunk = self.chunk.max(twice.min(PAGE));
        self.entries.extend(entries);
    }
}
