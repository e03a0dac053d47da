//! The list of open windows over all shards, the next to close first, a page at a time.

use super::keys::{self, Due, Shard};
use super::{Result, Store, reply};
use crate::domain::batch::Millis;
use crate::domain::chat::{Chat, Name};

/// The place of an entry in the list of open windows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueCursor {
    deadline: Millis,
    shard: Shard,
    member: String,
}

impl DueCursor {
    /// Reads what a list of open windows gave.
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

    fn text(&self) -> String {
        format!("{}.{}.{}", self.deadline, self.shard.index(), self.member)
    }
}

/// An entry of a due index.
pub(super) struct DueEntry {
    pub(super) chat: Chat,
}

impl Store {
    /// The entries of the window index after `after`, next deadline first.
    pub(super) async fn earliest_due(
        &self,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<DueEntry>, Option<String>)> {
        let from = after.as_ref().map_or(0, |cursor| cursor.deadline);
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.zrangebyscore_limit_withscores(
                Due::Windows.key(shard),
                from,
                "+inf",
                0,
                page(limit),
            );
        }
        let answers: Vec<Vec<(Vec<u8>, f64)>> = self.pipeline(&reads).await?;
        let mut found: Vec<DueCursor> = Shard::all()
            .zip(answers)
            .flat_map(|(shard, entries)| {
                entries
                    .into_iter()
                    .map(move |(member, score)| (shard, member, score))
            })
            .filter_map(|(shard, member, score)| {
                Some(DueCursor {
                    deadline: reply::score(score),
                    shard,
                    member: String::from_utf8(member).ok()?,
                })
            })
            .filter(|entry| after.as_ref().is_none_or(|after| entry > after))
            .collect();
        Ok(first_page(&mut found, limit))
    }

    /// The same of one buffer, and how many there are in all.
    pub(super) async fn earliest_due_in(
        &self,
        buffer: &Name,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<DueEntry>, u64, Option<String>)> {
        let mut found = Vec::new();
        for shard in Shard::all() {
            let members = self.members(&Due::Windows, shard, Some(buffer)).await?;
            found.extend(members.into_iter().map(|(member, score)| DueCursor {
                deadline: reply::score(score),
                shard,
                member,
            }));
        }
        let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
        found.retain(|entry| after.as_ref().is_none_or(|after| entry > after));
        let (entries, next) = first_page(&mut found, limit);
        Ok((entries, total, next))
    }
}

/// The earliest of these, and where the next page goes on.
fn first_page(found: &mut Vec<DueCursor>, limit: usize) -> (Vec<DueEntry>, Option<String>) {
    found.sort_unstable();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(DueCursor::text);
    let chats = found
        .iter()
        .filter_map(|entry| keys::chat_of_member(&entry.member));
    (chats.map(|chat| DueEntry { chat }).collect(), next)
}

/// One more than shown, to know whether there is a next page.
fn page(limit: usize) -> isize {
    isize::try_from(limit)
        .unwrap_or(isize::MAX)
        .saturating_add(1)
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
