//! Redis's clock is set back: what waits moves with it, once, and is worked off when it should be.
//!
//! A clock that was set back looks to the scripts as data does that were written by a clock ahead of it. So these tests
//! shift all that is stored ahead, and leave the clock alone.

use lull::store::chats::pausing::Pauser;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use lull::core::batch::BatchId;
use lull::core::chat::Name;
use lull::core::life::Life;
use lull::core::when::When;
use lull::core::window::WindowRules;
use lull::store::Store;
use lull::store::clock::set_back::{Clock, Waits};
use lull::store::keys::Shard;
use lull::store::lanes::{Lease, Settled, Verdict};
use lull::store::scheduled::{FollowUpPlan, Keeping};
use lull::store::windows::NewMessage;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use serde_json::json;

use crate::support::{
    Answer, Daemon, LEASES, LONG, RETENTION, RULES, Receiver, TestRedis, chat, destinations,
    eventually, item, lane, say,
};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Shifts every time that is stored ahead.
async fn shift(redis: &TestRedis, by: u64) {
    let raw = &mut redis.raw().await;
    for key in redis.keys("lull:*").await {
        if key.ends_with(":due")
            || key.contains(":due:")
            || key.ends_with(":later")
            || key.ends_with(":lanes")
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
    let mut api = Daemon::api(&redis).await;
    store.clock().look(None).await.unwrap();
    for number in 0..100 {
        api.say(&format!("user-{number}"), "hi", 600.0).await;
    }
    // It would find the jump itself.
    assert!(api.stop().await.success());
    let before = deadlines(&store).await;
    shift(&redis, HOUR).await;
    let clock = store.clock().look(None).await.unwrap();
    assert!(
        clock.step >= HOUR - 60_000 && clock.step <= HOUR,
        "{clock:?}"
    );
    assert_eq!(other.clock().look(None).await.unwrap().step, 0);

    let waits = waits();
    let mut moved = 0;
    for shard in Shard::all() {
        let (one, two) = tokio::join!(
            store.clock().set_back(shard, &waits, clock.back),
            other.clock().set_back(shard, &waits, clock.back)
        );
        moved += one.unwrap() + two.unwrap();
        // Again, as one would that knows nothing of it.
        assert_eq!(
            store
                .clock()
                .set_back(shard, &waits, clock.back)
                .await
                .unwrap(),
            0
        );
    }

    assert_eq!(moved, 100);
    let off_by = HOUR - clock.step;
    for (now, then) in deadlines(&store).await.iter().zip(before) {
        assert_eq!(*now, then + off_by);
    }
}

async fn deadlines(store: &Store) -> Vec<u64> {
    let (windows, _) = store.windows().list(None, 200).await.unwrap();
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
    store.clock().look(None).await.unwrap();
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
    let clock = store.clock().look(None).await.unwrap();
    for shard in Shard::all() {
        store
            .clock()
            .set_back(shard, &waits(), clock.back)
            .await
            .unwrap();
    }

    // It was shifted by the test, as no clock would.
    assert_eq!(at("named").await, named + 3_600);
    assert!(at("delayed").await <= delayed + 60);
}

#[tokio::test]
async fn a_clock_that_stands_or_steps_back_by_less_than_a_second_is_not_set_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    store.clock().look(None).await.unwrap();
    shift(&redis, 900).await;

    let clock = store.clock().look(None).await.unwrap();

    assert_eq!((clock.step, clock.back), (0, 0));
}

