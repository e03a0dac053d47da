//! How long to wait before a batch is tried again, and when to give up.

use std::time::Duration;

/// Exponential back-off with full jitter: before retry `n` any time up to `first * 2^(n-1)`, but not over `cap`.
/// Full jitter spreads a thousand lanes that failed in one moment, so that they do not come back in one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries after the first attempt, where their number is fixed; 0 gives every batch one chance.
    pub max_retries: Option<u32>,
    /// How long after its first attempt a batch is tried again; without, for ever.
    pub within: Option<Duration>,
    /// The longest wait before the first retry.
    pub first: Duration,
    /// The longest wait before any retry.
    pub cap: Duration,
    /// The waits themselves, one for each retry, where somebody wants these and no others; empty: back-off.
    pub waits: Vec<Duration>,
    /// The longest wait that a `Retry-After` may ask for; a slip of a receiver must not park a chat for days.
    pub longest_asked: Duration,
}

/// A policy's own word on the longest `Retry-After`, where nobody has said another.
pub const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// How long a batch is tried, where nobody has said another time: over a night, and until somebody has looked.
pub const WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Why no attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// All retries were made.
    Count,
    /// The time for them, which this is, has passed.
    Time(Duration),
}

impl RetryPolicy {
    /// The wait after attempt number `attempt` (1 is the first) that ended `since_first` after the first began.
    /// `jitter` is chance, from 0 to 1; `asked` is the receiver's `Retry-After`, which is a least wait.
    ///
    /// No wait of the policy's own goes beyond the time there is: the last attempt is made when that ends.
    ///
    /// # Errors
    /// When that was the last attempt.
    pub fn wait_after(
        &self,
        attempt: u32,
        since_first: Duration,
        jitter: f64,
        asked: Option<Duration>,
    ) -> Result<Duration, Exhausted> {
        if self.counted_out(attempt) {
            return Err(Exhausted::Count);
        }
        if let Some(within) = self.within.filter(|within| since_first >= *within) {
            return Err(Exhausted::Time(within));
        }
        let before = attempt.saturating_sub(1);
        let told = usize::try_from(before)
            .ok()
            .and_then(|before| self.waits.get(before));
        let wait = match told {
            Some(wait) => *wait,
            None => {
                let doubled = self.first.saturating_mul(1 << before.min(30));
                doubled.min(self.cap).mul_f64(jitter.clamp(0.0, 1.0))
            }
        };
        let left = self.within.map(|within| within - since_first);
        let wait = left.map_or(wait, |left| wait.min(left));
        Ok(wait.max(asked.unwrap_or_default().min(self.longest_asked)))
    }

    /// A policy with exactly these waits.
    pub fn of_waits(waits: Vec<Duration>) -> Self {
        Self {
            max_retries: Some(u32::try_from(waits.len()).unwrap_or(u32::MAX)),
            within: None,
            first: Duration::ZERO,
            cap: Duration::ZERO,
            waits,
            longest_asked: LONGEST_ASKED,
        }
    }

    /// Whether no attempt may follow number `attempt`, however little time has passed.
    pub fn counted_out(&self, attempt: u32) -> bool {
        self.max_retries.is_some_and(|most| attempt > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_retries: None,
        within: Some(WITHIN),
        first: Duration::from_secs(1),
        cap: Duration::from_secs(300),
        waits: Vec::new(),
        longest_asked: LONGEST_ASKED,
    };

    fn counted() -> RetryPolicy {
        RetryPolicy {
            max_retries: Some(12),
            ..POLICY
        }
    }

    fn wait_at_once(
        policy: &RetryPolicy,
        attempt: u32,
        jitter: f64,
    ) -> Result<Duration, Exhausted> {
        policy.wait_after(attempt, Duration::ZERO, jitter, None)
    }

    #[test]
    fn the_wait_doubles_up_to_the_cap() {
        let ceilings: Vec<_> = (1..=12)
            .map(|n| wait_at_once(&POLICY, n, 1.0).unwrap().as_secs())
            .collect();

        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn jitter_takes_any_part_of_the_wait() {
        assert_eq!(wait_at_once(&POLICY, 4, 0.0), Ok(Duration::ZERO));
        assert_eq!(wait_at_once(&POLICY, 4, 0.5), Ok(Duration::from_secs(4)));
    }

    #[test]
    fn after_the_last_retry_there_is_none() {
        assert!(wait_at_once(&counted(), 12, 0.5).is_ok());
        assert_eq!(wait_at_once(&counted(), 13, 0.5), Err(Exhausted::Count));
        let one_chance = RetryPolicy::of_waits(Vec::new());
        assert_eq!(wait_at_once(&one_chance, 1, 0.5), Err(Exhausted::Count));
    }

    #[test]
    fn without_a_number_only_time_ends_the_retries() {
        let after = |policy: &RetryPolicy, hours: u64| {
            policy.wait_after(4_000_000, Duration::from_secs(hours * 3600), 1.0, None)
        };
        let for_ever = RetryPolicy {
            within: None,
            ..POLICY
        };

        assert_eq!(after(&POLICY, 23), Ok(POLICY.cap));
        assert_eq!(after(&POLICY, 24), Err(Exhausted::Time(WITHIN)));
        assert_eq!(after(&for_ever, 1_000_000), Ok(POLICY.cap));
    }

    #[test]
    fn a_number_that_is_set_counts_beside_the_time() {
        let late = counted().wait_after(2, WITHIN, 1.0, None);

        assert_eq!(late, Err(Exhausted::Time(WITHIN)));
        assert_eq!(wait_at_once(&counted(), 13, 1.0), Err(Exhausted::Count));
    }

    #[test]
    fn the_last_attempt_is_made_when_the_time_ends_unless_the_receiver_asks_for_a_later_one() {
        let soon = Duration::from_secs(10);
        let wait = |asked| POLICY.wait_after(200, WITHIN - soon, 1.0, asked);

        assert_eq!(wait(None), Ok(soon));
        assert_eq!(wait(Some(soon * 2)), Ok(soon * 2));
    }

    #[test]
    fn explicit_waits_are_taken_as_they_are() {
        let policy = RetryPolicy::of_waits([5, 1].map(Duration::from_secs).into());

        let waits: Vec<_> = (1..=3).map(|n| wait_at_once(&policy, n, 0.0)).collect();

        assert_eq!(
            waits,
            [
                Ok(Duration::from_secs(5)),
                Ok(Duration::from_secs(1)),
                Err(Exhausted::Count)
            ]
        );
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_wait_within_reason() {
        let asked = |policy: &RetryPolicy, seconds| {
            let asked = Some(Duration::from_secs(seconds));
            policy.wait_after(1, Duration::ZERO, 1.0, asked).unwrap()
        };
        let patient = RetryPolicy {
            longest_asked: Duration::from_secs(7200),
            ..POLICY
        };

        assert_eq!(asked(&POLICY, 0), Duration::from_secs(1));
        assert_eq!(asked(&POLICY, 30), Duration::from_secs(30));
        assert_eq!(asked(&POLICY, 1_000_000), LONGEST_ASKED);
        assert_eq!(asked(&patient, 1_000_000), patient.longest_asked);
    }
}
