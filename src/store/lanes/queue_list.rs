//! The messages of a queue that wait for their turn, the next to leave first, a page at a time.

use super::queue::Waiting;
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::store::Result;
use crate::store::batch::revived_batch;
use crate::store::handles::Lanes;
use crate::store::keys::Place;

/// Messages that may leave while a page is looked for, and those that came within one millisecond.
const SLACK: usize = 64;

/// The place of a message among those that wait: behind those that were revived, or among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueCursor {
    revived: bool,
    closed: Millis,
    id: String,
}

impl QueueCursor {
    /// Reads what a list gave.
    pub fn parse(text: &str) -> Option<Self> {
        let revived = match text.get(..1)? {
            "r" => true,
            "q" => false,
            _ => return None,
        };
        let (closed, id) = text[1..].split_once('.')?;
        Some(Self {
            revived,
            closed: closed.parse().ok()?,
            id: id.to_owned(),
        })
    }

    fn of(waiting: &Waiting, revived: bool) -> Self {
        Self {
            revived,
            closed: waiting.batch.closed,
            id: waiting.batch.id.to_string(),
        }
    }

    /// Before all that were revived.
    fn first_revived() -> Self {
        Self {
            revived: true,
            closed: 0,
            id: String::new(),
        }
    }

    fn text(&self) -> String {
        let list = if self.revived { 'r' } else { 'q' };
        format!("{list}{}.{}", self.closed, self.id)
    }

    /// Of some that come in order, those behind this place: where it is not among those of its millisecond any more, all of
    /// that.
    fn behind(&self, mut some: Vec<Waiting>) -> Vec<Waiting> {
        some.retain(|it| it.batch.closed >= self.closed);
        let is_it =
            |it: &Waiting| it.batch.closed == self.closed && it.batch.id.as_str() == self.id;
        match some.iter().position(is_it) {
            Some(at) => some.split_off(at + 1),
            None => some,
        }
    }
}

impl Lanes<'_> {
    /// A page of the messages of a queue that wait for `destination`, how many wait in all, and where the next page goes
    /// on: the one that is tried next, those that were revived, and the others. While they leave, one may show twice.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list_queue(
        self,
        buffer: &Name,
        destination: &Name,
        after: Option<QueueCursor>,
        limit: usize,
    ) -> Result<(Vec<Waiting>, u64, Option<String>)> {
        let place = Place::of_ordered(buffer);
        let (lane, revived) = (place.lane(destination), place.revived(destination));
        let mut counts = redis::pipe();
        counts.llen(&lane).zcard(&revived);
        let (on_lane, again): (usize, usize) = self.store.pipeline(&counts).await?;
        let head = self.head_of_lane(&place, destination).await?;
        let mut found: Vec<(QueueCursor, Waiting)> = Vec::new();
        if after.is_none()
            && let Some(head) = &head
        {
            found.push((QueueCursor::first_revived(), head.clone()));
        }
        let more = |found: &[(QueueCursor, Waiting)]| limit + 1 - found.len();
        if after.as_ref().is_none_or(|after| after.revived) {
            let from = after.clone().unwrap_or_else(QueueCursor::first_revived);
            let most = isize::try_from(more(&found) + SLACK).unwrap_or(isize::MAX);
            let read = redis::Cmd::zrangebyscore_limit(&revived, from.closed, "+inf", 0, most);
            let members: Vec<String> = self.store.query(&read).await?;
            let some = members
                .iter()
                .map(|member| Waiting::read(revived_batch(member)));
            let some = from.behind(some.collect::<Result<_>>()?);
            let some = some.into_iter().take(more(&found));
            found.extend(some.map(|it| (QueueCursor::of(&it, true), it)));
        }
        if found.len() <= limit {
            let from = after.filter(|after| !after.revived);
            let first = match &from {
                // Behind the one that is tried next, which is there already, or was.
                None => 1,
                // Some may have left since the place was looked for.
                Some(from) => {
                    let at = self.first_since(&lane, on_lane, from.closed).await?;
                    at.saturating_sub(SLACK)
                }
            };
            let last = first + more(&found) + 2 * SLACK;
            let index = |at: usize| isize::try_from(at).unwrap_or(isize::MAX);
            let read = redis::Cmd::lrange(&lane, index(first), index(last));
            let texts: Vec<String> = self.store.query(&read).await?;
            let some = texts.iter().map(|text| Waiting::read(text));
            let mut some = some.collect::<Result<Vec<_>>>()?;
            if let Some(from) = from {
                some = from.behind(some);
            }
            let some = some.into_iter().take(more(&found));
            found.extend(some.map(|it| (QueueCursor::of(&it, false), it)));
        }
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|(at, _)| at.text());
        let waiting = found.into_iter().map(|(_, it)| match &head {
            Some(head) if head.batch.id == it.batch.id => head.clone(),
            _ => it,
        });
        let all = u64::try_from(on_lane + again).unwrap_or(u64::MAX);
        Ok((waiting.collect(), all, next))
    }

    /// Where on a lane the first batch stands that was closed at this moment or later: they stand in that order.
    async fn first_since(self, lane: &str, length: usize, closed: Millis) -> Result<usize> {
        let (mut from, mut to) = (0, length);
        while from < to {
            let middle = usize::midpoint(from, to);
            let index = isize::try_from(middle).unwrap_or(isize::MAX);
            let text: Option<String> = self.store.query(&redis::Cmd::lindex(lane, index)).await?;
            // One that was revived is the first alone, and is older than all others.
            let before = match text {
                Some(text) => Waiting::read(&text)?.batch.closed < closed,
                None => false,
            };
            if before {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        Ok(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        for text in ["q17.msg_1", "r0.", "q5.order.17 é"] {
            assert_eq!(QueueCursor::parse(text).unwrap().text(), text);
        }
        for bad in ["", "x1.a", "q.a", "q1", "é1.a"] {
            assert_eq!(QueueCursor::parse(bad), None, "{bad}");
        }
    }
}
