//! Webhooks that never answer, and a monitor that may have few files open: others are delivered meanwhile, and running out
//! of sockets is no attempt of a batch.

use lull::core::chat::Name;
use lull::store::config::{Kind, Mode};
use serde_json::{Value, json};

use crate::support::daemon::{MONITOR, free_port};
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// Longer than a test waits: whoever holds a place all that time has it for good.
const TIMEOUT: f64 = 120.0;

/// A monitor that may have so many files open.
async fn monitor(redis: &TestRedis, webhook: &str, files: usize) -> Daemon {
    let (port, url) = (free_port(), redis.url());
    let text = port.to_string();
    let settings = [
        ("REDIS_URL", url.as_str()),
        ("HOST", "127.0.0.1"),
        ("MONITOR_PORT", &text),
        ("WEBHOOK_URL", webhook),
        ("ALLOW_PRIVATE_WEBHOOKS", "true"),
    ];
    let script = format!("ulimit -n {files}; exec {MONITOR}");
    let daemon = Daemon::spawn("/bin/sh", &["-c", &script], &settings, port);
    daemon.wait_until_up().await;
    daemon
}

async fn write(redis: &TestRedis, kind: Kind, name: &str, spec: Value) {
    let name = Name::parse(name).unwrap();
    let store = redis.store().await;
    let written = store
        .config()
        .write(kind, &name, &spec, Mode::Any, None, None);
    written.await.unwrap();
}

/// A buffer of this name that delivers to a destination of this name.
async fn way(redis: &TestRedis, name: &str, url: &str) {
    way_of(redis, name, url, false).await;
}

/// The same, brought by a caller or not.
async fn way_of(redis: &TestRedis, name: &str, url: &str, of_a_caller: bool) {
    let destination = json!({"name": name, "url": url, "timeout": TIMEOUT, "guarded": of_a_caller});
    write(redis, Kind::Destination, name, destination).await;
    let buffer = json!({"name": name, "destinations": [name], "window": {"wait": 0.1}});
    write(redis, Kind::Buffer, name, buffer).await;
}

async fn say(api: &Daemon, buffer: &str, user: usize) {
    let message = json!({"user": format!("u{user}"), "message": "oi"});
    let (status, answer) = api
        .post(&format!("/api/buffers/{buffer}/messages"), message)
        .await;
    assert_eq!(status, 200, "{answer}");
}

async fn history(api: &Daemon, buffer: &str) -> Vec<Value> {
    let path = format!("/api/history?buffer={buffer}&limit=500");
    let (_, page) = api.get(&path).await;
    page["items"].as_array().cloned().unwrap_or_default()
}

/// Each was delivered by its only attempt.
fn assert_at_the_first_attempt(entries: &[Value]) {
    for entry in entries {
        assert_eq!(
            entry["attempts"].as_array().map(Vec::len),
            Some(1),
            "{entry}"
        );
    }
}

#[tokio::test]
async fn webhooks_that_never_answer_leave_others_their_share_of_sockets() {
    let redis = TestRedis::start().await;
    let silent = Receiver::answering(&[], Answer::Silence).await;
    let mut good = Receiver::start().await;
    for number in 0..8 {
        way(&redis, &format!("silent{number}"), &silent.url()).await;
    }
    way(&redis, "good", &good.url()).await;
    let api = Daemon::api(&redis).await;
    let monitor = monitor(&redis, &good.url(), 96).await;
    for number in 0..8 {
        for user in 0..30 {
            say(&api, &format!("silent{number}"), user).await;
        }
    }
    eventually("they hold what they get", async || {
        monitor.metric("lull_attempts_in_flight").await >= 8.0
    })
    .await;

    for user in 0..100 {
        say(&api, "good", user).await;
    }
    for _ in 0..100 {
        good.call().await;
    }

    let mut entries = Vec::new();
    eventually("all are settled", async || {
        entries = history(&api, "good").await;
        entries.len() == 100
    })
    .await;
    assert_at_the_first_attempt(&entries);
    assert!(!monitor.log().contains("Too many open files"));
}

#[tokio::test]
async fn webhooks_of_callers_that_never_answer_leave_own_ones_their_share_of_sockets() {
    let redis = TestRedis::start().await;
    let silent = Receiver::answering(&[], Answer::Silence).await;
    let mut good = Receiver::start().await;
    for number in 0..3 {
        way(&redis, &format!("silent{number}"), &silent.url()).await;
    }
    for number in 0..20 {
        way_of(&redis, &format!("caller{number}"), &silent.url(), true).await;
    }
    way(&redis, "good", &good.url()).await;
    let api = Daemon::api(&redis).await;
    let monitor = monitor(&redis, &good.url(), 96).await;
    for number in 0..3 {
        for user in 0..30 {
            say(&api, &format!("silent{number}"), user).await;
        }
    }
    eventually("own ones hold what they get", async || {
        monitor.metric("lull_attempts_in_flight").await >= 12.0
    })
    .await;
    for number in 0..20 {
        say(&api, &format!("caller{number}"), 0).await;
    }
    eventually("callers' hold what they get", async || {
        monitor.metric("lull_attempts_in_flight").await >= 18.0
    })
    .await;

    for user in 0..100 {
        say(&api, "good", user).await;
    }
    for _ in 0..100 {
        good.call().await;
    }
}

#[tokio::test]
async fn a_destination_that_cannot_be_used_is_told_of_once() {
    let redis = TestRedis::start().await;
    let good = Receiver::start().await;
    let daemon = Daemon::monitor(&redis, &good.url()).await;
    // No caller's URL may lead there.
    way_of(&redis, "inside", "http://127.0.0.1:9/", true).await;
    daemon.logs("Destination inside cannot be used").await;

    for number in 0..3 {
        let taken_up = || daemon.log().matches("Delivering to").count();
        let before = taken_up();
        let name = format!("other{number}");
        way(&redis, &name, &format!("http://127.0.0.1:9/{number}")).await;
        eventually("it is taken up", async || taken_up() > before).await;
    }

    let log = daemon.log();
    assert_eq!(
        log.matches("Destination inside cannot be used").count(),
        1,
        "{log}"
    );
}

#[tokio::test]
async fn running_out_of_sockets_is_no_attempt() {
    let redis = TestRedis::start().await;
    let mut good = Receiver::start().await;
    way(&redis, "good", &good.url()).await;
    let api = Daemon::api(&redis).await;
    let monitor = monitor(&redis, &good.url(), 96).await;
    // Somebody else takes all the files that there are.
    let mut held = Vec::new();
    for _ in 0..96 {
        held.push(monitor.connect().await);
    }

    for user in 0..20 {
        say(&api, "good", user).await;
    }
    monitor.logs("open files").await;
    drop(held);
    for _ in 0..20 {
        good.call().await;
    }

    let mut entries = Vec::new();
    eventually("all are settled", async || {
        entries = history(&api, "good").await;
        entries.len() == 20
    })
    .await;
    assert_at_the_first_attempt(&entries);
}