#[tokio::test]
async fn a_lease_in_hand_does_not_end_early_and_a_retry_does_not_wait_for_the_jump() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    store.clock().look(None).await.unwrap();
    let now = i64::try_from(store.clock().now().await.unwrap()).unwrap();
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
        assert_eq!(
            store.clock().set_back(shard, &waits(), HOUR).await.unwrap(),
            1
        );

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
    let now = store.clock().now().await.unwrap();
    let due = "lull:{05}:due:gone";
    let _: () = raw.zadd(due, "default:anna", now + HOUR).await.unwrap();
    let begun = [("to", HOUR.to_string()), ("names", "lanes:gone".to_owned())];
    let _: () = raw.hset_multiple("lull:{05}:moved", &begun).await.unwrap();
    let shard = Shard::all().nth(5).unwrap();

    assert_eq!(
        store.clock().set_back(shard, &waits(), HOUR).await.unwrap(),
        1
    );

    let score: u64 = raw.zscore(due, "default:anna").await.unwrap();
    assert_eq!(score, now);
    let left: Vec<String> = raw.hkeys("lull:{05}:moved").await.unwrap();
    assert_eq!(left, ["back"]);
}

#[tokio::test]
async fn a_jump_is_found_once_by_those_that_saw_the_time_before_it() {
    let redis = TestRedis::start().await;
    let (one, other) = (redis.store().await, redis.store().await);
    let now = one.clock().look(None).await.unwrap().now;
    // What both saw after the time was noted.
    let seen = Clock {
        now: now + 5_000,
        step: 0,
        back: 0,
        moved: 0,
        ahead: 0,
    };

    assert_eq!(one.clock().was_set_back().await.unwrap(), None);
    let found = one.clock().look(Some(seen)).await.unwrap();
    let again = other.clock().look(Some(seen)).await.unwrap();

    assert!((1_000..=5_000).contains(&found.step), "{found:?}");
    assert_eq!((again.step, again.back), (0, found.step));
    // Found, and nothing is moved yet.
    let told = one.clock().was_set_back().await.unwrap().unwrap();
    assert_eq!((told.by, told.since), (found.step, None));
    one.clock().note_moved(found.back).await.unwrap();
    let told = one.clock().was_set_back().await.unwrap().unwrap();
    assert_eq!((told.by, told.since), (found.step, Some(found.now)));
    shift(&redis, HOUR).await;
    assert_eq!(
        one.clock().was_set_back().await.unwrap().unwrap().since,
        None
    );
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
    let now = store.clock().now().await.unwrap();
    let heard = "lull:{05}:heard";
    let _: () = raw
        .zadd(heard, "default:before", now + HOUR - 9_000)
        .await
        .unwrap();
    let _: () = raw.zadd(heard, "default:after", now).await.unwrap();
    let _: () = raw
        .hset("lull:{05}:moved", "heard default:after", HOUR)
        .await
        .unwrap();

    let shard = Shard::all().nth(5).unwrap();
    assert_eq!(
        store.clock().set_back(shard, &waits(), HOUR).await.unwrap(),
        1
    );

    let before: u64 = raw.zscore(heard, "default:before").await.unwrap();
    let after: u64 = raw.zscore(heard, "default:after").await.unwrap();
    assert_eq!((before, after), (now - 9_000, now));
}

/// Moves all that waits, twice: once more changes nothing.
async fn move_all(store: &Store, back: u64) {
    for shard in Shard::all() {
        store.clock().set_back(shard, &waits(), back).await.unwrap();
        assert_eq!(
            store.clock().set_back(shard, &waits(), back).await.unwrap(),
            0
        );
    }
}

/// What is left of the time that something waits, s.
type Left = BTreeMap<&'static str, u64>;

/// Sets one of everything that waits, each for another time; what stands there already gets a longer one.
async fn set_all(store: &Store, more: u64) {
    let long = |seconds| Duration::from_secs(seconds + more);
    store
        .chats()
        .pause(
            &chat("paused"),
            Life::ALWAYS,
            long(600),
            &Pauser::OwnMessage,
        )
        .await
        .unwrap();
    say(store, "window", "hi", long(700)).await;
    let (later, id, said) = (chat("later"), format!("id-{more}"), item("hi"));
    let kept = store
        .scheduled()
        .keep(&later, Life::ALWAYS, &id, &said, When::In(long(800)));
    assert!(matches!(kept.await.unwrap(), Keeping::Kept(_)));
}

