//! A story page by page. A batch is kept with its newest settlement, which may be far newer than what else is told of it: so a
//! cursor says how far the page before began, and how much newer what holds something older may be.

use super::{Entry, What};
use crate::core::batch::Millis;
use crate::store::history::{BURIED, DELIVERED, Settlement};

/// Most digits of a moment in a cursor.
const DIGITS: usize = 15;
/// A batch that is tried still is looked for however new its last try is.
const OPEN: Millis = 999_999_999_999_999;
/// Where only a last moment is named, batches that were settled so much later are looked for: a day, ms.
const SETTLED_WITHIN: Millis = 24 * 3_600_000;

/// What part of a story is wanted.
#[derive(Clone, Copy, Debug)]
pub struct StoryPage {
    /// Not older than this.
    pub from: Millis,
    /// Not newer than this; none: all there is.
    pub to: Option<Millis>,
    /// Where the page before ended; none: there was none.
    pub after: Option<StoryCursor>,
    /// About how many entries.
    pub limit: usize,
}

/// Where a page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoryCursor {
    /// Older entries than this moment, and those of it, are on the next page.
    pub to: Millis,
    /// What holds them was written no later than this.
    until: Millis,
}

impl StoryCursor {
    /// Reads what [`StoryCursor::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (to, until) = text.split_once('-').unwrap_or((text, text));
        let (to, until) = (moment(to)?, moment(until)?);
        Some(Self {
            to,
            until: until.max(to),
        })
    }

    /// How it stands in answers.
    pub fn text(&self) -> String {
        if self.until == self.to {
            self.to.to_string()
        } else {
            format!("{}-{}", self.to, self.until)
        }
    }
}

fn moment(text: &str) -> Option<Millis> {
    let is_one = (1..=DIGITS).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    text.parse().ok().filter(|_| is_one)
}

impl StoryPage {
    /// Nothing that has happened is newer than what it shows.
    pub(super) fn is_newest(&self) -> bool {
        self.to.is_none() && self.after.is_none()
    }

    /// The last moment that it shows.
    pub(super) fn to(&self) -> Millis {
        let to = self.to.unwrap_or(OPEN);
        self.after.map_or(to, |after| after.to.min(to))
    }

    /// What holds something of it was written no later than this.
    pub(super) fn until(&self) -> Millis {
        let settled = self.to().saturating_add(SETTLED_WITHIN).min(OPEN);
        self.after
            .map_or(settled, |after| after.until.max(self.to()))
    }

    /// Batches on lanes may belong to it of which history does not tell yet.
    pub(super) fn has_untried(&self) -> bool {
        self.after.is_none_or(|after| after.until == OPEN)
    }

    /// Leaves of all entries those that it shows, the oldest first: the newest, at most about so many, of those that all lists
    /// reach back to (`boundary`: not all of that moment and of what is older was read). Entries of one moment stay together.
    /// Answers the last moment that is for the next page.
    pub(super) fn cut(&self, entries: &mut Vec<Entry>, boundary: Option<Millis>) -> Option<Millis> {
        entries.retain(|it| (self.from..=self.to()).contains(&it.at));
        entries.sort_by_key(|it| (it.at, it.what.rank()));
        // Where so much is of one moment that it was not read whole, the rest of it is left out: a page goes on.
        let mut next = boundary.map(|it| it.min(self.to().saturating_sub(1)));
        let oldest = entries.len().saturating_sub(self.limit);
        let (first, last) = (
            entries.first().map(|it| it.at),
            entries.get(oldest).map(|it| it.at),
        );
        if first < last {
            next = next.max(last.map(|at| at.saturating_sub(1)));
        }
        let reached = next.filter(|next| *next >= self.from)?;
        entries.retain(|it| it.at > reached);
        Some(reached)
    }
}

/// Batches of which something happened earlier than they stand in a list: since when, and where they stand.
pub(super) struct HeldUntil(Vec<(Millis, Millis)>);

impl HeldUntil {
    /// That of these batches, and of what waits for its first try.
    pub(super) fn of(settlements: &[Settlement], untried: &[Entry]) -> Self {
        let settled = settlements.iter().map(|it| {
            let is_over = [DELIVERED, BURIED].contains(&it.record.outcome.as_str());
            let until = if is_over { it.at } else { OPEN };
            (begin(it), until)
        });
        let untried = untried.iter().map(|it| (it.at, OPEN));
        Self(settled.chain(untried).collect())
    }

    /// Where a page ended, after which this moment is the next.
    pub(super) fn cursor(&self, to: Millis) -> StoryCursor {
        let holding = self.0.iter().filter(|(begin, _)| *begin <= to);
        let until = holding.map(|(_, until)| *until).max();
        StoryCursor {
            to,
            until: until.map_or(to, |until| until.max(to)),
        }
    }
}

/// When the first of what a settlement tells happened.
pub(super) fn begin(settlement: &Settlement) -> Millis {
    let record = &settlement.record;
    let said = record.stamps.iter().map(|stamp| stamp.at).min();
    said.map_or(record.opened, |said| said.min(record.opened))
}

impl What {
    /// Which of the entries of one moment comes first.
    fn rank(&self) -> u8 {
        match self {
            Self::Said { .. } => 0,
            Self::Untaken(_) => 1,
            Self::Closed(_) => 2,
            Self::Tried(_) => 3,
            Self::GivenUp { .. } => 4,
            Self::Answered(_) => 5,
            Self::Acted(_) => 6,
            Self::Open(_) => 7,
            Self::FollowUp(_) => 8,
            Self::Later(_) => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for text in ["0", "1763770000000", "1763770000000-1763770009000"] {
            let cursor = StoryCursor::parse(text).unwrap();
            assert_eq!(cursor.text(), text);
        }
        for bad in ["", "-", "+1", "1234567890123456", "1-", "1-2-3", "1- 2"] {
            assert_eq!(StoryCursor::parse(bad), None, "{bad}");
        }
    }
}
