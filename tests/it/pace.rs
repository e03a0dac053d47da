//! Destinations with a pace: at most so many attempts begin in each interval, over all monitors and killed ones.
//!
//! Nothing here goes by the speed of this machine: a call of the nth attempt can only have come when Redis has begun the
//! interval that lets it begin.

use std::time::Duration;

use lull::domain::chat::Name;
use lull::domain::destination::Pace;
use lull::domain::whose::Whose;
use lull::store::Look;
use serde_json::{Value, json};

use crate::support::queue::Queue;
use crate::support::shop::Shop;
use crate::support::{Answer, TestRedis, eventually};

async fn paced(buffer: Value, every: f64, batch: usize, script: &[Answer]) -> Queue {
    let out = json!({
        "pace": {"every": every, "batch": batch}, "timeout": 0.5, "retry": {"waits": [0.01, 0.01]},
    });
    Queue::with(buffer, out, script, Answer::Status(200)).await
}

/// The intervals as Redis has them.
struct Intervals {
    first: u64,
    every: u64,
}

impl Intervals {
    /// Those since now.
    async fn since(queue: &Queue, every: u64) -> Self {
        let (first, _) = queue.redis.interval("out").await;
        Self { first, every }
    }

    /// The number of the one that has begun last; each begins exactly when the one before it ends.
    async fn now(&self, queue: &Queue) -> u64 {
        let (began, _) = queue.redis.interval("out").await;
        assert_eq!((began - self.first) % self.every, 0, "they drift");
        (began - self.first) / self.every
    }
}

#[tokio::test]
async fn three_monitors_begin_exactly_so_many_attempts_in_each_of_ten_intervals() {
    let mut queue = paced(json!({}), 0.8, 3, &[]).await;
    for number in 0..30 {
        queue.batch(&number.to_string(), &["oi"]).await;
    }

    let (_a, _b, _c) = tokio::join!(queue.monitor(), queue.monitor(), queue.monitor());

    let mut users = vec![queue.receiver.call().await.user()];
    let intervals = Intervals::since(&queue, 800).await;
    let mut now = 0;
    for number in 1..30 {
        users.push(queue.receiver.call().await.user());
        now = intervals.now(&queue).await;
        assert!(now >= number / 3, "attempt {number} in interval {now}");
    }
    assert_eq!(now, 9, "fewer than three began in some interval");
    users.sort();
    users.dedup();
    assert_eq!(users.len(), 30);
}

#[tokio::test]
async fn an_ordered_buffer_keeps_order_and_pace_though_a_monitor_is_killed() {
    let mut queue = paced(json!({"order": "buffer"}), 0.3, 2, &[]).await;
    let mut expected = Vec::new();
    for number in 0..16 {
        let text = number.to_string();
        queue.batch(&format!("user {number}"), &[&text]).await;
        expected.push(text);
    }
    let mut first = queue.monitor().await;
    let _second = queue.monitor().await;

    let mut came = queue.receiver.call().await.messages();
    let (mut calls, mut last) = (1, queue.redis.interval("out").await.0);
    let mut intervals = 1;
    while came.len() < 16 {
        let call = queue.receiver.call().await;
        let (began, used) = queue.redis.interval("out").await;
        assert!(used <= 2);
        // While the killed one's lease runs out nothing can begin, and the intervals start afresh.
        intervals += u64::from(began != last) + (began - last).saturating_sub(1) / 300;
        last = began;
        calls += 1;
        assert!(
            calls <= 2 * intervals,
            "{calls} attempts in {intervals} intervals"
        );
        // What the killed one had in hand may come twice.
        if call.messages() != came[came.len() - 1..] {
            came.extend(call.messages());
        }
        if calls == 5 {
            first.kill();
        }
    }
    assert_eq!(came, expected);
}

#[tokio::test]
async fn a_retry_is_an_attempt_too() {
    let refusals = [Answer::Status(503), Answer::Status(503)];
    let mut queue = paced(json!({}), 0.4, 1, &refusals).await;
    queue.batch("ana", &["oi"]).await;
    let _monitor = queue.monitor().await;

    queue.receiver.call().await;
    let (first, _) = queue.redis.interval("out").await;
    for number in 1..3 {
        queue.receiver.call().await;
        let (began, used) = queue.redis.interval("out").await;
        assert!(began >= first + number * 400);
        assert_eq!(used, 1);
    }
}

