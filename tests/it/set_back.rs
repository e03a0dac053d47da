//! Redis's clock is set back: what waits moves with it, once, and is worked off when it should be.
//!
//! A clock that was set back looks to the scripts as data does that were written by a clock ahead of it. So these tests
//! shift all that is stored ahead, and leave the clock alone.

use std::time::{Duration, SystemTime};

use lull::domain::chat::Name;
use lull::store::Store;
use lull::store::keys::Shard;
use lull::store::set_back::{Clock, Waits};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde_json::json;

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Shifts every time that is stored ahead.
async fn shift(redis: &TestRedis, by: u64) {
    let raw = &mut redis.raw().await;
    for key in redis.keys("lull:*").await {
        if key.ends_with(":due")
            || key.contains(":due:")
            || key.ends_with(":later")
            || key.ends_with(":paused")
        {
            let members: Vec<(Vec<u8>, f64)> = raw.zrange_withscores(&key, 0, -1).await.unwrap();
            for (member, score) in members {
                // A lane that was never attempted, or that is due at any time, stays due.
                if score % 10_000_000_000_000.0 > 0.0 {
                    let _: f64 = raw.zincr(&key, member, by).await.unwrap();
                }
            }
        } else if key.contains(":window:") {
            shift_window(raw, &key, by).await;
        } else if key.contains(":head:") {
            for field in ["due", "first"] {
                if raw.hexists(&key, field).await.unwrap() {
                    let _: i64 = raw.hincr(&key, field, by).await.unwrap();
                }
            }
        } else if key.ends_with(":later:items") {
            let items: Vec<(String, String)> = raw.hgetall(&key).await.unwrap();
            for (member, item) in items {
                let mut words = item.splitn(3, ' ');
                let ahead = |word: &str| {
                    let at: u64 = word.trim_end_matches('@').parse().unwrap();
                    format!("{}{}", at + by, if word.ends_with('@') { "@" } else { "" })
                };
                let at = ahead(words.next().unwrap());
                // Behind the time of a run stands a version, and behind that of a message when it came.
                let item = if member.starts_with("m:") {
                    let came = ahead(words.next().unwrap());
                    format!("{at} {came} {}", words.next().unwrap())
                } else {
                    let rest: Vec<_> = words.collect();
                    format!("{at} {}", rest.join(" "))
                };
                let _: () = raw.hset(&key, member, item).await.unwrap();
            }
        } else if key == "lull:{config}:clock" {
            let _: i64 = raw.hincr(&key, "newest", by).await.unwrap();
        }
    }
}

async fn shift_window(raw: &mut MultiplexedConnection, key: &str, by: u64) {
    let mut head: Vec<u8> = raw.lindex(key, 0).await.unwrap();
    for at in [0, 1, 5] {
        let place = at * 8..at * 8 + 8;
        let time = f64::from_be_bytes(head[place.clone()].try_into().unwrap());
        if time < 9e15 {
            let by = f64::from(u32::try_from(by).unwrap());
            head[place].copy_from_slice(&(time + by).to_be_bytes());
        }
    }
    let _: () = raw.lset(key, 0, head).await.unwrap();
    let timer = key.replace(":window:", ":timer:");
    let _: () = raw.del(timer).await.unwrap();
}

fn waits() -> Waits {
    Waits {
        destinations: vec![Name::default_name()],
        lease: Duration::from_secs(40),
    }
}

