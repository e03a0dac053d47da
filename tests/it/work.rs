//! Whether anybody works off what is due: signs of life, and a health that says when nobody does.

use std::time::Duration;

use lull::health::Heart;
use nix::sys::signal::Signal;
use redis::AsyncCommands;
use serde_json::{Value, json};

use crate::support::tool::lull;
use crate::support::{Daemon, Receiver, TestRedis, eventually};

const DAEMONS: &str = "lull:{config}:daemons";

async fn health(daemon: &Daemon) -> (u16, Value) {
    let (status, health) = daemon.get("/api/health").await;
    (status.as_u16(), health)
}

/// Waits until health has this status, which is answered with 200; answers what it says.
async fn healthy_as(daemon: &Daemon, expected: &str) -> Value {
    let mut said = Value::Null;
    eventually(expected, async || {
        let (status, found) = health(daemon).await;
        assert_eq!(status, 200, "{found}");
        said = found;
        said["status"] == expected
    })
    .await;
    said
}

fn alive(health: &Value) -> Vec<bool> {
    let monitors = health["monitors"].as_array().unwrap();
    let alive = monitors.iter().map(|it| it["alive"].as_bool().unwrap());
    alive.collect()
}

/// Moves what stands in these indexes so far into the past that it should have been worked off long ago.
async fn long_ago(redis: &TestRedis, pattern: &str) {
    redis.long_ago(pattern, Duration::from_secs(100)).await;
}

#[tokio::test]
async fn a_window_that_no_monitor_closes_degrades_health_until_one_does() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    eventually("a monitor is seen", async || {
        alive(&health(&api).await.1) == [true]
    })
    .await;

    monitor.kill();
    api.say("ana", "oi", 0.1).await;
    let said = healthy_as(&api, "degraded").await;

    assert_eq!(said["standing"], json!(["windows"]));
    assert!(
        said["overdue"]["windows"].as_f64().unwrap() >= 10.0,
        "{said}"
    );
    assert_eq!(alive(&said), [false]);
    assert_eq!(api.metric("lull_standing{what=\"windows\"}").await, 1.0);
    assert_eq!(api.metric("lull_standing{what=\"lanes\"}").await, 0.0);
    assert_eq!(api.metric("lull_monitors_alive").await, 0.0);
    assert!(api.metric("lull_overdue_seconds{what=\"windows\"}").await >= 10.0);
    let (_, story) = api.get("/api/chats/ana/story").await;
    let verdict = &story["verdict"]["not_answered"];
    assert_eq!(verdict["code"], "overdue", "{verdict}");
    assert_eq!(verdict["facts"]["monitors"], 0, "{verdict}");

    let _next = Daemon::monitor(&redis, &receiver.url()).await;
    assert_eq!(receiver.call().await.user(), "ana");
    let said = healthy_as(&api, "ok").await;
    assert_eq!(said.get("standing"), None);
    // The newest first; the one that was killed is remembered.
    eventually("the new one is seen", async || {
        alive(&health(&api).await.1) == [true, false]
    })
    .await;
    eventually("the metric follows", async || {
        api.metric("lull_standing{what=\"windows\"}").await == 0.0
    })
    .await;
}

#[tokio::test]
async fn a_monitor_that_stands_still_is_not_at_work() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    monitor.signal(Signal::SIGSTOP);
    api.say("ana", "oi", 0.1).await;
    let said = healthy_as(&api, "degraded").await;
    monitor.signal(Signal::SIGCONT);

    assert_eq!(said["standing"], json!(["windows"]));
    eventually("it is at work again", async || {
        let (_, said) = health(&api).await;
        said["status"] == "ok" && alive(&said) == [true]
    })
    .await;
}

