//! Figures that operators watch: of requests, destinations and buffers, of Redis and of the process; and both texts in
//! which they come.

use std::collections::BTreeSet;

use redis::AsyncCommands;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::json;

use crate::support::metrics::{parts, sum_of, tells};
use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const LATER: Answer = Answer::Full(503, "Retry-After: 600\r\n", "");

/// The metrics for an `Accept`, and what they say they are.
async fn accepting(daemon: &Daemon, accept: &str) -> (String, String) {
    let asked = daemon.client().get(daemon.url("/metrics"));
    let answer = asked.header(ACCEPT, accept).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    (kind, answer.text().await.unwrap())
}

/// The names of all series.
fn names(text: &str) -> BTreeSet<&str> {
    let series = text.lines().filter(|line| !line.starts_with('#'));
    series
        .filter_map(|line| Some(parts(line.rsplit_once(' ')?.0).0))
        .collect()
}

/// Each series of the older text stands below its own type, and that below its help.
fn is_plain(text: &str) {
    let mut typed: Option<(&str, &str)> = None;
    let mut helped = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(words.len() > 5 && words.ends_with('.'), "{line}");
            helped = Some(name);
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            typed = kind.split_once(' ');
            assert_eq!(helped.take(), typed.map(|(name, _)| name), "{line}");
        } else {
            let (name, kind) = typed.unwrap();
            let series = parts(line).0.split(' ').next().unwrap();
            let part = series.strip_prefix(name).unwrap();
            match kind {
                "histogram" => assert!(["_sum", "_count", "_bucket"].contains(&part), "{line}"),
                "counter" => assert!(part.is_empty() && name.ends_with("_total"), "{line}"),
                _ => assert!(kind == "gauge" && part.is_empty(), "{line}"),
            }
        }
    }
}

#[tokio::test]
async fn both_daemons_tell_plain_text_to_whoever_wants_that() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, "http://127.0.0.1:9").await;

    for daemon in [&api, &monitor] {
        let (kind, open) = accepting(daemon, "*/*").await;
        assert_eq!(
            kind,
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
        let (kind, plain) = accepting(daemon, "text/plain").await;
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        is_plain(&plain);
        assert_eq!(names(&open), names(&plain));
        let version = env!("CARGO_PKG_VERSION");
        let build = format!("lull_build_info{{version=\"{version}\"}}");
        assert_eq!(sum_of(&plain, &build), 1.0);
        assert!(sum_of(&plain, "process_resident_memory_bytes") > 1e6);
        assert!(sum_of(&plain, "process_open_fds") < sum_of(&plain, "process_max_fds"));
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_messages_by_buffer() {
    let mut system = System::with(&[json!({"name": "loja"})]).await;
    let api = &system.api;
    let said = json!({"user": "ana", "message": "oi", "message_id": "1"});
    for body in [&said, &said, &json!({"user": "ana"})] {
        api.post("/api/buffers/loja/messages", body.clone()).await;
    }
    api.get("/api/buffers/nada").await;
    api.get("/nowhere/5511988887777").await;

    let text = api.metrics().await;
    let count = |asked: &str| sum_of(&text, asked);
    let route = r#"route="/api/buffers/{name}/messages",method="POST""#;
    assert_eq!(
        count(&format!(
            "lull_request_seconds_count{{{route},status=\"2xx\"}}"
        )),
        2.0
    );
    assert_eq!(
        count(&format!(
            "lull_request_seconds_count{{{route},status=\"4xx\"}}"
        )),
        1.0
    );
    assert_eq!(
        count(r#"lull_request_seconds_count{route="",status="4xx"}"#),
        1.0
    );
    assert!(!text.contains("5511988887777"), "{text}");
    assert_eq!(count(r#"lull_messages_accepted_total{buffer="loja"}"#), 1.0);
    assert_eq!(
        count(r#"lull_messages_duplicate_total{buffer="loja"}"#),
        1.0
    );
    let refused = count(r#"lull_requests_refused_total{buffer="loja"}"#);
    assert_eq!(refused, 1.0, "{text}");
    assert!(
        text.contains("lull_messages_accepted_total{buffer=\"default\"} 0\n"),
        "{text}"
    );

    assert_eq!(system.delete("/api/buffers/loja?discard=true").await.0, 200);
    system.monitor.stop().await;
    eventually("its metrics are gone", async || {
        !system.api.metrics().await.contains("\"loja\"")
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_a_destination_is_told_with_its_age() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::answering(&[], LATER).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    assert_eq!(api.metric("lull_oldest_batch_seconds").await, 0.0);
    assert!(tells(&api.metrics().await, "lull_oldest_batch_seconds"));

    api.say("ana", "oi", 0.1).await;
    let retry = r#"lull_attempts_total{destination="default",outcome="retry"}"#;
    eventually("it was tried", async || monitor.metric(retry).await == 1.0).await;
    for daemon in [&api, &monitor] {
        eventually("its age is told", async || {
            daemon.metric("lull_oldest_batch_seconds").await > 1.0
        })
        .await;
    }
    let text = monitor.metrics().await;
    assert_eq!(
        sum_of(
            &text,
            r#"lull_delivery_seconds_count{destination="default"}"#
        ),
        1.0
    );
    assert!(
        text.contains("lull_breakers_open{destination=\"default\"} 0\n"),
        "{text}"
    );
}

#[tokio::test]
async fn what_redis_does_not_tell_is_not_told() {
    let mut redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, "http://127.0.0.1:9").await;
    let of_redis = [
        "lull_windows_open",
        "lull_dead_letters",
        "lull_monitors_alive",
        "lull_overdue_seconds",
        "lull_standing",
        "lull_oldest_batch_seconds",
    ];
    let now = redis.now().await;
    let ago = |hours: u64| now - hours * 3_600_000;
    let line = format!("{} {} 24.0 0 ", ago(500), ago(6));
    let mut raw = redis.raw().await;
    let _: () = raw
        .hset("lull:{config}:lines", "default ", line)
        .await
        .unwrap();

    for daemon in [&api, &monitor] {
        let text = daemon.metrics().await;
        assert!(of_redis.iter().all(|name| tells(&text, name)), "{text}");
        assert!(
            !tells(&text, "lull_redis_memory_used_ratio"),
            "it has no limit"
        );
    }
    let missed = api
        .metric(r#"lull_line_missed_posts{buffer="default"}"#)
        .await;
    assert!((5.5..6.5).contains(&missed), "{missed}");
    let silent = api.metric("lull_line_silent_seconds").await;
    assert!((21_600.0..21_700.0).contains(&silent), "{silent}");
    redis.set("maxmemory", "1gb").await;
    let share = monitor.metric("lull_redis_memory_used_ratio").await;
    assert!(share > 0.0 && share < 0.5, "{share}");

    redis.kill();
    for daemon in [&api, &monitor] {
        let mut text = String::new();
        // What was seen within the last second is told again.
        eventually("nothing old is told", async || {
            text = daemon.metrics().await;
            !of_redis.iter().any(|name| tells(&text, name))
        })
        .await;
        assert!(!tells(&text, "lull_redis_memory_used_ratio"));
        assert!(!tells(&text, "lull_line_missed_posts"));
        assert_eq!(sum_of(&text, "lull_redis_up"), 0.0);
        assert!(
            tells(&text, "lull_stopped"),
            "no Redis is needed to know it"
        );
    }
}