async fn retry(store: &Store, lease: Lease, wait: Duration) {
    let verdict = Verdict::Retry { wait, asked: false };
    let settled = store
        .lanes()
        .settle(&lease, &verdict, None, &RETENTION)
        .await;
    assert!(matches!(settled.unwrap(), Settled::Done { .. }));
}

async fn follow_up(store: &Store, lease: Lease, after: Duration) {
    let plan = FollowUpPlan {
        after,
        number: 1,
        came: 1,
        item: item("hi"),
        life: Life::ALWAYS,
    };
    let verdict = Verdict::DropAndFollowUp { plan };
    let settled = store
        .lanes()
        .settle(&lease, &verdict, None, &RETENTION)
        .await;
    assert!(matches!(settled.unwrap(), Settled::Done { .. }));
}

/// A batch of a chat that is being tried.
async fn lease(store: &Store, id: &str) -> Lease {
    say(store, id, "hi", LONG).await;
    flush_and_lease(store, id).await
}

async fn left(redis: &TestRedis, store: &Store) -> Left {
    let now = redis.now().await;
    let until = |at: u64| at.saturating_sub(now) / 1000;
    let (windows, _) = store.windows().list(None, 10).await.unwrap();
    let paused = store.chats().paused(&chat("paused")).await.unwrap();
    let raw = &mut redis.raw().await;
    let mut left = Left::new();
    left.insert("window", until(windows[0].deadline));
    left.insert("pause", paused.unwrap_or_default().as_secs());
    for key in redis.keys("lull:*:later:items").await {
        let items: Vec<(String, String)> = raw.hgetall(&key).await.unwrap();
        for (member, item) in items {
            let kind = if member.starts_with("f:") {
                "follow-up"
            } else {
                "later"
            };
            let at = until(item.split(' ').next().unwrap().parse().unwrap());
            let last = left.entry(kind).or_default();
            *last = at.max(*last);
        }
    }
    for key in redis.keys("lull:*:head:default:*").await {
        let due: u64 = raw.hget(&key, "due").await.unwrap();
        left.insert("retry", until(due));
    }
    left
}

#[tokio::test]
async fn what_is_set_before_a_jump_is_found_or_moved_keeps_its_time() {
    // Found only once it was set; found, but nothing is moved yet; both by a jump that is shorter than what waits, too.
    for (by, found_before) in [(30, false), (3_600, false), (30, true), (3_600, true)] {
        let mut redis = TestRedis::start_turnable().await;
        let store = redis.store().await;
        let before = store.clock().look(None).await.unwrap();
        let (retried, silent) = (
            lease(&store, "retried").await,
            lease(&store, "silent").await,
        );
        set_all(&store, 0).await;

        redis.clock().back(Duration::from_secs(by));
        let mut clock = before;
        if found_before {
            clock = store.clock().look(Some(before)).await.unwrap();
        }
        set_all(&store, 100).await;
        retry(&store, retried, Duration::from_secs(1_000)).await;
        follow_up(&store, silent, Duration::from_secs(1_100)).await;
        if !found_before {
            clock = store.clock().look(Some(before)).await.unwrap();
        }
        move_all(&store, clock.back).await;

        let expected = [
            ("window", 800),
            ("pause", 700),
            ("later", 900),
            ("retry", 1_000),
            ("follow-up", 1_100),
        ];
        let left = left(&redis, &store).await;
        for (what, seconds) in expected {
            // A slow machine may have taken some of it.
            let range = seconds - 20..=seconds;
            assert!(range.contains(&left[what]), "{by} {found_before} {left:?}");
        }

        // Whoever does not know that all is moved leaves no note of it.
        set_all(&store, 200).await;
        let raw = &mut redis.raw().await;
        for key in redis.keys("lull:*:moved").await {
            let noted: Vec<String> = raw.hkeys(key).await.unwrap();
            assert_eq!(noted, ["back"]);
        }
    }
}

