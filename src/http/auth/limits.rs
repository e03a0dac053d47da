//! How many requests each caller may send: a bucket for each key and, for whoever has none, for each address.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

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
enum Caller {
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
        })
    }

    /// Takes a token out of the caller's bucket. Without one in it, the error says when there will be.
    pub(super) fn take(&self, pass: &Pass, address: Option<IpAddr>) -> Result<Left, Left> {
        let caller = match pass {
            Pass::Known(principal) | Pass::Open(Some(principal)) => {
                Caller::Named(principal.name.clone())
            }
            Pass::Open(None) | Pass::Unknown(_) => Caller::At(address.map(network_of)),
        };
        match self.buckets.check_key(&caller) {
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
    }
}

impl Left {
    /// Tells the caller.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.limit);
        headers.insert(POLICY, self.policy);
        if let Some(retry_after) = self.retry_after {
            headers.insert(RETRY_AFTER, retry_after);
        }
    }
}

/// Whole seconds, rather one too many.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::core::api_key::Principal;
    use crate::core::scopes::Scopes;

    fn limits(requests: u32, per: u64, burst: u32) -> Limits {
        Limits::new(&Rate {
            requests: NonZeroU32::new(requests).unwrap(),
            per: Duration::from_secs(per),
            burst: NonZeroU32::new(burst).unwrap(),
        })
        .unwrap()
    }

    fn known(name: &str) -> Pass {
        Pass::Known(Arc::new(Principal {
            name: name.into(),
            scopes: Scopes::default(),
        }))
    }

    fn at(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    #[test]
    fn each_key_and_each_address_has_a_bucket_of_its_own() {
        let limits = limits(1, 3600, 1);
        let nobody = Pass::Open(None);

        for (pass, address) in [
            (known("n8n"), at("10.0.0.1")),
            (known("panel"), at("10.0.0.1")),
            (nobody.clone(), at("10.0.0.1")),
            (nobody.clone(), at("10.0.0.2")),
            (nobody.clone(), at("2001:db8::1")),
            (nobody.clone(), at("2001:db8:0:1::1")),
            (nobody.clone(), None),
        ] {
            assert!(limits.take(&pass, address).is_ok(), "{address:?}");
            assert!(limits.take(&pass, address).is_err(), "{address:?}");
        }
        assert!(limits.take(&known("n8n"), at("10.0.0.9")).is_err());
        assert!(limits.take(&nobody, at("2001:db8::2")).is_err());
    }

    #[test]
    fn callers_are_told_what_is_left_and_when_to_come_again() {
        let limits = limits(60, 60, 2);
        let take = || {
            let left = limits.take(&Pass::Open(None), None);
            let mut headers = HeaderMap::new();
            left.unwrap_or_else(|left| left).tell(&mut headers);
            let told = |name| headers.get(name).map(|it| it.to_str().unwrap().to_owned());
            (
                told("ratelimit"),
                told("ratelimit-policy"),
                told("retry-after"),
            )
        };
        let some = |text: &str| Some(text.to_owned());
        let policy = some("\"default\";q=2;w=2");

        assert_eq!(take(), (some("\"default\";r=1;t=1"), policy.clone(), None));
        assert_eq!(take(), (some("\"default\";r=0;t=2"), policy.clone(), None));
        assert_eq!(take(), (some("\"default\";r=0;t=2"), policy, some("1")));
    }
}
