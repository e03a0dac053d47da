//! Being told to stop: once is heeded in peace, twice at once.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::daemon::{API, LULL, MONITOR, free_port};
use crate::support::{Answer, Daemon, Receiver, TestRedis};

/// Shorter than anything that a first signal waits for.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Everything in one process, with the Redis and the receiver of the test.
async fn up(redis: &TestRedis, receiver: &Receiver) -> Daemon {
    let (port, url) = (free_port(), redis.url());
    let settings = [
        ("REDIS_URL", url.as_str()),
        ("WEBHOOK_URL", &receiver.url()),
        ("HOST", "127.0.0.1"),
        ("PORT", &port.to_string()),
    ];
    let daemon = Daemon::spawn(LULL, &["up"], &settings, port);
    daemon.wait_until_up().await;
    daemon
}

const BODY: &str = r#"{"user": "ana", "message": "oi"}"#;

/// A client whose request the api has begun to read, and that has yet to send the body.
async fn request_in_hand(api: &Daemon) -> TcpStream {
    let address = api.url("").replace("http://", "");
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         expect: 100-continue\r\n\r\n",
        BODY.len()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    client.read_exact(&mut go_on).await.unwrap();
    client
}

/// Signals twice, the second time while the first is being heeded; answers the exit code and how long that took.
async fn stopped_twice(mut daemon: Daemon) -> (Option<i32>, Duration) {
    daemon.signal(Signal::SIGTERM);
    daemon.logs("finishing what is in hand").await;
    let began = Instant::now();
    daemon.signal(Signal::SIGINT);
    let status = daemon.ended().await;
    (status.code(), began.elapsed())
}

#[tokio::test]
async fn one_signal_ends_every_daemon_with_success() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;

    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let api = Daemon::api(&redis).await;
        let monitor = Daemon::monitor(&redis, &receiver.url()).await;
        let up = up(&redis, &receiver).await;
        for mut daemon in [api, monitor, up] {
            daemon.signal(signal);

            assert_eq!(daemon.ended().await.code(), Some(0), "{signal}");
        }
    }
}

#[tokio::test]
async fn who_waits_for_redis_can_be_stopped() {
    let mut redis = TestRedis::start().await;
    redis.kill();
    let url = redis.url();
    let settings = [
        ("REDIS_URL", url.as_str()),
        ("PORT", "0"),
        ("WEBHOOK_URL", "http://127.0.0.1:9/"),
    ];

    for (program, arguments) in [(API, &[][..]), (MONITOR, &[]), (LULL, &["up"])] {
        let mut daemon = Daemon::spawn(program, arguments, &settings, 0);
        daemon.logs("Waiting for Redis").await;

        assert_eq!(daemon.stop().await.code(), Some(0), "{program}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_monitor_that_still_waits_for_an_answer() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Silence).await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say("ana", "oi", 0.1).await;
    receiver.call().await;

    let (code, took) = stopped_twice(monitor).await;

    assert_eq!(code, Some(1));
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_second_signal_ends_an_api_that_still_reads_a_request() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let _client = request_in_hand(&api).await;

    let (code, took) = stopped_twice(api).await;

    assert_eq!(code, Some(1));
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_second_signal_ends_lull_up() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Silence).await;
    let daemon = up(&redis, &receiver).await;
    daemon.say("ana", "oi", 0.1).await;
    receiver.call().await;

    let (code, took) = stopped_twice(daemon).await;

    assert_eq!(code, Some(1));
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_request_in_hand_is_answered_before_the_end() {
    let redis = TestRedis::start().await;
    let mut api = Daemon::api(&redis).await;
    let mut client = request_in_hand(&api).await;

    api.signal(Signal::SIGTERM);
    api.logs("finishing what is in hand").await;
    client.write_all(BODY.as_bytes()).await.unwrap();

    assert_eq!(api.ended().await.code(), Some(0));
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