#[tokio::test]
async fn what_led_to_no_attempt_takes_no_turn_from_others() {
    let template = r#"{"n": {% if text == "bad" %}{{ text / 1 }}{% else %}0{% endif %}}"#;
    let out = json!({"pace": {"every": 3600, "batch": 1}, "template": template});
    let mut queue = Queue::to(out, &[], Answer::Status(200)).await;
    let _monitor = queue.monitor().await;
    queue.batch("ana", &["bad"]).await;
    eventually("it is given up on without a call", async || {
        let letters = queue.store.dead_letters(&Whose::Everybody, Look::first(9));
        letters.await.unwrap().0.len() == 1
    })
    .await;

    queue.batch("eva", &["good"]).await;

    assert_eq!(queue.receiver.call().await.body, r#"{"n": 0}"#);
    assert_eq!(queue.redis.interval("out").await.1, 1);
}

#[tokio::test]
async fn lanes_that_wait_for_their_turn_cost_no_script() {
    let mut queue = paced(json!({}), 3600.0, 1, &[]).await;
    let (_a, _b) = tokio::join!(queue.monitor(), queue.monitor());
    let pace = redis::cmd("EXISTS").arg("lull:{config}:pace").to_owned();
    for user in ["ana", "eva", "rui"] {
        let asked: bool = pace
            .query_async(&mut queue.redis.raw().await)
            .await
            .unwrap();
        assert!(!asked || user != "ana", "nothing was there to ask about");
        queue.batch(user, &["oi"]).await;
    }
    queue.receiver.call().await;

    // The catalog is asked for news some times a second: that is the clock here.
    eventually("no script runs any more", async || {
        let (scripts, news) = (
            calls(&queue.redis, "evalsha").await,
            calls(&queue.redis, "hget").await,
        );
        eventually("time goes on", async || {
            calls(&queue.redis, "hget").await >= news + 10
        })
        .await;
        calls(&queue.redis, "evalsha").await == scripts
    })
    .await;
    assert!(queue.receiver.calls_so_far().is_empty());
}

/// How often Redis was asked to do something.
async fn calls(redis: &TestRedis, command: &str) -> u64 {
    let info: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

const SECOND: Pace = Pace {
    every: Duration::from_secs(1),
    batch: 2,
};

#[tokio::test]
async fn an_interval_lets_so_many_begin_and_again_what_is_given_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let hour = Pace {
        every: Duration::from_secs(3600),
        batch: 2,
    };
    let out = Name::parse("out").unwrap();

    let first = store.pace(&out, hour, 3).await.unwrap();
    let none = store.pace(&out, hour, 3).await.unwrap();
    store.give_back(&out, hour, first.interval).await.unwrap();
    let again = store.pace(&out, hour, 3).await.unwrap();
    store
        .give_back(&out, hour, first.interval - 1)
        .await
        .unwrap();
    let late = store.pace(&out, hour, 3).await.unwrap();

    assert_eq!((first.count, first.left), (2, 0));
    assert_eq!((none.count, none.interval), (0, first.interval));
    assert_eq!((again.count, again.left), (1, 0));
    assert_eq!(
        late.count, 0,
        "an attempt of another interval was given back"
    );
}

#[tokio::test]
async fn after_one_that_was_used_up_an_interval_begins_to_the_millisecond() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let out = Name::parse("out").unwrap();
    let first = store.pace(&out, SECOND, 2).await.unwrap();

    let mut next = first;
    eventually("the next has begun", async || {
        next = store.pace(&out, SECOND, 1).await.unwrap();
        next.count > 0
    })
    .await;

    assert_eq!(next.interval, first.interval + 1000);
    assert_eq!((next.count, next.left), (1, 1));
}

#[tokio::test]
async fn after_one_that_was_not_used_up_an_interval_begins_with_its_first_attempt() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let out = Name::parse("out").unwrap();
    let first = store.pace(&out, SECOND, 1).await.unwrap();
    let clock = redis::cmd("TIME");
    eventually("it is over", async || {
        let (seconds, micros): (u64, u64) =
            clock.query_async(&mut redis.raw().await).await.unwrap();
        seconds * 1000 + micros / 1000 > first.interval + 1000
    })
    .await;

    let next = store.pace(&out, SECOND, 2).await.unwrap();

    assert_eq!((next.count, next.next), (2, Duration::from_secs(1)));
}

#[tokio::test]
async fn a_pace_is_written_checked_and_shown() {
    let shop = Shop::open().await;
    let url = shop.default.url();

    let bad = json!({"url": url, "pace": {"every": 0, "batch": 1}});
    let (status, refused) = shop.put("/api/destinations/sms", bad).await;
    let pace = json!({"every": 120.0, "batch": 2});
    let (_, shown) = shop
        .put("/api/destinations/sms", json!({"url": url, "pace": pace}))
        .await;

    assert_eq!(status, 400);
    assert!(
        refused["error"]
            .as_str()
            .unwrap()
            .starts_with("pace.every: ")
    );
    assert_eq!(shown["pace"], pace);
}
