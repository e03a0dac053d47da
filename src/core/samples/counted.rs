//! What was counted within a step: numbers under short keys, which are added up wherever they come together.

use std::collections::BTreeMap;

use super::shares::BUCKETS;
use crate::core::post::PostResult;

/// What can become of posts, beside refusals: the words, and their keys.
pub const POSTS: [(&str, char); 7] = [
    ("taken", 'p'),
    ("changed", 'q'),
    ("typing", 'r'),
    ("duplicate", 's'),
    ("repeated", 't'),
    ("paused", 'u'),
    ("ignored", 'v'),
];

/// How attempts can come out, likewise.
pub const ATTEMPTS: [(&str, char); 3] = [("delivered", 'P'), ("retry", 'Q'), ("rejected", 'R')];

/// The key of the first bucket; the next letters are those of the others.
const LATENESS: char = 'A';
const DELIVERY: char = 'a';

/// In front of the reason of a refusal.
const REFUSED: char = '-';

/// In front of what is set, and not added up.
const SET: char = '=';

/// How much there is, at the last look.
const STATE: [&str; 4] = ["=w", "=x", "=y", "=z"];

/// The key that tells whether anybody has looked how much there is.
pub const LOOKED: &str = STATE[0];

/// A daemon of this role has counted.
const API: &str = "=a";
const MONITOR: &str = "=m";

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Open windows.
    pub open: u64,
    /// Batches that wait for destinations.
    pub waiting: u64,
    /// Messages, follow-ups and runs that wait for their time.
    pub later: u64,
    /// Dead letters.
    pub dead: u64,
}

/// What is measured, and counted by bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// How late batches set out.
    Lateness,
    /// How long attempts took.
    Delivery,
}

impl Measured {
    /// The key of one of its buckets.
    pub fn key(self, bucket: usize) -> char {
        let first = match self {
            Self::Lateness => LATENESS,
            Self::Delivery => DELIVERY,
        };
        let bucket = u32::try_from(bucket).unwrap_or(u32::MAX);
        let key = u32::from(first).checked_add(bucket);
        key.and_then(char::from_u32).unwrap_or(first)
    }
}

/// What was counted within a step, by all daemons or by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted(BTreeMap<String, u64>);

impl Counted {
    /// Reads what [`Self::pairs`] were written as: each key, which has no digit, with its number behind it.
    pub fn read(text: &str) -> Self {
        let mut counted = BTreeMap::new();
        let mut rest = text;
        while let Some(at) = rest.find(|it: char| it.is_ascii_digit()) {
            let (key, behind) = rest.split_at(at);
            let end = behind.find(|it: char| !it.is_ascii_digit());
            let (number, next) = behind.split_at(end.unwrap_or(behind.len()));
            counted.insert(key.to_owned(), number.parse().unwrap_or(u64::MAX));
            rest = next;
        }
        Self(counted)
    }

    /// What is written of it: keys and numbers. What begins with `=` takes the place of what was there, all else is added.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(key, count)| (key.as_str(), *count))
    }

    /// Counts under a key.
    pub fn add(&mut self, key: impl Into<String>, count: u64) {
        if count > 0 {
            let sum = self.0.entry(key.into()).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// Adds what was counted in a later step. What is not added up is that of the later one.
    pub fn add_all(&mut self, later: &Self) {
        for (key, count) in &later.0 {
            if key.starts_with(SET) {
                self.0.insert(key.clone(), *count);
            } else {
                self.add(key.as_str(), *count);
            }
        }
    }

    /// The key of requests that are refused for such a reason.
    pub fn refused_key(reason: &str) -> String {
        format!("{REFUSED}{reason}")
    }

    /// A daemon has counted that takes messages.
    pub fn by_api(&mut self) {
        self.0.insert(API.to_owned(), 1);
    }

    /// A daemon has counted that delivers.
    pub fn by_monitor(&mut self) {
        self.0.insert(MONITOR.to_owned(), 1);
    }

    /// Whether a daemon has counted that takes messages.
    pub fn is_by_api(&self) -> bool {
        self.0.contains_key(API)
    }

    /// Whether a daemon has counted that delivers.
    pub fn is_by_monitor(&self) -> bool {
        self.0.contains_key(MONITOR)
    }

    /// Notes how much there is.
    pub fn set_state(&mut self, state: State) {
        let numbers = [state.open, state.waiting, state.later, state.dead];
        for (key, number) in STATE.into_iter().zip(numbers) {
            self.0.insert(key.to_owned(), number);
        }
    }

    /// How much there was at the last look; none: nobody looked.
    pub fn state(&self) -> Option<State> {
        let [open, waiting, later, dead] = STATE.map(|key| self.0.get(key).copied());
        Some(State {
            open: open?,
            waiting: waiting.unwrap_or_default(),
            later: later.unwrap_or_default(),
            dead: dead.unwrap_or_default(),
        })
    }

    /// What became of posts, by the words of [`POSTS`].
    pub fn posts(&self) -> [u64; POSTS.len()] {
        POSTS.map(|(_, key)| self.of(key))
    }

    /// How attempts came out, by the words of [`ATTEMPTS`].
    pub fn attempts(&self) -> [u64; ATTEMPTS.len()] {
        ATTEMPTS.map(|(_, key)| self.of(key))
    }

    /// How much of what was measured lies within each bound and beyond the one before, and beyond all.
    pub fn measured(&self, what: Measured) -> [u64; BUCKETS] {
        std::array::from_fn(|bucket| self.of(what.key(bucket)))
    }

    /// How many requests were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (&str, u64)> {
        self.pairs()
            .filter_map(|(key, count)| Some((key.strip_prefix(REFUSED)?, count)))
    }

    fn of(&self, key: char) -> u64 {
        let key = self.0.get(key.encode_utf8(&mut [0; 4]) as &str);
        key.copied().unwrap_or_default()
    }
}

