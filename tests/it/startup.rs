//! How the daemons start: patient with a Redis that is not there yet, and not with one that will not have them.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::daemon::{API, LULL, MONITOR, free_port};
use crate::support::{Daemon, Receiver, TestRedis};

/// Where nobody is called.
const NOWHERE: (&str, &str) = ("WEBHOOK_URL", "http://127.0.0.1:9/webhook/x");

/// Everything that needs Redis, with what to call it with.
const ALL: [(&str, &[&str]); 3] = [(API, &[]), (MONITOR, &[]), (LULL, &["up"])];

fn with<'a>(url: &'a str, port: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut settings = vec![
        ("REDIS_URL", url),
        ("HOST", "127.0.0.1"),
        ("PORT", port),
        ("MONITOR_PORT", port),
        NOWHERE,
    ];
    settings.extend(more);
    settings
}

/// Gives Redis a password.
async fn lock(redis: &TestRedis, password: &str) {
    redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", password])
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();
}

#[tokio::test]
async fn every_daemon_waits_for_redis_and_says_so() {
    for (program, arguments) in ALL {
        let mut redis = TestRedis::start().await;
        redis.kill();
        let (url, port) = (redis.url(), free_port());
        let daemon = Daemon::spawn(
            program,
            arguments,
            &with(&url, &port.to_string(), &[]),
            port,
        );
        daemon.logs("Waiting for Redis at ").await;

        redis.start_again().await;

        daemon.wait_until_up().await;
        daemon.logs("Connected to Redis 7.").await;
    }
}

#[tokio::test]
async fn a_wrong_password_stops_every_daemon_and_is_not_told() {
    let redis = TestRedis::start().await;
    lock(&redis, "r1ght").await;
    let url = redis.url();

    for (program, arguments) in ALL {
        for wrong in ["wr0ng", ""] {
            let settings = with(&url, "0", &[("REDIS_PASSWORD", wrong)]);
            let mut daemon = Daemon::spawn(program, arguments, &settings, 0);

            let status = daemon.ended().await;

            let log = daemon.log();
            assert_eq!(status.code(), Some(1), "{log}");
            assert_eq!(log.lines().count(), 1, "{log}");
            assert!(
                log.contains("check REDIS_USERNAME and REDIS_PASSWORD"),
                "{log}"
            );
            assert!(!log.contains("wr0ng"), "{log}");
        }
    }
}

#[tokio::test]
async fn the_right_password_opens_redis() {
    let redis = TestRedis::start().await;
    lock(&redis, "r1ght").await;

    let api = Daemon::api_with(&redis, &[("REDIS_PASSWORD", "r1ght")]).await;

    api.say("ana", "oi", 60.0).await;
}

#[tokio::test]
async fn a_redis_that_is_too_old_stops_every_daemon() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(old_redis(stream));
        }
    });

    for (program, arguments) in ALL {
        let mut daemon = Daemon::spawn(program, arguments, &with(&url, "0", &[]), 0);

        let status = daemon.ended().await;

        let log = daemon.log();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(
            log.contains("is version 6.2.14; Lull needs Redis 7.0 or newer"),
            "{log}"
        );
    }
}

/// Answers every command as Redis 6.2 would answer INFO or, to anything else, OK.
async fn old_redis(mut stream: TcpStream) {
    const INFO: &str = "# Server\r\nredis_version:6.2.14\r\n";
    let mut buffer = vec![0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..length]).to_uppercase();
        for command in text.split('*').skip(1) {
            let answer = if command.contains("INFO\r\n$6\r\nSERVER") {
                format!("${}\r\n{INFO}\r\n", INFO.len())
            } else {
                "+OK\r\n".to_owned()
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_port_that_is_taken_stops_every_daemon_and_is_named() {
    let redis = TestRedis::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let url = redis.url();

    for ((program, arguments), variables) in
        ALL.into_iter()
            .zip(["HOST, PORT", "HOST, MONITOR_PORT", "HOST, PORT"])
    {
        let mut daemon = Daemon::spawn(program, arguments, &with(&url, &port, &[]), 0);

        let status = daemon.ended().await;

        let log = daemon.log();
        let line = format!("error: cannot listen on 127.0.0.1:{port} ({variables}): ");
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.lines().any(|said| said.starts_with(&line)), "{log}");
    }
}

#[tokio::test]
async fn the_test_url_of_n8n_is_warned_of_and_still_used() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let test = format!("http://{}/webhook-test/x", receiver.address());

    let monitor = Daemon::monitor(&redis, &test).await;
    api.say("ana", "oi", 0.1).await;

    monitor
        .logs("WARN The URL of default holds /webhook-test/")
        .await;
    let call = receiver.call().await;
    assert_eq!(call.request_line, "POST /webhook-test/x HTTP/1.1");
}

#[tokio::test]
async fn the_production_url_is_not_warned_of() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;

    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    monitor.logs("Delivering to").await;
    assert!(!monitor.log().contains("WARN"), "{}", monitor.log());
}
