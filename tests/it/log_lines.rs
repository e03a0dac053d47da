//! Nobody takes the log: its reader has gone, its disk is full, or its reader stands still. Nothing else notices.

use std::fs::{File, OpenOptions};
use std::io::{Read, pipe};
use std::process::Stdio;

use futures_util::StreamExt;

use crate::support::daemon::{API, MONITOR, free_port};
use crate::support::{Daemon, Receiver, TestRedis, eventually};

const MESSAGES: usize = 20;

/// An api and a monitor that write their lines there.
async fn start(redis: &TestRedis, receiver: &Receiver, lines: impl Fn() -> Stdio) -> [Daemon; 2] {
    let (url, webhook) = (redis.url(), receiver.url());
    let daemon = async |program, port_setting| {
        let port = free_port();
        let text = port.to_string();
        let settings = [
            ("REDIS_URL", url.as_str()),
            ("HOST", "127.0.0.1"),
            ("WEBHOOK_URL", &webhook),
            ("LOG_LEVEL", "debug"),
            (port_setting, &text),
        ];
        let daemon = Daemon::spawn_writing(program, &settings, port, lines());
        daemon.wait_until_up().await;
        daemon
    };
    [
        daemon(API, "PORT").await,
        daemon(MONITOR, "MONITOR_PORT").await,
    ]
}

/// All is taken, each is delivered once, and both end as they are told to.
async fn works(mut receiver: Receiver, daemons: [Daemon; 2], lost: bool) {
    let [mut api, mut monitor] = daemons;
    for number in 0..MESSAGES {
        api.say(&format!("user-{number}"), "hi", 0.1).await;
    }
    let mut ids: Vec<_> = Vec::new();
    while ids.len() < MESSAGES {
        ids.push(receiver.call().await.id());
    }
    eventually("nothing waits any more", async || {
        api.metric("lull_lanes_waiting").await == 0.0
    })
    .await;
    ids.extend(receiver.calls_so_far().iter().map(|call| call.id()));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), MESSAGES);
    for daemon in [&api, &monitor] {
        let dropped = daemon.metric("lull_log_lines_dropped_total").await;
        assert_eq!(dropped > 0.0, lost, "{dropped}");
    }
    assert!(api.stop().await.success());
    assert!(monitor.stop().await.success());
}

#[tokio::test]
async fn a_reader_that_has_gone_costs_lines_and_nothing_else() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let gone = || {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };

    let daemons = start(&redis, &receiver, gone).await;

    works(receiver, daemons, true).await;
}

#[tokio::test]
async fn a_full_disk_costs_lines_and_nothing_else() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());

    let daemons = start(&redis, &receiver, full).await;

    works(receiver, daemons, true).await;
}

#[tokio::test]
async fn a_reader_that_stands_still_is_waited_for_by_nobody_and_gets_what_fits() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let (reader, writer) = pipe().unwrap();
    let stands_still = || Stdio::from(writer.try_clone().unwrap());

    let daemons = start(&redis, &receiver, stands_still).await;
    drop(writer);
    // More than a pipe holds.
    for _ in 0..1_000 {
        let (status, _) = daemons[0].get("/api/chats/nobody").await;
        assert_eq!(status, 404);
    }

    works(receiver, daemons, false).await;
    let mut taken = String::new();
    { reader }.read_to_string(&mut taken).unwrap();
    assert!(taken.contains("Taking messages on"), "{taken}");
}

#[tokio::test]
async fn the_last_lines_and_the_error_of_a_daemon_that_cannot_start_come_out() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let settings = [
        ("REDIS_URL", "unix:///nowhere"),
        ("LOG_LEVEL", "debug"),
        ("PORT", "no"),
    ];
    let lines = Stdio::from(File::create(log.path()).unwrap());

    let mut daemon = Daemon::spawn_writing(API, &settings, 1, lines);

    assert!(!daemon.ended().await.success());
    let said = std::fs::read_to_string(log.path()).unwrap();
    assert!(
        said.starts_with("error: ") && said.ends_with('\n'),
        "{said}"
    );
}

#[tokio::test]
async fn one_that_cannot_even_say_why_it_does_not_start_ends_all_the_same() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);

    let mut daemon = Daemon::spawn_writing(MONITOR, &[("PORT", "no")], 1, Stdio::from(writer));

    assert_eq!(daemon.ended().await.code(), Some(1));
}

#[tokio::test]
async fn a_thousand_refusals_at_once_are_some_lines_and_one_that_counts_the_rest() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let refused = async || {
        let answer = api.client().get(api.url("/api/nothing")).send().await;
        assert_eq!(answer.unwrap().status(), 404);
    };

    let many = (0..1000).map(|_| refused());
    futures_util::stream::iter(many)
        .buffer_unordered(50)
        .collect::<()>()
        .await;
    api.logs("more requests were refused within the second")
        .await;

    let counted = |lines: &str| -> usize {
        let more = lines
            .lines()
            .filter(|line| line.contains("more requests were refused"));
        let counts = more.map(|line| line.split("refused=").nth(1).unwrap());
        counts
            .map(|count| count.split(' ').next().unwrap().parse::<usize>().unwrap())
            .sum()
    };
    let lines = || {
        api.log()
            .lines()
            .filter(|line| line.contains("status=404"))
            .count()
    };
    eventually("every refusal is told of", async || {
        counted(&api.log()) + lines() == 1000
    })
    .await;
    assert!(lines() < 200, "{}", lines());
}
