//! When attempts were let begin by a pace, as far as one has looked, and whether it was kept.

use std::collections::BTreeMap;

use super::TestRedis;

/// How many attempts were let begin in each millisecond.
#[derive(Debug, Default)]
pub(crate) struct Begun(BTreeMap<u64, usize>);

impl Begun {
    /// Looks. What was let begin at one moment stands there at once; what is not seen breaks no pace.
    pub(crate) async fn look(&mut self, redis: &TestRedis, destination: &str) {
        self.add(&redis.begun(destination).await);
    }

    /// All that were let begin within an interval, each with its time.
    pub(crate) fn add(&mut self, times: &[u64]) {
        let mut seen = BTreeMap::new();
        for &at in times {
            *seen.entry(at).or_default() += 1;
        }
        for (at, count) in seen {
            self.saw(at, count);
        }
    }

    /// So many were let begin then.
    pub(crate) fn saw(&mut self, at: u64, count: usize) {
        let known = self.0.entry(at).or_default();
        *known = count.max(*known);
    }

    /// So many more were let begin then.
    pub(crate) fn saw_more(&mut self, at: u64, count: usize) {
        *self.0.entry(at).or_default() += count;
    }

    /// How many were seen.
    pub(crate) fn count(&self) -> usize {
        self.0.values().sum()
    }

    /// When the first did.
    pub(crate) fn first(&self) -> u64 {
        *self.0.keys().next().unwrap()
    }

    /// The most that began within any time of this length, ms.
    pub(crate) fn most_within(&self, length: u64) -> usize {
        let from = self.0.keys();
        let within = from.map(|&at| self.0.range(at..at + length).map(|(_, count)| count).sum());
        within.max().unwrap_or_default()
    }
}
