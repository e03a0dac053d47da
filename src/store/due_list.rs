//! Lists over all shards of an index, the next that is due first, a page at a time.

use futures_util::future::try_join_all;

use super::keys::{self, Due, Shard};
use super::work::Kind;
use super::{Result, Store, reply, scripts};
use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};

/// Entries of an index that are looked through for one page, where a filter passes few of them: a few milliseconds.
const MOST_SIFTED: usize = 8192;
/// Entries of each shard that are read for a page, at least.
const FEWEST: usize = 6;
/// Comes after every member of an index.
const LAST: &str = "~";

/// The place of an entry in the list of open windows, or of messages that wait for their time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueCursor {
    deadline: Millis,
    pub(super) shard: Shard,
    pub(super) member: String,
}

impl DueCursor {
    pub(super) fn new(score: f64, shard: Shard, member: String) -> Self {
        Self {
            deadline: reply::score(score),
            shard,
            member,
        }
    }

    /// Reads what a list gave.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let deadline = parts.next()?.parse().ok()?;
        let shard = Shard::from_index(parts.next()?.parse().ok()?)?;
        Some(Self {
            deadline,
            shard,
            member: parts.next()?.to_owned(),
        })
    }

    /// The place before everything that is due at this moment.
    pub(super) fn before(deadline: Millis) -> Self {
        Self {
            deadline,
            shard: Shard::FIRST,
            member: String::new(),
        }
    }

    /// When it is due.
    pub(super) fn at(&self) -> Millis {
        self.deadline
    }

    /// Behind all that is due until then.
    fn behind(deadline: Millis) -> Self {
        let shard = Shard::all().last().unwrap_or(Shard::FIRST);
        let member = LAST.to_owned();
        Self {
            deadline,
            shard,
            member,
        }
    }

    pub(super) fn text(&self) -> String {
        format!("{}.{}.{}", self.deadline, self.shard.index(), self.member)
    }
}

impl Store {
    /// The entries of an index after `after`, and where the next page goes on.
    pub(super) async fn earliest(
        &self,
        due: &Due,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<DueCursor>, Option<String>)> {
        let shards: Vec<_> = Shard::all().collect();
        let mut found = self
            .earliest_in(|shard| due.key(shard), &shards, after.as_ref(), limit)
            .await?;
        let next = first_page(&mut found, limit);
        Ok((found, next))
    }

