//! Buckets, and what is told of them.

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
        let caller = Limits::caller(&pass, address);
        assert!(limits.take(&caller).is_ok(), "{address:?}");
        assert!(limits.take(&caller).is_err(), "{address:?}");
    }
    let known = Limits::caller(&known("n8n"), at("10.0.0.9"));
    assert!(limits.take(&known).is_err());
    let beside = Limits::caller(&nobody, at("2001:db8::2"));
    assert!(limits.take(&beside).is_err());
}

#[test]
fn callers_are_told_what_is_left_and_when_to_come_again() {
    let limits = limits(60, 60, 2);
    let take = || {
        let left = limits.take(&Caller::At(None));
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

fn wait(left: &Left) -> u64 {
    let wait = left.retry_after.as_ref().unwrap();
    wait.to_str().unwrap().parse().unwrap()
}

#[test]
fn the_messages_of_a_post_count_all_or_none() {
    let limits = limits(60, 3600, 10);
    let caller = Caller::At(None);

    limits.take(&caller).unwrap();
    let left = limits.take_messages(&caller, 6).unwrap();
    assert_eq!(left.limit, "\"default\";r=4;t=360");

    // Of the four that are left, the request takes one.
    limits.take(&caller).unwrap();
    let refused = limits.take_messages(&caller, 5).unwrap_err();
    assert!((110..=121).contains(&wait(&refused)), "{refused:?}");
    let left = limits.take_messages(&caller, 4).unwrap();
    assert_eq!(left.limit, "\"default\";r=0;t=600");
    assert!(limits.take(&caller).is_err());
}

#[test]
fn a_post_larger_than_the_bucket_needs_a_full_one_and_is_waited_for() {
    let limits = limits(60, 3600, 10);
    let (full, other) = (Caller::At(None), Caller::Named("n8n".into()));

    limits.take(&full).unwrap();
    let left = limits.take_messages(&full, 100).unwrap();
    assert_eq!(left.limit, "\"default\";r=0;t=6000");
    let refused = limits.take(&full).unwrap_err();
    assert!((5_990..=6_000).contains(&wait(&refused)), "{refused:?}");
    limits.forget();
    assert!(limits.take(&full).is_err());

    limits.take(&other).unwrap();
    limits.take(&other).unwrap();
    let refused = limits.take_messages(&other, 100).unwrap_err();
    assert!((110..=121).contains(&wait(&refused)), "{refused:?}");
    assert!(limits.take_messages(&other, 9).is_ok());
}