#[tokio::test]
async fn a_window_that_is_held_before_a_jump_is_moved_keeps_its_cap_and_its_time() {
    for by in [20, 3_600] {
        let mut redis = TestRedis::start_turnable().await;
        let store = redis.store().await;
        let before = store.clock().look(None).await.unwrap();
        say(&store, "ana", "hi", Duration::from_secs(40)).await;

        redis.clock().back(Duration::from_secs(by));
        let hold = Some(Duration::from_secs(50));
        let held = store
            .windows()
            .hold(&chat("ana"), hold)
            .await
            .unwrap()
            .unwrap()
            .left;
        assert!(held <= Duration::from_secs(50), "{held:?}");
        let clock = store.clock().look(Some(before)).await.unwrap();
        move_all(&store, clock.back).await;

        let now = redis.now().await;
        let (windows, _) = store.windows().list(None, 10).await.unwrap();
        let left = windows[0].deadline.saturating_sub(now);
        assert!((30_000..=50_000).contains(&left), "{left}");
        // Never past its cap, which is a minute after it was opened.
        let long = Some(Duration::from_secs(600));
        let held = store
            .windows()
            .hold(&chat("ana"), long)
            .await
            .unwrap()
            .unwrap()
            .left;
        assert!(held <= Duration::from_secs(60), "{held:?}");
    }
}

#[tokio::test]
async fn what_is_set_after_a_second_jump_waits_for_that_one_alone() {
    let mut redis = TestRedis::start_turnable().await;
    let store = redis.store().await;
    let first = store.clock().look(None).await.unwrap();
    redis.clock().back(Duration::from_secs(3_600));
    let second = store.clock().look(Some(first)).await.unwrap();
    redis.clock().back(Duration::from_secs(1_800));
    store
        .chats()
        .pause(
            &chat("paused"),
            Life::ALWAYS,
            Duration::from_secs(600),
            &Pauser::OwnMessage,
        )
        .await
        .unwrap();

    // Moved by the first, while nobody has found the second; then by that.
    move_all(&store, second.back).await;
    let third = store.clock().look(Some(second)).await.unwrap();
    assert!(third.back > second.back + 1_790_000);
    move_all(&store, third.back).await;

    let left = store
        .chats()
        .paused(&chat("paused"))
        .await
        .unwrap()
        .unwrap();
    assert!((580..=600).contains(&left.as_secs()), "{left:?}");
}

/// Says something in a chat that is followed up.
async fn say_followed_up(store: &Store, id: &str) {
    let rules = WindowRules {
        followed_up: true,
        ..RULES
    };
    let said = item("hi");
    let message = NewMessage::plain(&said, LONG);
    store
        .windows()
        .append(&chat(id), message, &rules, &destinations())
        .await
        .unwrap();
}

async fn flush_and_lease(store: &Store, id: &str) -> Lease {
    let batch = BatchId::generate();
    store
        .windows()
        .flush(&chat(id), &batch, &destinations())
        .await
        .unwrap();
    store
        .lanes()
        .lease(&lane(id), LEASES)
        .await
        .unwrap()
        .unwrap()
}

/// When all that waits is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    BeforeAnybodySpeaks,
    BeforeAnythingIsDelivered,
    AfterTheFirstDelivery,
}

