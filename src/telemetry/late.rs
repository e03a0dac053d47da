//! How late batches set out within the last minutes, for whoever asks all monitors.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::telemetry::metrics::LATENESS;

/// So far back it goes.
pub const WITHIN: Duration = Duration::from_secs(300);
/// What is forgotten together.
const SLOT: Duration = Duration::from_secs(10);
const SLOTS: usize = 30;
/// One for each bound, and one for what is beyond all.
pub const BUCKETS: usize = LATENESS.len() + 1;

type Counts = [u32; BUCKETS];

/// Counts of the last minutes.
#[derive(Debug)]
pub struct Late {
    begun: Instant,
    /// Of each slot which it is, from the beginning on.
    slots: Mutex<[(u64, Counts); SLOTS]>,
}

impl Default for Late {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            slots: Mutex::new([(0, [0; BUCKETS]); SLOTS]),
        }
    }
}

impl Late {
    /// A batch set out so late.
    pub fn observe(&self, late: Duration) {
        self.observe_at(self.begun.elapsed(), late.as_secs_f64());
    }

    /// How many set out within each bound of [`LATENESS`] and beyond the one before; empty: none did.
    pub fn counts(&self) -> Vec<u64> {
        self.counts_at(self.begun.elapsed())
    }

    fn observe_at(&self, at: Duration, late: f64) {
        let number = at.as_secs() / SLOT.as_secs();
        let bucket = LATENESS.iter().position(|bound| late <= *bound);
        let bucket = bucket.unwrap_or(LATENESS.len());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = usize::try_from(number).unwrap_or_default() % SLOTS;
        let (of, counts) = &mut slots[slot];
        if *of != number {
            (*of, *counts) = (number, [0; BUCKETS]);
        }
        counts[bucket] = counts[bucket].saturating_add(1);
    }

    fn counts_at(&self, at: Duration) -> Vec<u64> {
        let number = at.as_secs() / SLOT.as_secs();
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = vec![0_u64; BUCKETS];
        let oldest = number.saturating_sub(WITHIN.as_secs() / SLOT.as_secs() - 1);
        for (of, counts) in slots.iter() {
            if (oldest..=number).contains(of) {
                for (sum, count) in sum.iter_mut().zip(counts) {
                    *sum += u64::from(*count);
                }
            }
        }
        if sum.iter().all(|count| *count == 0) {
            return Vec::new();
        }
        sum
    }
}

/// The bound, in s, within which such a share of these counts lies; none: nothing was counted, or it lies beyond all.
pub fn share_within(counts: &[u64], share: f64) -> Option<f64> {
    let all: u64 = counts.iter().sum();
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody counts to so many within minutes"
    )]
    let wanted = all as f64 * share;
    let mut sum = 0.0;
    for (count, bound) in counts.iter().zip(LATENESS) {
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let count = *count as f64;
        sum += count;
        if all > 0 && sum >= wanted {
            return Some(bound);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_late_is_known_for_five_minutes() {
        let late = Late::default();
        let at = Duration::from_secs;
        assert!(late.counts_at(at(0)).is_empty());

        late.observe_at(at(3), 0.003);
        late.observe_at(at(200), 0.003);
        late.observe_at(at(201), 700.0);

        let counts = late.counts_at(at(299));
        assert_eq!((counts[2], counts[BUCKETS - 1]), (2, 1));
        assert_eq!(late.counts_at(at(301))[2], 1, "the first is forgotten");
        assert!(late.counts_at(at(600)).is_empty());
        late.observe_at(at(503), 0.003);
        assert_eq!(late.counts_at(at(503))[2], 1, "an old slot begins anew");
    }

    #[test]
    fn shares_lie_within_bounds() {
        let mut counts = [0; BUCKETS];
        assert_eq!(share_within(&counts, 0.5), None);
        counts[0] = 90;
        counts[5] = 9;
        counts[BUCKETS - 1] = 1;
        assert_eq!(share_within(&counts, 0.5), Some(0.001));
        assert_eq!(share_within(&counts, 0.95), Some(0.05));
        assert_eq!(share_within(&counts, 0.999), None, "beyond all bounds");
    }
}