/// Waits until somebody has noted the clock.
async fn noted(redis: &TestRedis) {
    eventually("the clock is noted", async || {
        redis
            .raw()
            .await
            .hexists("lull:{config}:clock", "newest")
            .await
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn what_waits_goes_on_when_the_clock_is_an_hour_or_a_day_back() {
    for by in [HOUR, DAY] {
        let redis = TestRedis::start().await;
        // The first attempt of all fails.
        let mut receiver = Receiver::answering(&[Answer::Status(503)], Answer::Status(200)).await;
        let api = Daemon::api(&redis).await;
        let mut monitor =
            Daemon::monitor_with(&redis, &receiver.url(), &[("RETRY_FIRST", "3")]).await;
        noted(&redis).await;
        api.say("retried", "hi", 0.1).await;
        receiver.call().await;
        eventually("it waits for its retry", async || {
            api.metric("lull_lanes_waiting").await == 1.0
        })
        .await;
        assert!(monitor.stop().await.success());
        api.say("in a window", "hi", 2.0).await;
        let later = json!({"user": "delayed", "message": "hi", "delay": 2});
        assert_eq!(api.post("/api/message", later).await.0, 200);

        shift(&redis, by).await;
        let monitor = Daemon::monitor(&redis, &receiver.url()).await;

        monitor.logs("Redis's clock was set back by").await;
        let mut users = Vec::new();
        while users.len() < 3 {
            users.push(receiver.call().await.user());
        }
        users.sort();
        assert_eq!(users, ["delayed", "in a window", "retried"]);
    }
}

#[tokio::test]
async fn each_thing_is_moved_once_by_however_many_and_after_one_that_died() {
    let redis = TestRedis::start().await;
    let (store, other) = (redis.store().await, redis.store().await);
    let api = Daemon::api(&redis).await;
    store.clock(None).await.unwrap();
    for number in 0..100 {
        api.say(&format!("user-{number}"), "hi", 600.0).await;
    }
    let before = deadlines(&store).await;
    shift(&redis, HOUR).await;
    let clock = store.clock(None).await.unwrap();
    assert!(
        clock.step >= HOUR - 60_000 && clock.step <= HOUR,
        "{clock:?}"
    );
    assert_eq!(other.clock(None).await.unwrap().step, 0);

    let waits = waits();
    let mut moved = 0;
    for shard in Shard::all() {
        let (one, two) = tokio::join!(
            store.set_back(shard, &waits, clock.back),
            other.set_back(shard, &waits, clock.back)
        );
        moved += one.unwrap() + two.unwrap();
        // Again, as one would that knows nothing of it.
        assert_eq!(store.set_back(shard, &waits, clock.back).await.unwrap(), 0);
    }

    assert_eq!(moved, 100);
    let off_by = HOUR - clock.step;
    for (now, then) in deadlines(&store).await.iter().zip(before) {
        assert_eq!(*now, then + off_by);
    }
}

async fn deadlines(store: &Store) -> Vec<u64> {
    let (windows, _) = store.open_windows(None, 200).await.unwrap();
    let mut windows: Vec<_> = windows
        .into_iter()
        .map(|window| (window.chat.id.as_str().to_owned(), window.deadline))
        .collect();
    windows.sort();
    windows.into_iter().map(|(_, deadline)| deadline).collect()
}

#[tokio::test]
async fn a_time_that_was_named_stays_and_a_delay_moves() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let api = Daemon::api(&redis).await;
    store.clock(None).await.unwrap();
    let named =
        chrono::DateTime::<chrono::Utc>::from(SystemTime::now() + Duration::from_secs(7_200));
    for (user, field, when) in [
        ("named", "send_at", json!(named.to_rfc3339())),
        ("delayed", "delay", json!(7_200)),
    ] {
        let message = json!({"user": user, "message": "hi", field: when});
        assert_eq!(api.post("/api/message", message).await.0, 200);
    }
    let at = async |user: &str| {
        let (_, page) = api.get("/api/messages/later").await;
        let items = page["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["user"] == user).unwrap();
        chrono::DateTime::parse_from_rfc3339(item["send_at"].as_str().unwrap())
            .unwrap()
            .timestamp()
    };
    let (named, delayed) = (at("named").await, at("delayed").await);

    shift(&redis, HOUR).await;
    let clock = store.clock(None).await.unwrap();
    for shard in Shard::all() {
        store.set_back(shard, &waits(), clock.back).await.unwrap();
    }

    // It was shifted by the test, as no clock would.
    assert_eq!(at("named").await, named + 3_600);
    assert!(at("delayed").await <= delayed + 60);
}

#[tokio::test]
async fn a_clock_that_stands_or_steps_back_by_less_than_a_second_is_not_set_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    store.clock(None).await.unwrap();
    shift(&redis, 900).await;

    let clock = store.clock(None).await.unwrap();

    assert_eq!((clock.step, clock.back), (0, 0));
}

#[tokio::test]
async fn a_lease_in_hand_does_not_end_early_and_a_retry_does_not_wait_for_the_jump() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    store.clock(None).await.unwrap();
    let now = i64::try_from(store.now().await.unwrap()).unwrap();
    let raw = &mut redis.raw().await;
    let member = "default:anna";
    let due = format!("lull:{{{:02}}}:due:default", 5);
    let head = format!("lull:{{{:02}}}:head:default:{member}", 5);
    let retries = 10_000_000_000_000.0;
    // Of each: its token, and when it is due after the jump of an hour, in ms from now.
    for (token, at, expected) in [
        // Leased after the jump.
        (Some("token"), 20_000, 20_000..=20_000),
        // Leased before it: it ends within the longest lease, by a clock that goes on.
        (Some("token"), 3_620_000, 40_000..=340_000),
        // Waits since before it.
        (None, 3_620_000, 20_000..=20_000),
    ] {
        let _: () = raw.del((&head, "lull:{05}:moved")).await.unwrap();
        let fields = [("attempts", 1), ("due", now + at), ("first", now - 5_000)];
        let _: () = raw.hset_multiple(&head, &fields).await.unwrap();
        if let Some(token) = token {
            let _: () = raw.hset(&head, "token", token).await.unwrap();
        }
        let _: () = raw
            .zadd(&due, member, retries + (now + at) as f64)
            .await
            .unwrap();

        let shard = Shard::all().nth(5).unwrap();
        assert_eq!(store.set_back(shard, &waits(), HOUR).await.unwrap(), 1);

        let told: i64 = raw.hget(&head, "due").await.unwrap();
        assert!(expected.contains(&(told - now)), "{told} {at}");
        let score: f64 = raw.zscore(&due, member).await.unwrap();
        assert_eq!(score, retries + told as f64);
    }
}

#[tokio::test]
async fn what_one_began_that_died_is_ended_by_one_that_knows_no_destination() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let raw = &mut redis.raw().await;
    let now = store.now().await.unwrap();
    let due = "lull:{05}:due:gone";
    let _: () = raw.zadd(due, "default:anna", now + HOUR).await.unwrap();
    let _: () = raw
        .zadd("lull:{05}:moving:lanes:gone", "default:anna", 1)
        .await
        .unwrap();
    let begun = [("to", HOUR.to_string()), ("names", "lanes:gone".to_owned())];
    let _: () = raw.hset_multiple("lull:{05}:moved", &begun).await.unwrap();
    let shard = Shard::all().nth(5).unwrap();

    assert_eq!(store.set_back(shard, &waits(), HOUR).await.unwrap(), 1);

    let score: u64 = raw.zscore(due, "default:anna").await.unwrap();
    assert_eq!(score, now);
    let left: Vec<String> = raw.hkeys("lull:{05}:moved").await.unwrap();
    assert_eq!(left, ["back"]);
}