#[tokio::test]
async fn whoever_spoke_since_a_batch_was_closed_is_not_followed_up_however_the_clock_is_set_back() {
    for by in [20, 3_600] {
        for moved in [
            Moved::BeforeAnybodySpeaks,
            Moved::BeforeAnythingIsDelivered,
            Moved::AfterTheFirstDelivery,
        ] {
            let mut redis = TestRedis::start_turnable().await;
            let store = redis.store().await;
            let mut before = store.clock().look(None).await.unwrap();
            let move_now = async |before| {
                let clock = store.clock().look(Some(before)).await.unwrap();
                move_all(&store, clock.back).await;
                store.clock().note_moved(clock.back).await.unwrap();
                store.clock().look(None).await.unwrap();
            };
            // Closed before the jump; closed after it; delivered when the clock is as late again.
            let kinds = ["before", "after", "late"];
            let chats = kinds.map(|kind| ["speaks", "silent"].map(|who| format!("{kind}-{who}")));
            let mut leases = BTreeMap::new();
            for id in chats.iter().flatten() {
                say_followed_up(&store, id).await;
                if !id.starts_with("after") {
                    leases.insert(id, flush_and_lease(&store, id).await);
                }
            }

            // More time than a slow machine takes until it is delivered: what nobody has found yet is known by the last look.
            redis.clock().ahead(Duration::from_secs(5));
            before = store.clock().look(Some(before)).await.unwrap();
            redis.clock().back(Duration::from_secs(by));
            if moved == Moved::BeforeAnybodySpeaks {
                move_now(before).await;
            }
            for id in &chats[1] {
                leases.insert(id, flush_and_lease(&store, id).await);
            }
            for [speaks, _] in &chats {
                say_followed_up(&store, speaks).await;
            }
            if moved == Moved::BeforeAnythingIsDelivered {
                move_now(before).await;
            }
            for id in chats[..2].iter().flatten() {
                follow_up(&store, leases.remove(id).unwrap(), LONG).await;
            }
            if moved == Moved::AfterTheFirstDelivery {
                move_now(before).await;
            }
            redis.clock().ahead(Duration::from_secs(by));
            for id in &chats[2] {
                follow_up(&store, leases.remove(id).unwrap(), LONG).await;
            }

            for id in chats.iter().flatten() {
                let planned = store.follow_ups().find(&chat(id)).await.unwrap();
                let silent = id.ends_with("silent");
                assert_eq!(planned.is_some(), silent, "{id}: {by} s, {moved:?}");
            }
        }
    }
}

/// Fills one shard with as many open windows and lanes as these, as scripts leave them.
async fn fill(redis: &TestRedis, windows: usize, lanes: usize) {
    const FILL: &str = r#"
        local kind, from, to, at = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local head = struct.pack('>ddddddBss', at, at + 9e6, 9e6, 9, 1, at + 9e6, 0, '', 'quiet')
        for i = from, to do
          local member = '+queue:' .. i
          if kind == 'windows' then
            redis.call('RPUSH', 'lull:{05}:window:' .. member, head, '{"at":1,"message":"hi"}')
            redis.call('ZADD', 'lull:{05}:due', at + 9e6, member)
          else
            local due = string.format('%d', at + 9e6)
            redis.call('HSET', 'lull:{05}:head:default:' .. member, 'attempts', 1, 'due', due, 'first', at)
            redis.call('ZADD', 'lull:{05}:due:default', 1e13 + due, member)
          end
        end
    "#;
    const AT_ONCE: usize = 500;
    let (raw, now) = (&mut redis.raw().await, redis.now().await + HOUR);
    for (kind, count) in [("windows", windows), ("lanes", lanes)] {
        for from in (0..count).step_by(AT_ONCE) {
            let to = (from + AT_ONCE).min(count) - 1;
            let mut fill = redis::cmd("EVAL");
            fill.arg(FILL).arg(0).arg(kind).arg(from).arg(to).arg(now);
            fill.query_async::<()>(raw).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_shard_however_large_is_moved_in_small_steps_and_never_copied() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    fill(&redis, 2_000, 1_000).await;
    let before = redis.calls_of("evalsha").await;

    let shard = Shard::all().nth(5).unwrap();
    assert_eq!(
        store.clock().set_back(shard, &waits(), HOUR).await.unwrap(),
        3_000
    );

    let steps = redis.calls_of("evalsha").await - before;
    assert!(steps >= 3_000 / 64, "{steps}");
    // What would look at, or write, all of an index or a hash at once.
    for whole in ["zrangestore", "zrange", "hgetall", "hkeys", "copy", "del"] {
        assert_eq!(redis.calls_of(whole).await, 0, "{whole}");
    }
    let now = redis.now().await;
    let raw = &mut redis.raw().await;
    for number in [0, 1_999] {
        let due: u64 = raw
            .zscore("lull:{05}:due", format!("+queue:{number}"))
            .await
            .unwrap();
        assert!(due <= now + 9_000_000, "{due}");
    }
}
