//! How many requests and messages each caller may send: a bucket for each key and, for whoever has none, for each address.
//!
//! A request takes one token. A post of several messages takes one for each, all or none. One of more than the bucket
//! holds could never come in, and a gateway cannot divide what it posts; so a full bucket lets it in, and the caller then
//! waits for as long as all its messages take.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::principal::Pass;
use crate::server::network_of;
use crate::settings::rate::Rate;

/// How often buckets that are full again are forgotten.
pub(super) const FORGOTTEN_EVERY: Duration = Duration::from_secs(60);

// As in draft-ietf-httpapi-ratelimit-headers-10.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Whose bucket it is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Named(Arc<str>),
    At(Option<IpAddr>),
}

type Buckets =
    RateLimiter<Caller, HashMapStateStore<Caller>, DefaultClock, StateInformationMiddleware>;

/// The buckets of all callers.
pub(super) struct Limits {
    buckets: Buckets,
    clock: DefaultClock,
    /// How long a token takes to come back.
    token: Duration,
    policy: HeaderValue,
    burst: u32,
    /// Who sent more at once than a bucket holds, and until when nothing more is taken from them.
    owing: Mutex<HashMap<Caller, Instant>>,
}

/// What is left in a bucket, as a caller is told.
#[derive(Clone, Debug)]
pub(super) struct Left {
    limit: HeaderValue,
    policy: HeaderValue,
    /// Where nothing is left: when to come again.
    retry_after: Option<HeaderValue>,
}

impl Limits {
    pub(super) fn new(rate: &Rate) -> Option<Self> {
        let token = rate.per / rate.requests.get();
        let quota = Quota::with_period(token)?.allow_burst(rate.burst);
        let window = seconds(token * rate.burst.get());
        let policy = format!("\"default\";q={};w={window}", rate.burst);
        Some(Self {
            buckets: RateLimiter::hashmap(quota).with_middleware(),
            clock: DefaultClock::default(),
            token,
            policy: HeaderValue::try_from(policy).ok()?,
            burst: rate.burst.get(),
            owing: Mutex::default(),
        })
    }

    /// Whose bucket it is.
    pub(super) fn caller(pass: &Pass, address: Option<IpAddr>) -> Caller {
        match pass {
            Pass::Known(principal) | Pass::Open(Some(principal)) => {
                Caller::Named(principal.name.clone())
            }
            Pass::Open(None) | Pass::Unknown(_) => Caller::At(address.map(network_of)),
        }
    }

    /// Takes a token out of the caller's bucket. Without one in it, the error says when there will be.
    pub(super) fn take(&self, caller: &Caller) -> Result<Left, Left> {
        if let Some(wait) = self.owes(caller) {
            return Err(self.left(0, seconds(wait), Some(seconds(wait).max(1))));
        }
        match self.buckets.check_key(caller) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let full_in = self.token * self.burst.saturating_sub(left);
                Ok(self.left(left, seconds(full_in), None))
            }
            Err(not_until) => {
                let wait = seconds(not_until.wait_time_from(self.clock.now())).max(1);
                let full_in = seconds(self.token * self.burst);
                Err(self.left(0, full_in, Some(wait)))
            }
        }
    }

    /// Takes the tokens of a post of so many messages, of which the request took one; more than one bucket holds, if it was
    /// full. Where there are too few, the error says when there will be.
    pub(super) fn take_messages(&self, caller: &Caller, count: usize) -> Result<Left, Left> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let mut left = 0;
        if let Some(more) = NonZeroU32::new(count.min(self.burst).saturating_sub(1)) {
            match self.buckets.check_key_n(caller, more) {
                Ok(Ok(state)) => left = state.remaining_burst_capacity(),
                Ok(Err(not_until)) => {
                    // The next try takes one with the request again.
                    let wait = not_until.wait_time_from(self.clock.now()) + self.token;
                    let full_in = seconds(self.token * self.burst);
                    return Err(self.left(0, full_in, Some(seconds(wait).max(1))));
                }
                // Never, for it is less than a bucket holds.
                Err(_) => {}
            }
        }
        if count > self.burst {
            let wait = self.token * count;
            self.owing().insert(caller.clone(), Instant::now() + wait);
            return Ok(self.left(0, seconds(wait), None));
        }
        let full_in = self.token * self.burst.saturating_sub(left);
        Ok(self.left(left, seconds(full_in), None))
    }

    /// How long nothing is taken from a caller yet.
    fn owes(&self, caller: &Caller) -> Option<Duration> {
        let until = *self.owing().get(caller)?;
        until.checked_duration_since(Instant::now())
    }

    fn owing(&self) -> MutexGuard<'_, HashMap<Caller, Instant>> {
        self.owing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self, left: u32, full_in: u64, wait: Option<u64>) -> Left {
        let limit = format!("\"default\";r={left};t={full_in}");
        Left {
            // A number cannot be anything that a header could not carry.
            limit: HeaderValue::try_from(limit).unwrap_or_else(|_| HeaderValue::from_static("")),
            policy: self.policy.clone(),
            retry_after: wait.map(HeaderValue::from),
        }
    }

    /// Forgets the buckets that are full again.
    pub(super) fn forget(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
        let now = Instant::now();
        let mut owing = self.owing();
        owing.retain(|_, until| *until > now);
        owing.shrink_to_fit();
    }
}

impl Left {
    /// Tells the caller.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit.clone());
        headers.insert(POLICY, self.policy.clone());
        if let Some(retry_after) = &self.retry_after {
            headers.insert(RETRY_AFTER, retry_after.clone());
        }
    }
}

/// Whole seconds, rather one too many.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