#[tokio::test]
async fn a_jump_is_found_once_by_those_that_saw_the_time_before_it() {
    let redis = TestRedis::start().await;
    let (one, other) = (redis.store().await, redis.store().await);
    let now = one.clock(None).await.unwrap().now;
    // What both saw after the time was noted.
    let seen = Clock {
        now: now + 5_000,
        step: 0,
        back: 0,
    };

    assert_eq!(one.was_set_back().await.unwrap(), None);
    let found = one.clock(Some(seen)).await.unwrap();
    let again = other.clock(Some(seen)).await.unwrap();

    assert!((1_000..=5_000).contains(&found.step), "{found:?}");
    assert_eq!((again.step, again.back), (0, found.step));
    let told = one.was_set_back().await.unwrap().unwrap();
    assert_eq!((told.by, told.since), (found.step, Some(found.now)));
    shift(&redis, HOUR).await;
    assert_eq!(one.was_set_back().await.unwrap().unwrap().since, None);
}

#[tokio::test]
async fn a_schedule_neither_stands_still_for_the_jump_nor_runs_a_time_twice() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    noted(&redis).await;
    let schedule = json!({
        "name": "tick", "cron": "* * * * * *", "url": receiver.url(), "body": "{\"due\": \"{{ due }}\"}",
    });
    let (status, answer) = api.post("/api/schedules", schedule).await;
    assert_eq!(status, 201, "{answer}");
    let mut times = vec![receiver.call().await.body, receiver.call().await.body];
    assert!(monitor.stop().await.success());
    times.extend(receiver.calls_so_far().into_iter().map(|call| call.body));

    shift(&redis, HOUR).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    monitor.logs("Redis's clock was set back by").await;
    for _ in 0..3 {
        times.push(receiver.call().await.body);
    }
    let mut sorted = times.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(times, sorted);
}

#[tokio::test]
async fn a_chat_is_heard_from_when_it_was_by_the_clock_as_it_is() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let raw = &mut redis.raw().await;
    let now = store.now().await.unwrap();
    let heard = "lull:{05}:heard";
    let _: () = raw
        .zadd(heard, "default:before", now + HOUR - 9_000)
        .await
        .unwrap();
    let _: () = raw.zadd(heard, "default:after", now).await.unwrap();

    let shard = Shard::all().nth(5).unwrap();
    assert_eq!(store.set_back(shard, &waits(), HOUR).await.unwrap(), 1);

    let before: u64 = raw.zscore(heard, "default:before").await.unwrap();
    let after: u64 = raw.zscore(heard, "default:after").await.unwrap();
    assert_eq!((before, after), (now - 9_000, now));
}
