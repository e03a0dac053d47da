//! What is kept of samples: each count once, in bounded memory, whatever Redis does.

use std::time::Duration;

use lull::core::post::PostResult;
use lull::core::samples::counted::{ATTEMPTS, Counted, Measured, POSTS, State};
use lull::core::samples::shares::BUCKETS;
use lull::core::samples::{Asked, Step};
use lull::health::Sampler;
use lull::store::Store;
use lull::telemetry::tally::Tally;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use super::samples;
use crate::support::{Daemon, TestRedis, eventually, say};

/// What all steps may hold, in bytes: 1 MiB.
const MOST_BYTES: u64 = 1 << 20;

/// All that was counted lately.
async fn all(store: &Store, step: Step) -> Counted {
    let now = store.clock().now().await.unwrap();
    let numbers = Asked::of(now, Some(0), None, Some(step)).numbers;
    let steps = store.samples().of(step, numbers).await.unwrap();
    let mut sum = Counted::default();
    for counted in steps.iter().flatten() {
        sum.add_all(counted);
    }
    sum
}

#[tokio::test]
async fn what_was_told_twice_is_added_once() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let mut counted = Counted::default();
    counted.add('p', 3);
    counted.add(Measured::Lateness.key(2), 3);
    counted.by_api();

    for (daemon, number) in [("a", 1), ("b", 1), ("a", 1), ("a", 2), ("a", 1)] {
        let told = store.samples().add(daemon, number, &counted).await.unwrap();
        assert!(!told.looked);
    }
    let mut state = Counted::default();
    for open in [7, 5] {
        state.set_state(State {
            open,
            ..State::default()
        });
        let told = store.samples().add("b", 10 - open, &state).await.unwrap();
        assert!(told.looked);
    }

    for step in Step::ALL {
        let sum = all(&store, step).await;
        assert_eq!(sum.posts()[0], 9, "{step:?}");
        assert_eq!(sum.measured(Measured::Lateness)[2], 9);
        assert_eq!(
            sum.state().unwrap().open,
            5,
            "how much there is is not added"
        );
        assert!(sum.is_by_api() && !sum.is_by_monitor());
    }
}

#[tokio::test]
async fn what_redis_did_not_take_or_not_answer_is_told_with_the_next() {
    let mut redis = TestRedis::start().await;
    let store = redis.store().await;
    let tally = Tally::default();
    let sampler = Sampler::new(&store, || tally.take());
    let late = |times: usize| (0..times).for_each(|_| tally.late(0.003));
    say(&store, "ana", "oi", Duration::from_secs(600)).await;
    late(1);
    sampler.tell().await.unwrap();
    let state = all(&store, Step::Minute).await.state().unwrap();
    assert_eq!((state.open, state.waiting, state.dead), (1, 0, 0));

    // It is full, and holds its answers back: nobody knows what was added.
    redis.limit_memory(1).await;
    late(2);
    sampler.tell().await.unwrap();
    let pause = &mut redis.raw().await;
    redis::cmd("CLIENT")
        .arg(&["PAUSE", "1500", "ALL"])
        .query_async::<()>(pause)
        .await
        .unwrap();
    late(4);
    sampler.tell().await.unwrap_err();
    late(8);
    eventually("it answers again", async || sampler.tell().await.is_ok()).await;
    assert_eq!(
        all(&store, Step::Quarter)
            .await
            .measured(Measured::Lateness)[2],
        15
    );

    redis.kill();
    late(16);
    sampler.tell().await.unwrap_err();
    late(32);
    sampler.stop().await;
    redis.start_again().await;
    eventually("it is there again", async || sampler.tell().await.is_ok()).await;
    let sum = all(&store, Step::Minute).await;
    let kept = sum.measured(Measured::Lateness)[2];
    // What was not on disk when it was killed is gone with it.
    assert!([48, 63].contains(&kept), "{kept}");
    tally.post(PostResult::Taken);
    sampler.stop().await;
    assert_eq!(all(&store, Step::Minute).await.posts()[0], 1);
}

/// What a step may hold at 20 posts a second, day and night: all that can be counted, or what is usual.
fn busy(step: Step, whole: bool) -> Counted {
    let mut counted = Counted::default();
    let most = 20 * step.seconds();
    let mut some = |key: String| counted.add(key, fastrand::u64(1..most));
    for (_, key) in &POSTS[..if whole { POSTS.len() } else { 4 }] {
        some(key.to_string());
    }
    for (_, key) in ATTEMPTS {
        some(key.to_string());
    }
    for what in [Measured::Lateness, Measured::Delivery] {
        let buckets = if whole { 0..BUCKETS } else { 2..9 };
        buckets.for_each(|bucket| some(what.key(bucket).to_string()));
    }
    let reasons = ["key", "proof", "rate", "message", "too_large", "user"];
    for reason in &reasons[..if whole { reasons.len() } else { 1 }] {
        some(Counted::refused_key(reason));
    }
    counted.by_api();
    counted.by_monitor();
    counted.set_state(State {
        open: 12_345,
        waiting: 123,
        later: 45,
        dead: 6,
    });
    counted
}

async fn fill(raw: &mut MultiplexedConnection, now: u64, whole: bool) -> u64 {
    let mut bytes = 0;
    for step in Step::ALL {
        let key = format!("lull:{{config}}:samples:{}", step.seconds());
        let last = step.number(now);
        let places: Vec<_> = (0..step.kept())
            .map(|ago| {
                let counted = busy(step, whole);
                let pairs = counted.pairs().map(|(key, count)| format!("{key}{count}"));
                let number = last - ago;
                (
                    number % step.kept(),
                    format!("{number}{}", pairs.collect::<String>()),
                )
            })
            .collect();
        let _: () = raw.hset_multiple(&key, &places).await.unwrap();
        let usage = redis::cmd("MEMORY")
            .arg(&["USAGE", &key, "SAMPLES", "0"])
            .clone();
        bytes += usage.query_async::<u64>(raw).await.unwrap();
    }
    bytes
}

#[tokio::test]
async fn a_busy_month_takes_a_megabyte_and_what_is_over_gives_its_place() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let raw = &mut redis.raw().await;
    let now = redis.now().await;

    // A month ago: other steps have their places now.
    let usual = fill(raw, now - 40 * 24 * 3_600_000, false).await;
    assert!(usual < MOST_BYTES, "{usual} bytes");
    for step in Step::ALL {
        assert_eq!(all(&store, step).await, Counted::default());
    }
    let whole = fill(raw, now, true).await;
    assert!(whole < MOST_BYTES * 2, "{whole} bytes");
    eprintln!("samples: {usual} bytes usual, {whole} with every count");

    let mut counted = Counted::default();
    counted.add('p', 1);
    for daemon in 0..3 {
        let samples = store.samples();
        samples.add(&daemon.to_string(), 1, &counted).await.unwrap();
    }
    for step in Step::ALL {
        let key = format!("lull:{{config}}:samples:{}", step.seconds());
        let places: u64 = raw.hlen(&key).await.unwrap();
        assert_eq!(places, step.kept());
    }
    let api = Daemon::api(&redis).await;
    let began = std::time::Instant::now();
    let answer = samples(&api, "from=2020-01-01T00:00:00Z").await;
    eprintln!(
        "samples: {} bytes in {:?}",
        answer.to_string().len(),
        began.elapsed()
    );
}