/// The place of what became of a post in [`POSTS`]; none: it was refused, which is counted by reason.
pub fn place_of(result: PostResult) -> Option<usize> {
    let word = match result {
        PostResult::Refused(_) => return None,
        PostResult::Ignored(_) => "ignored",
        other => other.word(),
    };
    POSTS.iter().position(|(known, _)| *known == word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::core::batch::Outcome;
    use crate::core::refused::MESSAGE_FIELDS;

    fn text(counted: &Counted) -> String {
        let pairs = counted.pairs();
        pairs.map(|(key, count)| format!("{key}{count}")).collect()
    }

    #[test]
    fn everything_is_read_back() {
        let mut counted = Counted::default();
        counted.add('p', 12);
        counted.add('P', 7);
        counted.add('Q', 0);
        counted.add(Measured::Lateness.key(0), 3);
        counted.add(Measured::Delivery.key(BUCKETS - 1), 1);
        counted.add(Counted::refused_key("content_type"), 5);
        counted.by_api();
        let state = State {
            open: 4,
            dead: 1,
            ..State::default()
        };
        counted.set_state(state);

        let read = Counted::read(&text(&counted));

        assert_eq!(read, counted);
        assert_eq!(read.posts(), [12, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read.attempts(), [7, 0, 0]);
        assert_eq!(read.measured(Measured::Lateness)[0], 3);
        assert_eq!(read.measured(Measured::Delivery)[BUCKETS - 1], 1);
        assert_eq!(read.refused().collect::<Vec<_>>(), [("content_type", 5)]);
        assert_eq!(read.state(), Some(state));
        assert!(read.is_by_api() && !read.is_by_monitor());
        assert_eq!(Counted::read("").state(), None);
        // Nobody wrote this, and it does no harm.
        for odd in ["12", "p", "p1é", "é5", "p99999999999999999999999"] {
            let _ = Counted::read(odd).posts();
        }
    }

    #[test]
    fn counts_are_added_and_how_much_there_is_is_the_last() {
        let mut sum = Counted::read("p2=w5=z1");
        sum.add_all(&Counted::read("p3P1=w4=z2=m1"));
        assert_eq!(sum, Counted::read("p5P1=w4=z2=m1"));
        sum.add_all(&Counted::default());
        assert_eq!(sum.state().map(|it| it.open), Some(4));
    }

    #[test]
    fn every_key_is_one_thing_and_has_no_digit() {
        let mut keys: Vec<String> = POSTS.iter().map(|(_, key)| key.to_string()).collect();
        keys.extend(ATTEMPTS.iter().map(|(_, key)| key.to_string()));
        for what in [Measured::Lateness, Measured::Delivery] {
            keys.extend((0..BUCKETS).map(|bucket| what.key(bucket).to_string()));
        }
        keys.extend(MESSAGE_FIELDS.map(Counted::refused_key));
        keys.extend([STATE[0], STATE[1], STATE[2], STATE[3], API, MONITOR].map(str::to_owned));
        let different: BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        let is_plain = |key: &String| !key.contains(|it: char| it.is_ascii_digit());
        assert!(keys.iter().all(is_plain));
    }

    #[test]
    fn all_that_can_become_of_posts_and_attempts_is_counted() {
        for result in PostResult::unrefused() {
            assert!(place_of(result).is_some(), "{result:?}");
        }
        let words: BTreeSet<_> = Outcome::words().collect();
        assert_eq!(words, ATTEMPTS.iter().map(|(word, _)| *word).collect());
    }
}
