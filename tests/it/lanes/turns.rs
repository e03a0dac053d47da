//! Whose turn it is: lanes that were never attempted before those that have failed, however long these are due.

use std::time::Duration;

use lull::store::Store;
use lull::store::keys::{Due, Shard};

use super::{RETRY_NOW, batch, buried, due_in, lease, letters, settle};
use crate::support::{LEASES, TestRedis, chat, eventually, lane};

/// The chats whose lanes are taken, of the shard of a chat.
async fn taken(store: &Store, due: &Due, id: &str, most: usize) -> Vec<String> {
    let (chats, _) = store
        .due()
        .take(due, Shard::of(&chat(id)), most)
        .await
        .unwrap();
    chats
        .iter()
        .map(|chat| chat.id.as_str().to_owned())
        .collect()
}

/// Another chat in the same shard.
fn neighbour_of(id: &str) -> String {
    let shard = Shard::of(&chat(id));
    let mut others = (0..).map(|number| format!("vizinha {number}"));
    others
        .find(|other| Shard::of(&chat(other)) == shard)
        .unwrap()
}

/// Puts a batch that says `text` on the lane of a chat, and lets its first attempt fail.
async fn refused(store: &Store, id: &str, text: &str) {
    batch(store, id, text).await;
    settle(store, &lease(store, id).await.unwrap(), &RETRY_NOW).await;
}

fn lanes() -> Due {
    Due::Lanes(lane("ana").destination)
}

fn retries() -> Due {
    Due::Retries(lane("ana").destination)
}

#[tokio::test]
async fn a_lane_that_has_failed_is_not_among_those_that_were_never_attempted() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let eva = neighbour_of("ana");
    refused(&store, "ana", "a").await;
    batch(&store, &eva, "b").await;

    assert_eq!(taken(&store, &lanes(), "ana", 9).await, [eva]);
    assert_eq!(taken(&store, &retries(), "ana", 9).await, ["ana"]);
}

#[tokio::test]
async fn a_new_batch_behind_one_that_has_failed_does_not_bring_its_lane_forward() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    refused(&store, "ana", "a").await;

    batch(&store, "ana", "b").await;

    assert!(taken(&store, &lanes(), "ana", 9).await.is_empty());
    assert_eq!(taken(&store, &retries(), "ana", 9).await, ["ana"]);
}

#[tokio::test]
async fn once_the_failed_batch_is_over_the_next_is_as_good_as_any() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    refused(&store, "ana", "a").await;
    batch(&store, "ana", "b").await;
    let second = lease(&store, "ana").await.unwrap();

    settle(&store, &second, &lull::store::lanes::Verdict::Drop).await;

    assert_eq!(taken(&store, &lanes(), "ana", 9).await, ["ana"]);
}

#[tokio::test]
async fn what_was_revived_goes_with_the_retries_and_tells_nothing_about_the_destination() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    buried(&store, "ana", "a").await;
    store
        .dead_letters()
        .revive(letters(&store).await[0].id)
        .await
        .unwrap();

    assert!(taken(&store, &lanes(), "ana", 9).await.is_empty());
    assert_eq!(taken(&store, &retries(), "ana", 9).await, ["ana"]);
    assert!(!lease(&store, "ana").await.unwrap().is_fresh());
}

#[tokio::test]
async fn a_batch_is_fresh_until_it_was_attempted() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;

    let first = lease(&store, "ana").await.unwrap();
    settle(&store, &first, &RETRY_NOW).await;
    let second = lease(&store, "ana").await.unwrap();

    assert!(first.is_fresh());
    assert!(!second.is_fresh());
}

#[tokio::test]
async fn one_look_tells_of_both() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let eva = neighbour_of("ana");
    refused(&store, "ana", "a").await;
    batch(&store, &eva, "b").await;

    let destination = lane("ana").destination;
    let (fresh, tried) = store
        .due()
        .look_at_lanes(&destination, Shard::all())
        .await
        .unwrap();

    let shard = Shard::of(&chat("ana")).index();
    assert_eq!(fresh[shard], Some(Duration::ZERO));
    assert_eq!(tried[shard], Some(Duration::ZERO));
    assert_eq!(fresh.iter().chain(&tried).flatten().count(), 2);
}

#[tokio::test]
async fn what_a_dead_monitor_had_in_hand_comes_up_among_the_retries() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let mut rules = LEASES;
    rules.length = Duration::from_millis(20);
    store
        .lanes()
        .lease(&lane("ana"), rules)
        .await
        .unwrap()
        .unwrap();

    eventually("the lease runs out", async || {
        due_in(&store, "ana").await == Some(Duration::ZERO)
    })
    .await;

    assert_eq!(taken(&store, &retries(), "ana", 9).await, ["ana"]);
}
