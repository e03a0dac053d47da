//! Counts by bounds: what is measured is only counted, so that what several daemons counted can be added up, and shares of
//! the sum are as right as those of one.

/// The bounds of how late batches set out, in s. How many there are of them is stored: another number needs other keys.
pub const LATENESS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0,
];

/// The bounds of how long attempts take, in s; likewise.
pub const DELIVERY: [f64; 14] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// One for each bound, and one for what is beyond all.
pub const BUCKETS: usize = 15;

/// Which of the counts a measured value belongs to.
pub fn bucket(bounds: &[f64], value: f64) -> usize {
    let within = bounds.iter().position(|bound| value <= *bound);
    within.unwrap_or(bounds.len())
}

/// The bound within which such a share of what was counted lies; none: nothing was counted, or it lies beyond all.
pub fn within(bounds: &[f64], counts: &[u64], share: f64) -> Option<f64> {
    let all: u64 = counts.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "nobody counts so far")]
    let wanted = all as f64 * share;
    let mut sum = 0.0;
    for (count, bound) in counts.iter().zip(bounds) {
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let count = *count as f64;
        sum += count;
        if all > 0 && sum >= wanted {
            return Some(*bound);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bucket_for_each_bound_and_one_beyond() {
        for bounds in [LATENESS, DELIVERY] {
            assert_eq!(bounds.len() + 1, BUCKETS);
            assert!(bounds.is_sorted());
            assert_eq!(bucket(&bounds, 0.0), 0);
            assert_eq!(bucket(&bounds, bounds[3]), 3);
            assert_eq!(bucket(&bounds, 1e9), BUCKETS - 1);
        }
    }

    #[test]
    fn shares_lie_within_bounds() {
        let mut counts = [0; BUCKETS];
        assert_eq!(within(&LATENESS, &counts, 0.5), None);
        counts[0] = 90;
        counts[5] = 9;
        counts[BUCKETS - 1] = 1;
        assert_eq!(within(&LATENESS, &counts, 0.5), Some(0.001));
        assert_eq!(within(&LATENESS, &counts, 0.95), Some(0.05));
        assert_eq!(within(&LATENESS, &counts, 0.999), None, "beyond all bounds");
    }

    #[test]
    fn shares_of_several_are_those_of_all_together() {
        // One is quick and does much, the other slow and does little: the mean of their shares would be 30.5 s.
        let (mut quick, mut slow) = ([0; BUCKETS], [0; BUCKETS]);
        quick[8] = 990;
        slow[13] = 10;
        let sum: Vec<_> = quick.iter().zip(slow).map(|(a, b)| a + b).collect();
        assert_eq!(within(&DELIVERY, &sum, 0.99), Some(1.0));
        assert_eq!(within(&DELIVERY, &sum, 0.995), Some(60.0));
    }
}
