//! What all daemons counted, in steps of time: how long a step is, how many are kept, and which of them somebody asks for.

pub mod counted;
pub mod shares;

use std::ops::Range;

use super::batch::Millis;

pub use counted::Counted;

/// What is asked for where nobody says since when.
const LATELY: Millis = 3_600_000;

/// How much time is counted together. Everything is counted in all of them at once, so that nothing has to be added up
/// later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// 10 s, kept for an hour.
    TenSeconds,
    /// 60 s, kept for a day.
    Minute,
    /// 900 s, kept for a month.
    Quarter,
}

impl Step {
    /// All of them, the finest first.
    pub const ALL: [Self; 3] = [Self::TenSeconds, Self::Minute, Self::Quarter];

    /// How long it is, in s.
    pub fn seconds(self) -> u64 {
        match self {
            Self::TenSeconds => 10,
            Self::Minute => 60,
            Self::Quarter => 900,
        }
    }

    /// The same in ms.
    pub fn millis(self) -> Millis {
        self.seconds() * 1000
    }

    /// How many are kept, with the one that goes on: a little more than an hour, a day and 30 days, so that whoever asks
    /// for these, by a clock of their own, finds all of it.
    pub fn kept(self) -> u64 {
        match self {
            Self::TenSeconds => 366,
            Self::Minute => 1450,
            Self::Quarter => 2884,
        }
    }

    /// The step of so many seconds.
    pub fn of_seconds(seconds: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.seconds() == seconds)
    }

    /// Which step a moment is in, counted from 1970 on.
    pub fn number(self, at: Millis) -> u64 {
        at / self.millis()
    }

    /// When a step begins.
    pub fn begins(self, number: u64) -> Millis {
        number.saturating_mul(self.millis())
    }

    /// Since when steps are kept.
    pub fn kept_since(self, now: Millis) -> Millis {
        self.begins((self.number(now) + 1).saturating_sub(self.kept()))
    }

    /// The finest that is kept since a moment, or the coarsest.
    fn kept_from(from: Millis, now: Millis) -> Self {
        let mut all = Self::ALL.into_iter();
        let finest = all.find(|it| it.kept_since(now) <= from);
        finest.unwrap_or(Self::Quarter)
    }
}

/// The steps that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How long each is.
    pub step: Step,
    /// Which they are: those that have begun and are still kept.
    pub numbers: Range<u64>,
    /// Something before them was asked for, and is not kept any more.
    pub cut_off: bool,
}

impl Asked {
    /// The steps that touch the time from one moment until just before another, and none where that is not after it. Without
    /// these, the last hour until `now`; without a step, the finest that is kept for so long.
    pub fn of(now: Millis, from: Option<Millis>, to: Option<Millis>, step: Option<Step>) -> Self {
        // What goes on is in it.
        let to = to.unwrap_or(now.saturating_add(1));
        let from = from.unwrap_or(to.saturating_sub(LATELY));
        let step = step.unwrap_or_else(|| Step::kept_from(from, now));
        let first = step.number(from.max(step.kept_since(now)));
        let end = step.number(to.saturating_sub(1).min(now)) + 1;
        let end = if to > from { end.max(first) } else { first };
        Self {
            step,
            numbers: first..end,
            cut_off: from < step.kept_since(now),
        }
    }

    /// When the first of them begins.
    pub fn from(&self) -> Millis {
        self.step.begins(self.numbers.start)
    }

    /// When the last of them ends.
    pub fn to(&self) -> Millis {
        self.step.begins(self.numbers.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 3_600_000;
    const DAY: Millis = 24 * HOUR;
    /// Some moment, in the midst of steps.
    const NOW: Millis = 1_795_000_000_000 + 7_123;

    fn asked(from: Millis, to: Millis) -> Asked {
        Asked::of(NOW, Some(from), Some(to), None)
    }

    #[test]
    fn the_finest_step_is_taken_that_is_kept_for_so_long() {
        let since = |ago: Millis| asked(NOW - ago, NOW).step;
        assert_eq!(since(HOUR), Step::TenSeconds);
        assert_eq!(since(2 * HOUR), Step::Minute);
        assert_eq!(since(DAY), Step::Minute);
        assert_eq!(since(2 * DAY), Step::Quarter);
        assert_eq!(since(400 * DAY), Step::Quarter);
        // An hour of yesterday is not kept in tens of seconds.
        let yesterday = asked(NOW - 20 * HOUR, NOW - 19 * HOUR);
        assert_eq!(yesterday.step, Step::Minute);
        assert_eq!(yesterday.numbers.clone().count(), 61);
        assert!(!yesterday.cut_off);
    }

    #[test]
    fn a_whole_hour_day_and_month_are_kept() {
        for (step, ago) in [
            (Step::TenSeconds, HOUR),
            (Step::Minute, DAY),
            (Step::Quarter, 30 * DAY),
        ] {
            let all = asked(NOW - ago, NOW);
            assert_eq!((all.step, all.cut_off), (step, false));
            assert!(all.from() <= NOW - ago && all.to() > NOW);
            assert!(all.numbers.clone().count() as u64 <= step.kept());
        }
    }

    #[test]
    fn what_is_asked_for_beyond_what_is_kept_is_cut_off() {
        let far = asked(NOW - 60 * DAY, NOW);
        assert!(far.cut_off);
        assert_eq!(far.numbers.clone().count() as u64, Step::Quarter.kept());
        assert_eq!(far.from(), Step::Quarter.kept_since(NOW));

        let long_ago = asked(NOW - 60 * DAY, NOW - 59 * DAY);
        assert!(long_ago.cut_off && long_ago.numbers.is_empty());
        let future = asked(NOW + DAY, NOW + 2 * DAY);
        assert!(!future.cut_off && future.numbers.is_empty());
        assert!(Asked::of(0, Some(0), Some(u64::MAX), None).to() > 0);
    }

    #[test]
    fn steps_end_before_the_last_moment() {
        let minute = |number: u64| Step::Minute.begins(number);
        let now = minute(1000);
        let two = Asked::of(now, Some(minute(10)), Some(minute(12)), Some(Step::Minute));
        assert_eq!(two.numbers, 10..12);
        let one = Asked::of(
            now,
            Some(minute(10)),
            Some(minute(10) + 1),
            Some(Step::Minute),
        );
        assert_eq!(one.numbers, 10..11);
        let none = Asked::of(now, Some(minute(10)), Some(minute(10)), Some(Step::Minute));
        assert!(none.numbers.is_empty());
        let none = Asked::of(now, Some(minute(10)), Some(minute(2)), Some(Step::Minute));
        assert_eq!((none.numbers, none.cut_off), (10..10, false));
        let lately = Asked::of(now, None, None, None);
        assert_eq!(lately.numbers.end, Step::TenSeconds.number(now) + 1);
        assert_eq!(lately.numbers.clone().count(), 361);
    }
}
