//! Leases and how they are settled: one at a time, taken again when they run out, given back.

use std::time::Duration;

use lull::store::StoreError;
use lull::store::lanes::{LeaseRules, Settled, Verdict};

use super::{
    DONE, DONE_AND_MORE, RETRY_LATER, RETRY_NOW, batch, bury, due_in, lease, lease_when_due, settle,
};
use crate::support::window_store::WindowStore;
use crate::support::{LEASES, RULES, SHORT, TestRedis, chat, lane};

#[tokio::test]
async fn a_head_has_one_lease_at_a_time() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;

    let (first, second) = tokio::join!(lease(&store, "ana"), lease(&store, "ana"));

    assert_eq!(
        usize::from(first.is_some()) + usize::from(second.is_some()),
        1
    );
}

#[tokio::test]
async fn a_lease_that_ran_out_can_be_taken_again_and_counts() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let rules = LeaseRules {
        length: Duration::from_millis(20),
        ..LEASES
    };
    let first = store
        .lanes()
        .lease(&lane("ana"), rules)
        .await
        .unwrap()
        .unwrap();

    let second = lease_when_due(&store, "ana").await;

    assert_eq!(second.attempt, 2);
    assert_eq!(second.batch, first.batch);
}

#[tokio::test]
async fn a_stale_token_changes_nothing() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let rules = LeaseRules {
        length: Duration::from_millis(1),
        ..LEASES
    };
    let first = store
        .lanes()
        .lease(&lane("ana"), rules)
        .await
        .unwrap()
        .unwrap();
    let second = lease_when_due(&store, "ana").await;

    for verdict in [Verdict::Drop, RETRY_NOW, bury(&first), Verdict::Release] {
        assert_eq!(settle(&store, &first, &verdict).await, Settled::Stale);
    }

    assert!(lease(&store, "ana").await.is_none());
    assert_eq!(settle(&store, &second, &Verdict::Drop).await, DONE);
}

#[tokio::test]
async fn delivered_means_gone_without_a_trace() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let leased = lease(&store, "ana").await.unwrap();

    assert_eq!(settle(&store, &leased, &Verdict::Drop).await, DONE);

    assert!(redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn a_retry_waits_for_its_time_under_the_same_id() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();
    let wait = Verdict::Retry {
        wait: Duration::from_millis(150),
        asked: false,
    };

    settle(&store, &first, &wait).await;

    assert!(lease(&store, "ana").await.is_none());
    let second = lease_when_due(&store, "ana").await;
    assert_eq!((second.attempt, &second.batch), (2, &first.batch));
    assert_eq!(second.first_attempt, first.first_attempt);
}

#[tokio::test]
async fn a_new_batch_does_not_cut_the_wait_of_the_head_short() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;

    batch(&store, "ana", "b").await;

    assert!(due_in(&store, "ana").await.unwrap() > Duration::from_secs(20));
    assert!(lease(&store, "ana").await.is_none());
}

#[tokio::test]
async fn a_lease_given_back_was_no_attempt() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();

    assert_eq!(
        settle(&store, &first, &Verdict::Release).await,
        DONE_AND_MORE
    );

    assert_eq!(due_in(&store, "ana").await, Some(Duration::ZERO));
    assert_eq!(lease(&store, "ana").await.unwrap().attempt, 1);
}

#[tokio::test]
async fn a_retry_given_back_keeps_its_count() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_NOW).await;
    let second = lease(&store, "ana").await.unwrap();

    settle(&store, &second, &Verdict::Release).await;

    assert_eq!(lease(&store, "ana").await.unwrap().attempt, 2);
}

#[tokio::test]
async fn a_full_redis_still_drains() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", SHORT).await;
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("maxmemory")
        .arg(1)
        .exec_async(&mut buffer.redis.raw().await)
        .await
        .unwrap();

    let refused = buffer.store.windows().hold(&chat("ana"), None).await;
    buffer.close_when_due().await;
    let leased = lease(&buffer.store, "ana").await.unwrap();

    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(settle(&buffer.store, &leased, &Verdict::Drop).await, DONE);
}
