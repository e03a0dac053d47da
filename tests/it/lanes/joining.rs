//! Batches that wait on a lane become one delivery, until they are attempted.

use lull::store::lanes::{LeaseRules, Verdict};

use super::{DONE, DONE_AND_MORE, RETRY_NOW, batch, lease, settle};
use crate::support::{LEASES, TestRedis, lane, texts};

#[tokio::test]
async fn batches_that_were_never_attempted_become_one_delivery_in_order() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for text in ["a", "b", "c"] {
        batch(&store, "ana", text).await;
    }

    let leased = lease(&store, "ana").await.unwrap();

    assert_eq!(texts(&leased.batch.items), ["a", "b", "c"]);
    assert_eq!(leased.batch.count, 3);
    assert_eq!(settle(&store, &leased, &Verdict::Drop).await, DONE);
}

#[tokio::test]
async fn a_batch_that_was_attempted_stays_what_it_was() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();
    settle(&store, &first, &RETRY_NOW).await;
    batch(&store, "ana", "b").await;
    batch(&store, "ana", "c").await;

    let again = lease(&store, "ana").await.unwrap();
    let after = settle(&store, &again, &Verdict::Drop).await;
    let rest = lease(&store, "ana").await.unwrap();

    assert_eq!(again.batch, first.batch);
    assert_eq!(after, DONE_AND_MORE);
    assert_eq!(texts(&rest.batch.items), ["b", "c"]);
    assert_ne!(rest.batch.id, first.batch.id);
}

#[tokio::test]
async fn batches_are_joined_up_to_the_limits_of_a_window() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for text in ["a", "b", "c"] {
        batch(&store, "ana", text).await;
    }

    let by_count = LeaseRules {
        max_messages: 2,
        ..LEASES
    };
    let leased = store
        .lanes()
        .lease(&lane("ana"), by_count)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(texts(&leased.batch.items), ["a", "b"]);
    settle(&store, &leased, &Verdict::Release).await;

    let by_bytes = LeaseRules {
        max_bytes: 10,
        ..LEASES
    };
    let leased = store
        .lanes()
        .lease(&lane("ana"), by_bytes)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(texts(&leased.batch.items), ["a", "b"]);
}