    /// The entries of an index in these shards after `after`, in no order: the earliest, one more than `limit`, and others.
    pub(super) async fn earliest_in(
        &self,
        key: impl Fn(Shard) -> String,
        shards: &[Shard],
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<DueCursor>> {
        let most = limit.saturating_add(1);
        // Chats are spread evenly: to read a page of each shard would be to read sixty-four for one.
        let few = (4 * most.div_ceil(shards.len().max(1)))
            .max(FEWEST)
            .min(most);
        let mut found = self.of_each(&key, shards, after, few).await?;
        let full = full(&found, few, limit);
        if few < most && !full.is_empty() {
            found.retain(|(shard, _)| !full.contains(shard));
            found.extend(self.of_each(&key, &full, after, most).await?);
        }
        Ok(found.into_iter().flat_map(|(_, entries)| entries).collect())
    }

    /// The first entries of an index in each of these shards after `after`: so many, and all of the moment at which the page
    /// before ended.
    async fn of_each(
        &self,
        key: impl Fn(Shard) -> String,
        shards: &[Shard],
        after: Option<&DueCursor>,
        most: usize,
    ) -> Result<Vec<(Shard, Vec<DueCursor>)>> {
        let from = after.map(|cursor| cursor.deadline);
        let most = isize::try_from(most).unwrap_or(isize::MAX);
        let mut reads = redis::pipe();
        for &shard in shards {
            let mut later = "-inf".to_owned();
            if let Some(from) = from {
                // However many are due in the very moment at which the page before ended.
                reads.zrangebyscore_withscores(key(shard), from, from);
                later = format!("({from}");
            }
            reads.zrangebyscore_limit_withscores(key(shard), later, "+inf", 0, most);
        }
        let answers: Vec<Vec<(Vec<u8>, f64)>> = self.pipeline(&reads).await?;
        let of_each = 1 + usize::from(from.is_some());
        let of_shards = answers
            .chunks(of_each)
            .zip(shards)
            .map(|(answers, &shard)| {
                let entries = answers.iter().flatten();
                let entries = entries.filter_map(|(member, score)| {
                    let member = str::from_utf8(member).ok()?.to_owned();
                    Some(DueCursor::new(*score, shard, member))
                });
                let entries = entries.filter(|entry| after.is_none_or(|after| entry > after));
                (shard, entries.collect())
            });
        Ok(of_shards.collect())
    }

    /// The chats of the window index after `after`, next deadline first.
    pub(super) async fn earliest_windows(
        &self,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<Chat>, Option<String>)> {
        let (found, next) = self.earliest(&Due::Windows, after, limit).await?;
        Ok((chats(&found), next))
    }

    /// The entries of an index after `after` that hold these words and are `wanted`, in shards each of which is looked
    /// through for a part of [`MOST_SIFTED`] entries; and where the next page goes on.
    pub(super) async fn sifted(
        &self,
        due: &Due,
        shards: Vec<Shard>,
        words: &str,
        wanted: impl Fn(&str) -> bool,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<DueCursor>, Option<String>)> {
        let from = match &after {
            Some(after) if after.member == LAST => format!("({}", after.deadline),
            Some(after) => after.deadline.to_string(),
            None => "0".to_owned(),
        };
        let most = MOST_SIFTED.div_ceil(shards.len().max(1));
        let looks = shards.into_iter().map(async |shard| {
            let mut sift = scripts::SIFT.key(due.key(shard));
            sift.arg(&from).arg(words).arg(most).arg(limit + 1);
            let (found, until): (Vec<(String, f64)>, String) = self.run(shard, &sift).await?;
            Result::Ok((shard, found, until))
        });
        let (mut found, mut all_until) = (Vec::new(), None);
        for (shard, entries, until) in try_join_all(looks).await? {
            if !until.is_empty() {
                let until: f64 = until.parse().unwrap_or_default();
                let until = reply::score(until);
                all_until = Some(all_until.map_or(until, |all: Millis| all.min(until)));
            }
            let entries = entries.into_iter().filter(|(member, _)| wanted(member));
            found.extend(entries.map(|(member, score)| DueCursor::new(score, shard, member)));
        }
        found.retain(|entry| after.as_ref().is_none_or(|after| entry > after));
        // What lies behind may come after something that no shard has looked at yet.
        found.retain(|entry| all_until.is_none_or(|until| entry.deadline <= until));
        let next = first_page(&mut found, limit);
        let next = next.or_else(|| Some(DueCursor::behind(all_until?).text()));
        Ok((found, next))
    }

    /// The shards that hold something of a buffer, of one kind, and how much that is in all.
    pub(super) async fn shards_with(&self, kind: Kind, buffer: &Name) -> Result<(Vec<Shard>, u64)> {
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.hget(keys::held(shard, kind), buffer.as_str());
        }
        let counts: Vec<Option<i64>> = self.pipeline(&reads).await?;
        let mut shards = Vec::new();
        let mut total = 0;
        for (shard, count) in Shard::all().zip(counts) {
            let count = count.and_then(|count| u64::try_from(count).ok());
            total += count.unwrap_or_default();
            shards.extend(count.is_some_and(|count| count > 0).then_some(shard));
        }
        Ok((shards, total))
    }

    /// The chats of one buffer in the window index, next deadline first, and how many there are in all.
    pub(super) async fn earliest_windows_in(
        &self,
        buffer: &Name,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<Chat>, u64, Option<String>)> {
        let (shards, total) = self.shards_with(Kind::Windows, buffer).await?;
        let wanted = |member: &str| {
            let chat = keys::chat_of_member(member);
            chat.is_some_and(|chat| chat.buffer == *buffer)
        };
        let words = format!("{buffer}:");
        let (found, next) = self
            .sifted(&Due::Windows, shards, &words, wanted, after, limit)
            .await?;
        Ok((chats(&found), total, next))
    }
}

fn chats(found: &[DueCursor]) -> Vec<Chat> {
    let members = found.iter();
    members
        .filter_map(|entry| keys::chat_of_member(&entry.member))
        .collect()
}

/// Keeps the earliest of these, in order; answers where the next page goes on.
pub(super) fn first_page(found: &mut Vec<DueCursor>, limit: usize) -> Option<String> {
    found.sort_unstable();
    let more = found.len() > limit;
    found.truncate(limit);
    found.last().filter(|_| more).map(DueCursor::text)
}

/// The shards that gave as many entries as were asked for, and may have more that stand on the page.
fn full(found: &[(Shard, Vec<DueCursor>)], asked: usize, limit: usize) -> Vec<Shard> {
    let mut all: Vec<_> = found.iter().flat_map(|(_, entries)| entries).collect();
    all.sort_unstable();
    let end = all.get(limit);
    let may_have_more = |entries: &[DueCursor]| {
        let last = entries.last();
        entries.len() >= asked && last.is_some_and(|last| end.is_none_or(|end| last < *end))
    };
    let full = found.iter().filter(|(_, entries)| may_have_more(entries));
    full.map(|(shard, _)| *shard).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let member = "default:a.b:é".to_owned();
        let cursor = DueCursor {
            deadline: 7,
            shard: Shard::from_index(0).unwrap(),
            member,
        };
        assert_eq!(DueCursor::parse(&cursor.text()), Some(cursor));
    }
}
