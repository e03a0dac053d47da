//! Destinations with a pace: at most so many attempts begin in any interval, over all monitors and killed ones.
//!
//! Nothing here goes by the speed of this machine: when an attempt was let begin is what Redis says.

use std::time::Duration;

use lull::core::chat::Name;
use lull::core::destination::Pace;
use lull::core::filter::Filter;
use lull::store::Look;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::doorway::Doorway;
use crate::support::pace::Begun;
use crate::support::queue::Queue;
use crate::support::system::System;
use crate::support::{Answer, TestRedis, eventually};

async fn paced(buffer: Value, every: f64, batch: usize, script: &[Answer]) -> Queue {
    let out = json!({
        "pace": {"every": every, "batch": batch}, "timeout": 0.5, "retry": {"waits": [0.01, 0.01]},
    });
    Queue::with(buffer, out, script, Answer::Status(200)).await
}

#[tokio::test]
async fn three_monitors_begin_no_more_attempts_than_allowed_in_any_interval() {
    let mut queue = paced(json!({}), 0.8, 3, &[]).await;
    for number in 0..30 {
        queue.batch(&number.to_string(), &["oi"]).await;
    }

    let (_a, _b, _c) = tokio::join!(queue.monitor(), queue.monitor(), queue.monitor());

    let (mut users, mut begun, mut arrivals) = (Vec::new(), Begun::default(), Vec::new());
    for number in 0..30 {
        let call = queue.receiver.call().await;
        begun.look(&queue.redis, "out").await;
        assert!(begun.most_within(800) <= 3, "{begun:?}");
        // A call can only have come after it was let begin, and three at a time make room for three.
        let (now, first) = (queue.redis.now().await, begun.first());
        assert!(now - first >= number / 3 * 800, "attempt {number}");
        users.push(call.user());
        arrivals.push(call.at);
    }
    users.sort();
    users.dedup();
    assert_eq!(users.len(), 30);
    // By the receiver's clock, which sees how long each was on its way, too: never one batch upon another.
    let closest = arrivals.windows(4).map(|four| four[3] - four[0]).min();
    assert!(
        closest.unwrap() >= Duration::from_millis(400),
        "{closest:?}"
    );
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
    let (mut calls, mut begun) = (1, Begun::default());
    while came.len() < 16 {
        begun.look(&queue.redis, "out").await;
        assert!(begun.most_within(300) <= 2, "{begun:?}");
        let call = queue.receiver.call().await;
        calls += 1;
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
async fn a_monitor_that_was_frozen_uses_no_turn_of_before() {
    const BATCH: usize = 40;
    let mut queue = paced(json!({}), 2.0, BATCH, &[]).await;
    let doorway = Doorway::to(&queue.redis).await;
    let frozen = queue.monitor_behind(&doorway).await;
    frozen.signal(Signal::SIGSTOP);
    for number in 0..4 * BATCH {
        queue.batch(&number.to_string(), &["oi"]).await;
    }
    let granted_since = async |since: u64| {
        let begun = async || queue.redis.begun("out").await;
        eventually("turns are granted", async || {
            begun().await.iter().any(|&at| at >= since)
        })
        .await;
    };

    // It is frozen before it is told of its turns, so it has used none of them.
    let began = queue.redis.now().await;
    doorway.hold_back_once_begun(&queue.redis, "out").await;
    frozen.signal(Signal::SIGCONT);
    granted_since(began).await;
    frozen.signal(Signal::SIGSTOP);
    doorway.let_pass();
    // It goes on as soon as another has turns.
    let before = queue.redis.now().await;
    let _other = queue.monitor().await;
    granted_since(before).await;
    frozen.signal(Signal::SIGCONT);

    let mut arrivals = Vec::new();
    for _ in 0..4 * BATCH {
        arrivals.push(queue.receiver.call().await.at);
    }
    // Half an interval: by the receiver's clock each was on its way, too. Without a second look what was granted before goes
    // out beside what is let begin then: a whole turn more.
    let within_a_second = |from: usize| {
        let first = arrivals[from];
        let close = arrivals[from..].iter();
        close
            .take_while(|&&at| at - first < Duration::from_secs(1))
            .count()
    };
    let most = (0..arrivals.len()).map(within_a_second).max().unwrap();
    assert!(most <= BATCH + BATCH / 2, "{most}");
}

#[tokio::test]
async fn a_retry_is_an_attempt_too() {
    let refusals = [Answer::Status(503), Answer::Status(503)];
    let mut queue = paced(json!({}), 0.4, 1, &refusals).await;
    queue.batch("ana", &["oi"]).await;
    let _monitor = queue.monitor().await;

    let mut begun = Begun::default();
    for number in 0..3 {
        queue.receiver.call().await;
        begun.look(&queue.redis, "out").await;
        let since = queue.redis.now().await - begun.first();
        assert!(since >= number * 400, "attempt {number} after {since} ms");
    }
    assert_eq!(begun.most_within(400), 1);
}

#[tokio::test]
async fn what_led_to_no_attempt_takes_no_turn_from_others() {
    let template = r#"{"n": {% if text == "bad" %}{{ text / 1 }}{% else %}0{% endif %}}"#;
    let out = json!({"pace": {"every": 3600, "batch": 1}, "template": template});
    let mut queue = Queue::to(out, &[], Answer::Status(200)).await;
    let _monitor = queue.monitor().await;
    queue.batch("ana", &["bad"]).await;
    eventually("it is given up on without a call", async || {
        let letters = queue
            .store
            .dead_letters()
            .list(&Filter::Everybody, Look::first(9));
        letters.await.unwrap().0.len() == 1
    })
    .await;

    queue.batch("eva", &["good"]).await;

    assert_eq!(queue.receiver.call().await.body, r#"{"n": 0}"#);
    assert_eq!(queue.redis.begun("out").await.len(), 1);
}

#[tokio::test]
async fn lanes_that_wait_for_their_turn_cost_no_script() {
    let mut queue = paced(json!({}), 3600.0, 1, &[]).await;
    let (_a, _b) = tokio::join!(queue.monitor(), queue.monitor());
    let pace = redis::cmd("EXISTS")
        .arg("lull:{config}:pace:out")
        .to_owned();
    for user in ["ana", "eva", "rui"] {
        let asked: bool = pace
            .query_async(&mut queue.redis.raw().await)
            .await
            .unwrap();
        assert!(!asked || user != "ana", "nothing was there to ask about");
        queue.batch(user, &["oi"]).await;
    }
    queue.receiver.call().await;

    // The snapshot is asked for news some times a second: that is the clock here.
    eventually("no script runs any more", async || {
        let (scripts, news) = (
            queue.redis.calls_of("evalsha").await,
            queue.redis.calls_of("hget").await,
        );
        eventually("time goes on", async || {
            queue.redis.calls_of("hget").await >= news + 5
        })
        .await;
        queue.redis.calls_of("evalsha").await == scripts
    })
    .await;
    assert!(queue.receiver.calls_so_far().is_empty());
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

    let first = store.lanes().begin_attempts(&out, hour, 3).await.unwrap();
    let none = store.lanes().begin_attempts(&out, hour, 3).await.unwrap();
    store
        .lanes()
        .give_turns_back(&out, hour, first.at)
        .await
        .unwrap();
    let again = store.lanes().begin_attempts(&out, hour, 3).await.unwrap();
    store
        .lanes()
        .give_turns_back(&out, hour, first.at - 1)
        .await
        .unwrap();
    let late = store.lanes().begin_attempts(&out, hour, 3).await.unwrap();

    assert_eq!((first.count, first.left), (2, 0));
    assert_eq!((none.count, none.left), (0, 0));
    assert_eq!((again.count, again.left), (1, 0));
    assert_eq!(late.count, 0, "what never began was given back");
}

/// Waits until so much time has passed.
async fn pass(redis: &TestRedis, since: u64, ms: u64) {
    eventually("time passes", async || redis.now().await >= since + ms).await;
}

#[tokio::test]
async fn around_the_end_of_an_interval_no_more_begin_than_at_any_other_time() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let out = Name::parse("out").unwrap();
    let first = store.lanes().begin_attempts(&out, SECOND, 1).await.unwrap();
    pass(&redis, first.at, 800).await;
    let second = store.lanes().begin_attempts(&out, SECOND, 2).await.unwrap();

    // An interval that began with the first attempt is over, but within the last second one has begun.
    let mut third = second;
    eventually("there is room again", async || {
        third = store.lanes().begin_attempts(&out, SECOND, 2).await.unwrap();
        third.count > 0
    })
    .await;

    assert_eq!((first.count, second.count), (1, 1));
    assert!(third.at >= first.at + 1000);
    let slow = third.at >= second.at + 1000;
    assert_eq!(third.count, if slow { 2 } else { 1 });
}

#[tokio::test]
async fn whoever_asks_when_and_for_how_many_the_pace_holds_and_nothing_of_it_is_lost() {
    let redis = TestRedis::start().await;
    let (one, other) = (redis.store().await, redis.store().await);
    let out = Name::parse("out").unwrap();
    let pace = Pace {
        every: Duration::from_millis(150),
        batch: 5,
    };
    let mut begun = Begun::default();
    while begun.count() < 60 {
        let (store, want) = (
            fastrand::choice([&one, &other]).unwrap(),
            fastrand::usize(1..8),
        );
        let room = store.lanes().begin_attempts(&out, pace, 0).await.unwrap();
        let grant = store
            .lanes()
            .begin_attempts(&out, pace, want)
            .await
            .unwrap();
        if grant.count > 0 {
            begun.saw_more(grant.at, grant.count);
        }
        assert!(begun.most_within(150) <= 5, "{begun:?}");
        assert!(grant.count >= want.min(room.left), "{room:?} {grant:?}");
        let nothing_more = grant.at + u64::try_from(grant.next.as_millis()).unwrap();
        if grant.left == 0 && fastrand::bool() {
            // What it says is when there is room.
            pass(&redis, nothing_more, 0).await;
            assert!(
                store
                    .lanes()
                    .begin_attempts(&out, pace, 0)
                    .await
                    .unwrap()
                    .left
                    > 0
            );
        }
    }
}

#[tokio::test]
async fn a_clock_that_was_put_back_stops_nothing_for_longer_than_an_interval() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let out = Name::parse("out").unwrap();
    let tomorrow = redis.now().await + 86_400_000;
    let mut ahead = redis::cmd("RPUSH");
    ahead
        .arg("lull:{config}:pace:out")
        .arg(tomorrow)
        .arg(tomorrow);
    let () = ahead.query_async(&mut redis.raw().await).await.unwrap();

    let none = store.lanes().begin_attempts(&out, SECOND, 1).await.unwrap();

    assert_eq!((none.count, none.next), (0, SECOND.span()));
    eventually("there is room again", async || {
        store
            .lanes()
            .begin_attempts(&out, SECOND, 1)
            .await
            .unwrap()
            .count
            == 1
    })
    .await;
}

#[tokio::test]
async fn only_what_began_within_an_interval_is_kept() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let out = Name::parse("out").unwrap();
    let many = Pace {
        every: Duration::from_millis(100),
        batch: 1000,
    };
    let first = store
        .lanes()
        .begin_attempts(&out, many, 1000)
        .await
        .unwrap();
    pass(&redis, first.at, 200).await;

    let second = store.lanes().begin_attempts(&out, many, 300).await.unwrap();

    assert_eq!((first.count, second.count), (1000, 300));
    assert_eq!(redis.begun("out").await.len(), 300);
}

#[tokio::test]
async fn a_pace_is_written_checked_and_shown() {
    let system = System::open().await;
    let url = system.default.url();

    let bad = json!({"url": url, "pace": {"every": 0, "batch": 1}});
    let (status, refused) = system.put("/api/destinations/sms", bad).await;
    let pace = json!({"every": 120.0, "batch": 2});
    let (_, shown) = system
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
