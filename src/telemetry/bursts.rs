//! How many lines a kind of event gets that strangers cause, such as refused requests: they send as many as they like, and
//! must not fill a disk with them or push every other line out of sight.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// So many within a [`SPAN`] have a line each; the others are counted in one.
const MOST: u64 = 10;
const SPAN: Duration = Duration::from_secs(1);

/// The lines of a kind of event. Clones are one.
#[derive(Clone, Debug)]
pub struct Bursts {
    span: Arc<Mutex<Span>>,
    tell: fn(u64, &str),
}

/// A span of time, from its first event on.
#[derive(Debug, Default)]
struct Span {
    began: Option<Instant>,
    written: u64,
    /// Those without a line, by their words.
    beyond: BTreeMap<&'static str, u64>,
}

impl Bursts {
    /// `tell` writes the line of those that have none of their own: how many there were, and how many by each word.
    pub fn new(tell: fn(u64, &str)) -> Self {
        Self {
            span: Arc::default(),
            tell,
        }
    }

    /// Whether one more, with this word, has a line of its own.
    pub fn take(&self, word: &'static str) -> bool {
        let now = Instant::now();
        match self.span().take(word, now) {
            Taken::Written => true,
            Taken::Counted => false,
            Taken::FirstCounted(end) => {
                tokio::spawn(self.clone().close(end));
                false
            }
        }
    }

    /// Writes the line of all others, at this moment; then a new span begins.
    async fn close(self, at: Instant) {
        sleep_until(at).await;
        let span = std::mem::take(&mut *self.span());
        let (count, words) = span.told();
        (self.tell)(count, &words);
    }

    fn span(&self) -> MutexGuard<'_, Span> {
        self.span.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of the line of an event.
#[derive(Debug, PartialEq)]
enum Taken {
    Written,
    /// It is the first that goes into the common line, which is due then.
    FirstCounted(Instant),
    Counted,
}

impl Span {
    fn take(&mut self, word: &'static str, now: Instant) -> Taken {
        let end = *self.began.get_or_insert(now) + SPAN;
        if self.beyond.is_empty() && now >= end {
            *self = Self {
                began: Some(now),
                ..Self::default()
            };
        }
        if self.written < MOST {
            self.written += 1;
            return Taken::Written;
        }
        let first = self.beyond.is_empty();
        *self.beyond.entry(word).or_default() += 1;
        if first {
            Taken::FirstCounted(end)
        } else {
            Taken::Counted
        }
    }

    /// How many had no line, and with which words.
    fn told(&self) -> (u64, String) {
        let mut words = String::new();
        for (word, count) in &self.beyond {
            let comma = if words.is_empty() { "" } else { ", " };
            let _ = write!(words, "{comma}{count} {word}");
        }
        (self.beyond.values().sum(), words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_a_second_have_a_line_and_the_rest_is_counted() {
        let mut span = Span::default();
        let began = Instant::now();
        let mut taken = |code, seconds| span.take(code, began + SPAN * seconds);

        for _ in 0..MOST {
            assert_eq!(taken("wrong_key", 0), Taken::Written);
        }
        assert_eq!(taken("wrong_key", 0), Taken::FirstCounted(began + SPAN));
        assert_eq!(taken("no_key", 0), Taken::Counted);
        // Until the common line is written, however late, there is no other.
        assert_eq!(taken("wrong_key", 5), Taken::Counted);
        assert_eq!(span.told(), (3, "1 no_key, 2 wrong_key".to_owned()));
    }

    #[test]
    fn where_there_are_few_each_has_its_line() {
        let mut span = Span::default();
        let began = Instant::now();
        for second in 0..100 {
            for _ in 0..MOST {
                assert_eq!(span.take("no_key", began + SPAN * second), Taken::Written);
            }
        }
    }
}
