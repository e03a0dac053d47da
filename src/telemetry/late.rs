//! How late batches set out within the last minutes, for whoever asks all monitors.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::core::samples::shares::{BUCKETS, LATENESS, bucket};

/// So far back it goes.
pub const WITHIN: Duration = Duration::from_secs(300);
/// What is forgotten together.
const SLOT: Duration = Duration::from_secs(10);
const SLOTS: usize = 30;
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
        let bucket = bucket(&LATENESS, late);
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
}
