//! When the tries of something come that nobody takes: the waits between them as a time line.

use std::time::Duration;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use crate::console::shell::Shell;
use crate::core::retry::{RetryPolicy, WITHIN};

/// Tries that are shown one by one.
const SHOWN: usize = 9;
/// Tries that are counted.
const MOST: u32 = 2_000;

/// When something is tried again, in s.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(super) struct Retry {
    #[serde(rename = "for")]
    pub(super) within: f64,
    pub(super) max: u32,
    pub(super) first: f64,
    pub(super) cap: f64,
    pub(super) waits: Option<Vec<f64>>,
}

/// A try after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Try {
    number: u32,
    /// The longest wait before it.
    wait: Duration,
    /// How long the first is ago then, at most.
    since: Duration,
}

/// The time line.
#[derive(Template)]
#[template(path = "tries.html")]
pub(super) struct Tries<'a> {
    shell: &'a Shell,
    all: Vec<Try>,
    /// The waits are as they are said, and not any time up to that.
    exact: bool,
    /// It is given up on after the last.
    ends: bool,
}

/// What is left out while it is written has the API's default.
impl Default for Retry {
    fn default() -> Self {
        Self {
            within: WITHIN.as_secs_f64(),
            max: 0,
            first: 1.0,
            cap: 300.0,
            waits: None,
        }
    }
}

impl Retry {
    /// What is being written, which may be nothing yet; none: it cannot be read.
    pub(super) fn read(written: &Value) -> Option<Self> {
        if written.is_null() {
            return Some(Self::default());
        }
        serde_json::from_value(written.clone()).ok()
    }

    /// The same as the engine goes by it; none: it cannot be.
    fn policy(&self) -> Option<RetryPolicy> {
        let seconds = |value: f64| Duration::try_from_secs_f64(value).ok();
        if let Some(waits) = &self.waits {
            let waits: Option<Vec<_>> = waits.iter().map(|wait| seconds(*wait)).collect();
            return waits.map(RetryPolicy::of_waits);
        }
        let within = seconds(self.within)?;
        Some(RetryPolicy {
            max_retries: (self.max > 0).then_some(self.max),
            within: (!within.is_zero()).then_some(within),
            first: seconds(self.first)?,
            cap: seconds(self.cap)?,
            waits: Vec::new(),
            longest_asked: Duration::ZERO,
        })
    }
}

/// The tries of a policy where each wait is the longest that it can be, and whether it ends with the last of them.
fn tries_of(policy: &RetryPolicy) -> (Vec<Try>, bool) {
    let (mut all, mut since) = (Vec::new(), Duration::ZERO);
    for made in 1..MOST {
        let Ok(wait) = policy.wait_after(made, since, 1.0, None) else {
            return (all, true);
        };
        since += wait;
        all.push(Try {
            number: made + 1,
            wait,
            since,
        });
    }
    (all, false)
}

impl<'a> Tries<'a> {
    /// The time line of this; none: it cannot be.
    pub(super) fn of(shell: &'a Shell, retry: &Retry) -> Option<Self> {
        let (all, ends) = tries_of(&retry.policy()?);
        let exact = retry.waits.is_some();
        Some(Self {
            shell,
            all,
            exact,
            ends,
        })
    }

    fn shown(&self) -> &[Try] {
        &self.all[..self.all.len().min(SHOWN)]
    }

    /// A wait: any time up to that, unless it was said exactly.
    fn told(&self, time: &Duration) -> String {
        let (words, clock) = (&self.shell.words.tries, &self.shell.clock);
        let length = clock.length(u64::try_from(time.as_millis()).unwrap_or(0));
        if self.exact {
            length
        } else {
            words.up_to.with(&[("length", &length)])
        }
    }

    /// How it goes on behind those that are shown, and how it ends.
    fn end(&self) -> String {
        let (words, clock) = (&self.shell.words.tries, &self.shell.clock);
        let Some(last) = self.all.last() else {
            return words.once.clone();
        };
        if !self.ends {
            return words.for_ever.clone();
        }
        let since = clock.length(u64::try_from(last.since.as_millis()).unwrap_or(0));
        words.ends.with(&[("n", &last.number), ("since", &since)])
    }

    /// Where each try stands on a line of 100, on which the first minute has as much room as the hours behind it.
    fn places(&self) -> Vec<String> {
        let far = |time: Duration| (1.0 + time.as_secs_f64()).ln();
        let whole = self.all.last().map_or(0.0, |last| far(last.since));
        let place = |time| {
            if whole > 0.0 {
                far(time) / whole * 100.0
            } else {
                0.0
            }
        };
        let later = self.all.iter().map(|it| it.since);
        let mut places: Vec<_> = std::iter::once(Duration::ZERO)
            .chain(later)
            .map(|time| format!("{:.1}", place(time)))
            .collect();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(within: f64, max: u32, waits: Option<Vec<f64>>) -> (Vec<Try>, bool) {
        let (first, cap) = (1.0, 300.0);
        let retry = Retry {
            within,
            max,
            first,
            cap,
            waits,
        };
        tries_of(&retry.policy().unwrap())
    }

    fn seconds(tries: &[Try]) -> Vec<u64> {
        tries.iter().map(|it| it.since.as_secs()).collect()
    }

    #[test]
    fn each_try_comes_after_the_longest_wait_and_none_after_the_last() {
        let (waited, ends) = retry(0.0, 0, Some(vec![5.0, 30.0]));
        assert_eq!((seconds(&waited), ends), (vec![5, 35], true));
        let (counted, ends) = retry(86_400.0, 3, None);
        assert_eq!((seconds(&counted), ends), (vec![1, 3, 7], true));
        let (timed, ends) = retry(10.0, 0, None);
        assert_eq!((seconds(&timed), ends), (vec![1, 3, 7, 10], true));
        assert_eq!(retry(0.0, 0, Some(Vec::new())), (Vec::new(), true));
        let (endless, ends) = retry(0.0, 0, None);
        assert!(!ends && endless.len() > 1_000);
    }
}
