//! What a daemon has counted since it last told: the part of the metrics that is also kept in Redis, by time.

use std::sync::atomic::{AtomicU64, Ordering};

use super::labels::words;
use crate::core::post::PostResult;
use crate::core::refused::{MESSAGE_FIELDS, RefusedFor};
use crate::core::samples::Counted;
use crate::core::samples::counted::{ATTEMPTS, Measured, POSTS, place_of};
use crate::core::samples::shares::{BUCKETS, DELIVERY, LATENESS, bucket};

/// A reason that has no count of its own.
const OTHER: &str = "other";

/// Counts, each with its key.
#[derive(Debug)]
struct Counts(Vec<(String, AtomicU64)>);

impl Counts {
    fn of(keys: impl IntoIterator<Item = String>) -> Self {
        let keys = keys.into_iter();
        Self(keys.map(|key| (key, AtomicU64::new(0))).collect())
    }

    fn one_more(&self, place: usize) {
        if let Some((_, count)) = self.0.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(&self, into: &mut Counted) {
        for (key, count) in &self.0 {
            // Mostly there is nothing, and nothing has to be written then.
            if count.load(Ordering::Relaxed) > 0 {
                into.add(key.as_str(), count.swap(0, Ordering::Relaxed));
            }
        }
    }
}

/// All counts of a process.
#[derive(Debug)]
pub struct Tally {
    posts: Counts,
    attempts: Counts,
    lateness: Counts,
    delivery: Counts,
    reasons: Vec<&'static str>,
    refused: Counts,
}

impl Default for Tally {
    fn default() -> Self {
        let mut reasons = MESSAGE_FIELDS.to_vec();
        reasons.extend(words::<RefusedFor>());
        reasons.push(OTHER);
        let buckets = |what: Measured| (0..BUCKETS).map(move |it| what.key(it).to_string());
        Self {
            posts: Counts::of(POSTS.map(|(_, key)| key.to_string())),
            attempts: Counts::of(ATTEMPTS.map(|(_, key)| key.to_string())),
            lateness: Counts::of(buckets(Measured::Lateness)),
            delivery: Counts::of(buckets(Measured::Delivery)),
            refused: Counts::of(reasons.iter().map(|reason| Counted::refused_key(reason))),
            reasons,
        }
    }
}

impl Tally {
    /// Something was posted; what was refused is counted by [`Self::refused`].
    pub fn post(&self, result: PostResult) {
        if let Some(place) = place_of(result) {
            self.posts.one_more(place);
        }
    }

    /// A request was refused.
    pub fn refused(&self, reason: &str) {
        let place = self.reasons.iter().position(|known| *known == reason);
        self.refused
            .one_more(place.unwrap_or(self.reasons.len() - 1));
    }

    /// An attempt came out so, and took so long, in s.
    pub fn attempt(&self, outcome: &str, took: f64) {
        let mut words = ATTEMPTS.iter();
        if let Some(place) = words.position(|(word, _)| *word == outcome) {
            self.attempts.one_more(place);
        }
        self.delivery.one_more(bucket(&DELIVERY, took));
    }

    /// A batch set out so late, in s.
    pub fn late(&self, late: f64) {
        self.lateness.one_more(bucket(&LATENESS, late));
    }

    /// What was counted since this was last taken.
    pub fn take(&self) -> Counted {
        let mut counted = Counted::default();
        let all = [
            &self.posts,
            &self.attempts,
            &self.lateness,
            &self.delivery,
            &self.refused,
        ];
        for counts in all {
            counts.take(&mut counted);
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::code::Code;
    use crate::core::ignored::Ignored;

    #[test]
    fn what_was_counted_is_taken_once() {
        let tally = Tally::default();
        tally.post(PostResult::Taken);
        tally.post(PostResult::Taken);
        tally.post(PostResult::Ignored(Ignored::Group));
        tally.post(PostResult::Refused(Code::ProofFailed));
        tally.refused("key");
        tally.refused("a reason of tomorrow");
        tally.attempt("delivered", 0.3);
        tally.attempt("retry", 1000.0);
        tally.late(0.003);

        let taken = tally.take();

        assert_eq!(taken.posts(), [2, 0, 0, 0, 0, 0, 1]);
        assert_eq!(taken.attempts(), [1, 1, 0]);
        let refused: Vec<_> = taken.refused().collect();
        assert_eq!(refused, [("key", 1), ("other", 1)]);
        assert_eq!(taken.measured(Measured::Lateness)[2], 1);
        let delivery = taken.measured(Measured::Delivery);
        assert_eq!((delivery[7], delivery[BUCKETS - 1]), (1, 1));
        assert_eq!(tally.take(), Counted::default());
    }
}
