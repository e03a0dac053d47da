//! Retries that come forward when their destination is back, and what does not.

use std::time::Duration;

use lull::store::lanes::Verdict;

use super::{RETRY_LATER, batch, lease, lease_when_due, settle};
use crate::support::{LONG, TestRedis, lane};

#[tokio::test]
async fn retries_come_forward_when_the_destination_is_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;

    let promoted = store
        .lanes()
        .promote(&lane("ana").destination, Duration::from_millis(1))
        .await
        .unwrap();

    assert_eq!(promoted, 1);
    lease_when_due(&store, "ana").await;
}

#[tokio::test]
async fn attempts_on_their_way_and_waits_that_were_asked_for_are_not_promoted() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    batch(&store, "eva", "a").await;
    let _on_its_way = lease(&store, "ana").await.unwrap();
    let asked = Verdict::Retry {
        wait: LONG,
        asked: true,
    };
    settle(&store, &lease(&store, "eva").await.unwrap(), &asked).await;

    assert_eq!(
        store
            .lanes()
            .promote(&lane("ana").destination, Duration::from_millis(1))
            .await
            .unwrap(),
        0
    );

    assert!(lease(&store, "ana").await.is_none());
    assert!(lease(&store, "eva").await.is_none());
}
