//! When a batch is tried again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scalars::Wait;
use super::{SpecError, seconds};
use crate::core::json::whole_number::whole;
use crate::core::retry::{LONGEST_ASKED, RetryPolicy, WITHIN};

/// The shortest that the longest wait of a back-off may be, s.
const SHORTEST_WAIT: f64 = 0.001;
/// Most waits that a list of them may have.
const MOST_WAITS: usize = 100;
/// With any wait between them that is for ever.
const MOST_RETRIES: u32 = 10_000;

/// When a batch is tried again: `for`, `max`, `first` and `cap` of a back-off, or `waits`. Times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySpec {
    /// How long after its first attempt a batch is tried again; 0 = for ever.
    #[serde(rename = "for")]
    #[schema(minimum = 0, maximum = 315_360_000)]
    pub within: f64,
    /// Retries after the first attempt; 0 = no fixed number.
    #[schema(maximum = 10_000)]
    #[serde(deserialize_with = "whole")]
    pub max: u32,
    /// The longest wait before the first.
    #[schema(minimum = 0.001, maximum = 315_360_000)]
    pub first: f64,
    /// The longest wait before any.
    #[schema(minimum = 0.001, maximum = 315_360_000)]
    pub cap: f64,
    /// The waits themselves, one for each retry, instead of the four; none at all gives every batch one chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, value_type = Option<Vec<Wait>>)]
    pub waits: Option<Vec<f64>>,
    /// The longest wait that a `Retry-After` may ask for; 0 = it is not heeded.
    #[schema(minimum = 0, maximum = 315_360_000)]
    pub max_retry_after: f64,
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self {
            within: WITHIN.as_secs_f64(),
            max: 0,
            first: 1.0,
            cap: 300.0,
            waits: None,
            max_retry_after: LONGEST_ASKED.as_secs_f64(),
        }
    }
}

impl From<&RetryPolicy> for RetrySpec {
    /// A policy of the environment, which has no waits of its own.
    fn from(policy: &RetryPolicy) -> Self {
        Self {
            within: policy.within.unwrap_or_default().as_secs_f64(),
            max: policy.max_retries.unwrap_or_default(),
            first: policy.first.as_secs_f64(),
            cap: policy.cap.as_secs_f64(),
            waits: None,
            max_retry_after: policy.longest_asked.as_secs_f64(),
        }
    }
}

impl RetrySpec {
    /// Checks the waits of the back-off, also where others are named instead.
    pub(super) fn check_idle(&self) -> Result<(), SpecError> {
        self.backoff().map(drop)
    }

    /// The longest wait before the first retry, and before any.
    fn backoff(&self) -> Result<(Duration, Duration), SpecError> {
        let first = seconds("retry.first", self.first, SHORTEST_WAIT)?;
        Ok((first, seconds("retry.cap", self.cap, SHORTEST_WAIT)?))
    }

    pub(super) fn policy(&self) -> Result<RetryPolicy, SpecError> {
        if self.max > MOST_RETRIES {
            let why = format!("must be at most {MOST_RETRIES}");
            return Err(SpecError::new("retry.max", why));
        }
        let longest_asked = seconds("retry.max_retry_after", self.max_retry_after, 0.0)?;
        let within = seconds("retry.for", self.within, 0.0)?;
        if let Some(waits) = &self.waits {
            if waits.len() > MOST_WAITS {
                let why = format!("must be at most {MOST_WAITS}");
                return Err(SpecError::new("retry.waits", why));
            }
            let waits = waits.iter().map(|&wait| seconds("retry.waits", wait, 0.0));
            let waits: Vec<Duration> = waits.collect::<Result<_, _>>()?;
            return Ok(RetryPolicy {
                longest_asked,
                ..RetryPolicy::of_waits(waits)
            });
        }
        let (first, cap) = self.backoff()?;
        let policy = RetryPolicy {
            max_retries: (self.max > 0).then_some(self.max),
            within: (!within.is_zero()).then_some(within),
            first,
            cap,
            waits: Vec::new(),
            longest_asked,
        };
        if policy.first > policy.cap {
            return Err(SpecError::new("retry.first", "must not be over retry.cap"));
        }
        Ok(policy)
    }
}
