//! How long to wait before a batch is tried again, and when to give up.

use std::time::Duration;

/// Exponential back-off with full jitter: before retry `n` any time up to `first * 2^(n-1)`, but not over `cap`.
/// Full jitter spreads a thousand lanes that failed in one moment, so that they do not come back in one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries after the first attempt; 0 gives every batch one chance.
    pub max_retries: u32,
    /// The longest wait before the first retry.
    pub first: Duration,
    /// The longest wait before any retry.
    pub cap: Duration,
    /// The waits themselves, one for each retry, where somebody wants these and no others; empty: back-off.
    pub waits: Vec<Duration>,
}

/// The longest wait a `Retry-After` may ask for; a slip of a receiver must not park a chat for days.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

impl RetryPolicy {
    /// The wait after attempt number `attempt` (1 is the first), or `None` if that was the last.
    /// `jitter` is chance, from 0 to 1; `asked` is the receiver's `Retry-After`, which is a least wait.
    pub fn wait_after(
        &self,
        attempt: u32,
        jitter: f64,
        asked: Option<Duration>,
    ) -> Option<Duration> {
        if self.exhausted(attempt) {
            return None;
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
        Some(wait.max(asked.unwrap_or_default().min(MAX_RETRY_AFTER)))
    }

    /// A policy with exactly these waits.
    pub fn of_waits(waits: Vec<Duration>) -> Self {
        Self {
            max_retries: u32::try_from(waits.len()).unwrap_or(u32::MAX),
            first: Duration::ZERO,
            cap: Duration::ZERO,
            waits,
        }
    }

    /// Whether no attempt may follow number `attempt`.
    pub fn exhausted(&self, attempt: u32) -> bool {
        attempt > self.max_retries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_retries: 12,
        first: Duration::from_secs(1),
        cap: Duration::from_secs(300),
        waits: Vec::new(),
    };

    #[test]
    fn the_wait_doubles_up_to_the_cap() {
        let ceilings: Vec<_> = (1..=12)
            .map(|n| POLICY.wait_after(n, 1.0, None).unwrap().as_secs())
            .collect();

        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn jitter_takes_any_part_of_the_wait() {
        assert_eq!(POLICY.wait_after(4, 0.0, None), Some(Duration::ZERO));
        assert_eq!(
            POLICY.wait_after(4, 0.5, None),
            Some(Duration::from_secs(4))
        );
    }

    #[test]
    fn after_the_last_retry_there_is_none() {
        assert!(POLICY.wait_after(12, 0.5, None).is_some());
        assert_eq!(POLICY.wait_after(13, 0.5, None), None);
        assert_eq!(
            RetryPolicy {
                max_retries: 0,
                ..POLICY
            }
            .wait_after(1, 0.5, None),
            None
        );
        assert!(
            RetryPolicy {
                max_retries: u32::MAX,
                ..POLICY
            }
            .wait_after(4_000_000, 1.0, None)
            .is_some()
        );
    }

    #[test]
    fn explicit_waits_are_taken_as_they_are() {
        let policy = RetryPolicy::of_waits([5, 1].map(Duration::from_secs).into());

        let waits: Vec<_> = (1..=3).map(|n| policy.wait_after(n, 0.0, None)).collect();

        assert_eq!(
            waits,
            [
                Some(Duration::from_secs(5)),
                Some(Duration::from_secs(1)),
                None
            ]
        );
    }

    #[test]
    fn a_receiver_may_ask_for_a_longer_wait_within_reason() {
        let asked = |seconds| POLICY.wait_after(1, 1.0, Some(Duration::from_secs(seconds)));

        assert_eq!(asked(0), Some(Duration::from_secs(1)));
        assert_eq!(asked(30), Some(Duration::from_secs(30)));
        assert_eq!(asked(1_000_000), Some(MAX_RETRY_AFTER));
    }
}
