//! `lull tail`.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;

use crate::support::daemon::{LULL, SUITE_KEY};
use crate::support::tool::{lull, lull_at};
use crate::support::undeliverable::Undeliverable;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// The line above what is followed.
const HEADS: &str = "TIME ";

struct Followed {
    api: Daemon,
    _monitor: Daemon,
    receiver: Receiver,
    redis: TestRedis,
}

impl Followed {
    async fn start() -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::start().await;
        Self {
            api: Daemon::api(&redis).await,
            _monitor: Daemon::monitor(&redis, &receiver.url()).await,
            receiver,
            redis,
        }
    }

    async fn deliver(&mut self, user: &str) {
        self.api.say(user, "oi", 0.1).await;
        self.receiver.call().await;
    }

    fn tail(&self, arguments: &[&str]) -> Daemon {
        let url = self.api.url("");
        let all: Vec<_> = ["tail"].iter().chain(arguments).copied().collect();
        Daemon::spawn(LULL, &all, &[("LULL_URL", &url)], 0)
    }
}

/// The users in the lines of `--json`, in order.
fn users(log: &str) -> Vec<String> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .map(|line: Value| line["sent"]["user"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_delivered_from_now_on_is_told_until_ctrl_c() {
    let mut system = Followed::start().await;
    system.deliver("before").await;
    let mut tail = system.tail(&[]);
    tail.logs(HEADS).await;

    system.deliver("ana").await;
    tail.logs(" ana ").await;

    tail.signal(Signal::SIGINT);
    assert_eq!(tail.ended().await.code(), Some(0));
    let log = tail.log();
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    let words: Vec<_> = lines[1].split_whitespace().collect();
    assert_eq!(
        words[1..7],
        ["default", "default", "ana", "1", "200", "1"],
        "{log}"
    );
    assert_eq!(lines[0].find("USER"), lines[1].find("ana"), "{log}");
}

#[tokio::test]
async fn nothing_is_missed_and_nothing_told_twice_over_many_looks() {
    let mut system = Followed::start().await;
    let mut tail = system.tail(&["--json", "--count", "120"]);
    let mut expected = BTreeSet::new();

    // What came before it began to look is not for it to tell; so until then it is called.
    let mut calls = 0;
    eventually("it follows", async || {
        calls += 1;
        system.deliver(&format!("call-{calls}")).await;
        !tail.log().is_empty()
    })
    .await;
    for chunk in 0..6 {
        for chat in 0..20 {
            let user = format!("chat-{chunk}-{chat}");
            system.api.say(&user, "oi", 0.1).await;
            expected.insert(user);
        }
        system.receiver.calls_of(20).await;
    }

    assert_eq!(tail.ended().await.code(), Some(0));
    let told = users(&tail.log());
    let told_of: BTreeSet<_> = told.iter().cloned().collect();
    assert_eq!((told.len(), told_of.len()), (120, 120));
    // The calls that it heard take the places of the last ones.
    let missed: Vec<_> = expected.difference(&told_of).collect();
    let called = told.iter().filter(|user| user.starts_with("call-")).count();
    assert_eq!(missed.len(), called, "{missed:?}");
    assert!(
        missed.iter().all(|user| user.starts_with("chat-5-")),
        "{missed:?}"
    );
}

#[tokio::test]
async fn a_dead_letter_is_told_with_its_reason_and_as_json_whole() {
    let mut system = Undeliverable::start().await;
    let url = system.api.url("");
    let settings = [("LULL_URL", url.as_str()), ("LULL_KEY", SUITE_KEY)];
    let plain = Daemon::spawn(LULL, &["tail"], &settings, 0);
    plain.logs(HEADS).await;
    let json = Daemon::spawn(LULL, &["tail", "--json"], &settings, 0);

    let mut burials = 0;
    eventually("both tell", async || {
        burials += 1;
        system.bury(&format!("ana-{burials}"), "oi").await;
        plain.log().contains("HTTP 410") && !json.log().is_empty()
    })
    .await;

    let log = json.log();
    let told: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(told["dead_letter"]["messages"], serde_json::json!(["oi"]));
    assert!(plain.log().contains(" dead "), "{}", plain.log());
}

#[tokio::test]
async fn what_was_not_taken_and_what_is_tried_again_is_told_too() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::answering(&[Answer::Status(503)], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let retries = [("RETRY_FIRST", "60"), ("RETRY_CAP", "60")];
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &retries).await;
    let url = api.url("");
    let settings = [("LULL_URL", url.as_str()), ("LULL_KEY", SUITE_KEY)];
    let plain = Daemon::spawn(LULL, &["tail"], &settings, 0);
    plain.logs(HEADS).await;
    let json = Daemon::spawn(LULL, &["tail", "--json"], &settings, 0);

    let said = serde_json::json!({"user": "ana", "message": "oi", "message_id": "A1", "ttl": 60});
    let mut refused = 0;
    eventually("both tell of posts", async || {
        api.post("/api/message", said.clone()).await;
        refused += 1;
        let nothing = serde_json::json!({"user": format!("bia-{refused}")});
        api.post("/api/message", nothing).await;
        let both = |log: &str| log.contains("duplicate") && log.contains("missing_field");
        both(&plain.log()) && both(&json.log())
    })
    .await;
    let told = |kind: &str| {
        let log = json.log();
        let mut lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.find_map(|line: Value| line.get(kind).cloned())
    };
    assert_eq!(told("post").unwrap()["buffer"], "default");
    let flush = "/api/chats/ana/flush";
    let (status, answer) = api.request(Method::POST, flush, None).await;
    assert_eq!(status, 200, "{answer}");
    eventually("both tell of the retry", async || {
        plain.log().contains(" retry ") && told("retry").is_some()
    })
    .await;
    assert_eq!(told("retry").unwrap()["user"], "ana");
    assert!(plain.log().contains("HTTP 503"), "{}", plain.log());
}

#[tokio::test]
async fn only_what_is_wanted_is_told_and_it_ends_when_it_should() {
    let mut system = Followed::start().await;
    let mut tail = system.tail(&["--user", "ana", "--count", "1"]);
    tail.logs(HEADS).await;

    system.deliver("bia").await;
    system.deliver("ana").await;
    assert_eq!(tail.ended().await.code(), Some(0));

    assert!(
        tail.log().contains(" ana ") && !tail.log().contains(" bia "),
        "{}",
        tail.log()
    );
    let began = std::time::Instant::now();
    let quiet = lull_at(&system.api, &["tail", "--json", "--for", "0.7"])
        .await
        .well();
    assert!(began.elapsed() >= Duration::from_millis(700));
    assert_eq!(quiet.out, "");
}

#[tokio::test]
async fn an_api_that_goes_and_comes_back_is_followed_again() {
    let mut system = Followed::start().await;
    let tail = system.tail(&[]);
    tail.logs(HEADS).await;

    system.redis.kill();
    tail.logs("; trying again").await;
    system.redis.start_again().await;
    eventually("it is delivered again", async || {
        let body = serde_json::json!({"user": "ana", "message": "oi", "ttl": 0.1});
        system.api.post("/api/message", body).await.0 == 200
    })
    .await;

    tail.logs(" ana ").await;
    assert_eq!(
        tail.log().matches("trying again").count(),
        1,
        "{}",
        tail.log()
    );
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let mut system = Followed::start().await;
    let command = r#""$0" tail 2>&1 | head -n 1; echo "${PIPESTATUS[0]}""#;
    let url = system.api.url("");
    let mut pipe = Daemon::spawn(
        "/bin/bash",
        &["-c", command, LULL],
        &[("LULL_URL", &url), ("LULL_KEY", SUITE_KEY)],
        0,
    );
    pipe.logs(HEADS).await;

    system.deliver("ana").await;

    assert!(pipe.ended().await.success());
    assert!(pipe.log().ends_with("\n0\n"), "{}", pipe.log());
    let ran = lull(&["tail"], &[("LULL_URL", "http://127.0.0.1:9")]).await;
    assert!(
        ran.code == 1 && ran.err.starts_with("error: api does not answer"),
        "{ran:?}"
    );
}
