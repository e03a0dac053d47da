//! How long a batch is tried again, and when it is given up.

use std::time::Duration;

use lull::core::filter::Filter;
use lull::store::Look;
use lull::store::lanes::{LeaseRules, Verdict};
use serde_json::json;

use crate::support::queue::Queue;
use crate::support::system::System;
use crate::support::undeliverable::LIST;
use crate::support::{Answer, Daemon, LEASES, RETENTION, Receiver, TestRedis, eventually};

#[tokio::test]
async fn a_batch_is_tried_for_as_long_as_it_may_be_and_its_letter_says_so() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Full(500, "", "no such workflow")).await;
    let api = Daemon::api(&redis).await;
    let settings = [
        ("RETRY_FOR", "3"),
        ("RETRY_FIRST", "0.02"),
        ("RETRY_CAP", "0.02"),
    ];
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    api.say("ana", "oi", 0.1).await;

    let first = receiver.call().await.at;
    eventually("it is given up", async || {
        api.get(LIST).await.1["items"][0].is_object()
    })
    .await;
    let letter = &api.get(LIST).await.1["items"][0];
    assert_eq!(
        letter["reason"],
        "not delivered within 3s: HTTP 500: no such workflow"
    );
    let last = receiver.calls_so_far().last().unwrap().at;
    // The last attempt is made when the time ends, not before it.
    assert!(
        last - first >= Duration::from_millis(2900),
        "{:?}",
        last - first
    );
    monitor.logs("Its time for retries is over").await;
}

#[tokio::test]
async fn a_number_of_retries_that_is_set_counts_beside_the_time() {
    let mut system = System::open().await;
    let refusing = Receiver::answering(&[], Answer::Status(500)).await;
    let retry = json!({"for": 3600, "max": 2, "first": 0.01, "cap": 0.01});
    system
        .destination_of("bot", json!({"url": refusing.url(), "retry": retry}))
        .await;
    system.buffer("loja", &["bot"]).await;

    system
        .say("loja", "ana", "oi", Duration::from_millis(1))
        .await;

    eventually("it is given up", async || {
        system.api.get(LIST).await.1["items"][0]["attempts"] == 3
    })
    .await;
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_retry_policy_is_shown_as_it_was_written() {
    let system = System::open().await;
    let url = system.default.url();
    let retry = json!({"for": 60.0, "max": 0, "first": 1.0, "cap": 2.0, "max_retry_after": 5.0});

    let (status, shown) = system
        .put("/api/destinations/bot", json!({"url": url, "retry": retry}))
        .await;
    let (_, default) = system
        .put("/api/destinations/sms", json!({ "url": url }))
        .await;

    assert_eq!((status.as_u16(), &shown["retry"]), (200, &retry));
    assert_eq!(
        default["retry"],
        json!({"for": 86400.0, "max": 0, "first": 1.0, "cap": 300.0, "max_retry_after": 3600.0})
    );
}

#[tokio::test]
async fn what_a_receiver_may_ask_for_is_a_setting() {
    let redis = TestRedis::start().await;
    let asks = Answer::Full(503, "retry-after: 3600\r\n", "");
    let mut receiver = Receiver::answering(&[asks], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [
        ("MAX_RETRY_AFTER", "1.5"),
        ("RETRY_FIRST", "0.01"),
        ("RETRY_CAP", "0.01"),
    ];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    api.say("ana", "oi", 0.1).await;

    let first = receiver.call().await.at;
    let second = receiver.call().await.at;
    assert!(second - first >= Duration::from_millis(1400));
}

/// Lets the lease on ana's batch run out so many times, as a monitor does that is killed each time.
async fn cut_off(queue: &Queue, times: u32) {
    let short = LeaseRules {
        length: Duration::from_millis(1),
        ..LEASES
    };
    for _ in 0..times {
        eventually("it can be leased", async || {
            let lease = queue.store.lanes().lease(&queue.lane("ana"), short).await;
            lease.unwrap().is_some()
        })
        .await;
    }
}

async fn letters(queue: &Queue) -> Vec<String> {
    let look = Look::first(9);
    let letters = queue
        .store
        .dead_letters()
        .list(&Filter::Everybody, look)
        .await;
    let letters = letters.unwrap().0.into_iter();
    letters.map(|dead| dead.letter.reason).collect()
}

#[tokio::test]
async fn a_batch_whose_attempts_never_end_is_given_up_though_they_have_no_number() {
    let queue = Queue::to(json!({}), &[], Answer::Status(200)).await;
    queue.batch("ana", &["oi"]).await;
    cut_off(&queue, 12).await;

    let _monitor = queue.monitor().await;

    eventually("it is given up", async || !letters(&queue).await.is_empty()).await;
    let why = "the last 12 attempts were cut off before they ended";
    assert_eq!(letters(&queue).await, [why]);
}

#[tokio::test]
async fn an_attempt_that_ended_forgets_those_that_were_cut_off() {
    let mut queue = Queue::to(json!({}), &[], Answer::Status(200)).await;
    queue.batch("ana", &["oi"]).await;
    cut_off(&queue, 11).await;
    let mut lease = None;
    eventually("it can be leased", async || {
        lease = queue.lease("ana").await;
        lease.is_some()
    })
    .await;
    let lease = lease.unwrap();
    let now = Verdict::Retry {
        wait: Duration::ZERO,
        asked: false,
    };

    let settled = queue
        .store
        .lanes()
        .settle(&lease, &now, None, &RETENTION)
        .await;

    settled.unwrap();
    assert_eq!((lease.attempt, lease.cut_off), (12, 11));
    cut_off(&queue, 1).await;
    let _monitor = queue.monitor().await;
    assert_eq!(queue.receiver.call().await.messages(), ["oi"]);
}

#[tokio::test]
async fn the_age_of_a_batch_is_told_by_redis() {
    let queue = Queue::to(json!({}), &[], Answer::Status(200)).await;
    queue.batch("ana", &["oi"]).await;
    let first = queue.lease("ana").await.unwrap();
    let wait = Verdict::Retry {
        wait: Duration::from_millis(300),
        asked: false,
    };
    let settled = queue
        .store
        .lanes()
        .settle(&first, &wait, None, &RETENTION)
        .await;
    settled.unwrap();

    let mut again = None;
    eventually("its wait is over", async || {
        again = queue.lease("ana").await;
        again.is_some()
    })
    .await;

    assert_eq!(first.age, Duration::ZERO);
    assert!(again.unwrap().age >= Duration::from_millis(300));
}