#[tokio::test]
async fn sweeps_that_have_died_in_a_monitor_that_lives_degrade_health_and_are_found_by_the_doctor()
{
    // Nothing announces that a window is over, so that only the sweep would close it.
    let redis = TestRedis::start_locked().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let dying = [(
        "LULL_TEST_PANICS",
        "windows:100000,lanes:100000,later:100000",
    )];
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &dying).await;

    api.say("ana", "oi", 0.1).await;
    let later = json!({"user": "eva", "message": "oi", "delay": 0.2});
    assert_eq!(api.post("/api/message", later).await.0, 200);
    api.say("rui", "oi", 60.0).await;
    let (status, _) = api.post("/api/chats/rui/flush", json!({})).await;
    assert_eq!(status, 200);

    let all = json!(["windows", "lanes", "later"]);
    for daemon in [&api, &monitor] {
        eventually("all three stand", async || {
            let (status, said) = health(daemon).await;
            assert_eq!(status, 200, "{said}");
            said["status"] == "degraded" && said["standing"] == all && alive(&said) == [true]
        })
        .await;
        for what in ["windows", "lanes", "later"] {
            let metric = format!("lull_standing{{what=\"{what}\"}}");
            eventually(&metric, async || daemon.metric(&metric).await == 1.0).await;
        }
        assert_eq!(daemon.metric("lull_monitors_alive").await, 1.0);
    }
    let (_, said) = health(&monitor).await;
    let failed = said["failed_loops"].as_array().unwrap();
    for name in ["windows", "lanes", "later"] {
        assert!(failed.iter().any(|failed| failed["name"] == name), "{said}");
    }
    let settings = [("REDIS_URL", redis.url()), ("WEBHOOK_URL", receiver.url())];
    let settings = settings
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let report = lull(&["doctor", "--json"], &settings).await.json();
    for check in ["windows", "lanes", "later"] {
        let found = report["findings"].as_array().unwrap().iter();
        let found: Vec<_> = found.filter(|found| found["check"] == check).collect();
        assert_eq!(found[0]["level"], "problem", "{report}");
        let words = found[0]["found"].as_str().unwrap();
        assert!(words.contains("stands still"), "{words}");
    }
}

#[tokio::test]
async fn lanes_and_what_waits_for_its_time_stand_unless_somebody_has_stopped_them() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "oi", 60.0).await;
    let (status, _) = api.post("/api/chats/ana/flush", json!({})).await;
    assert_eq!(status, 200);
    let later = json!({"user": "eva", "message": "oi", "delay": 60});
    assert_eq!(api.post("/api/message", later).await.0, 200);
    assert_eq!(health(&api).await.1["status"], "ok");

    long_ago(&redis, "lull:*:due:default").await;
    let said = healthy_as(&api, "degraded").await;
    assert_eq!(said["standing"], json!(["lanes"]));
    assert_eq!(said["monitors"], json!([]));

    let stop = json!({"action": "stop", "destination": "default"});
    assert_eq!(api.post("/api/control", stop).await.0, 200);
    healthy_as(&api, "ok").await;

    long_ago(&redis, "lull:*:later").await;
    let said = healthy_as(&api, "degraded").await;
    assert_eq!(said["standing"], json!(["later"]));
}

#[tokio::test]
async fn a_destination_that_is_down_is_worked_on_and_no_reason_to_be_degraded() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], crate::support::Answer::Status(500)).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    for user in 0..12 {
        api.say(&user.to_string(), "oi", 0.1).await;
    }
    for _ in 0..6 {
        receiver.call().await;
    }

    // Whatever the breaker lets wait is due for long.
    for _ in 0..20 {
        long_ago(&redis, "lull:*:due:default").await;
        for daemon in [&api, &monitor] {
            let (status, said) = health(daemon).await;
            assert_eq!((status, &said["status"]), (200, &json!("ok")), "{said}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn daemons_that_end_say_so_and_those_that_were_killed_are_forgotten() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let mut raw = redis.raw().await;
    let mut api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    eventually("both give signs of life", async || {
        raw.hlen::<_, usize>(DAEMONS).await.unwrap() == 2
    })
    .await;

    api.stop().await;
    monitor.stop().await;
    assert_eq!(raw.hlen::<_, usize>(DAEMONS).await.unwrap(), 0);

    // Two of long ago, and of a clock that was put back since.
    let _: () = raw.hset(DAEMONS, "old", "1000 1000 {}").await.unwrap();
    let _: () = raw
        .hset(DAEMONS, "new", "9999999999999 1 {}")
        .await
        .unwrap();
    let store = redis.store().await;
    let heart = Heart::new(&store, "monitor");
    tokio::spawn(async move { heart.beat(|| vec!["windows".to_owned()]).await });
    eventually("only the living one is there", async || {
        raw.hlen::<_, usize>(DAEMONS).await.unwrap() == 1
    })
    .await;
    let ttl: i64 = raw.ttl(DAEMONS).await.unwrap();
    assert_eq!(ttl, -1);
    let work = store.daemons().work(&[]).await.unwrap();
    assert_eq!(work.daemons[0].about.stands, ["windows"]);
}
