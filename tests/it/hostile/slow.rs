//! Clients that keep a connection and do not go on, and more of them than there are places.

use std::net::{Ipv4Addr, SocketAddr};

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::daemon::{SUITE_KEY, read_all};
use crate::support::{DEADLINE, Daemon, Receiver, TestRedis};

/// The limits of these tests, which nobody wants to wait for.
const QUICK: [(&str, &str); 2] = [("REQUEST_TIMEOUT", "0.3"), ("KEEP_ALIVE", "0.6")];
/// So long that no test would see their end.
const NEVER: [(&str, &str); 2] = [("REQUEST_TIMEOUT", "3600"), ("KEEP_ALIVE", "3600")];

const BODY: &str = r#"{"user": "ana", "message": "oi", "ttl": 60}"#;
const HEALTH: &str = "GET /api/health HTTP/1.1\r\nhost: lull\r\n\r\n";

fn head() -> String {
    let length = BODY.len();
    format!(
        "POST / HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// A connection that has said this.
async fn said(api: &Daemon, words: &str) -> TcpStream {
    let mut stream = api.connect().await;
    stream.write_all(words.as_bytes()).await.unwrap();
    stream
}

/// Reads until an answer has come whose end is the end of its JSON; answers its status line.
async fn answered(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut some = [0; 1024];
        let read = timeout(DEADLINE, stream.read(&mut some)).await.unwrap();
        let read = read.unwrap();
        assert!(read > 0, "closed after {answer:?}");
        answer.extend_from_slice(&some[..read]);
    }
    let answer = String::from_utf8(answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_client_that_does_not_go_on_is_told_so_where_it_has_asked_and_hung_up_on_where_not() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &QUICK).await;
    let silent = said(&api, "").await;
    let half_a_head = said(&api, "POST / HTTP/1.1\r\nhost: lu").await;
    let half_a_body = said(&api, &format!("{}{{\"user\":", head())).await;
    let mut done = said(&api, HEALTH).await;
    let first = answered(&mut done).await;

    assert_eq!(read_all(silent).await, "");
    assert_eq!(read_all(half_a_head).await, "");
    let refused = read_all(half_a_body).await;
    assert!(refused.starts_with("HTTP/1.1 408 "), "{refused}");
    assert!(refused.contains("0.3 s"), "{refused}");
    // Its request was answered, so that there is nothing to say.
    assert_eq!(first, "HTTP/1.1 200 OK");
    assert_eq!(read_all(done).await, "");
    assert!(redis.keys("lull:*:window:*").await.is_empty());
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_has_no_more_time_than_any_other() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &QUICK).await;
    let mut client = said(&api, "GET /api/health HTTP/1.1\r\nx: ").await;

    let mut sent = 0;
    let closed = async {
        // The first write after the end may still seem to go well.
        while client.write_all(b"x").await.is_ok() {
            sent += 1;
            tokio::task::yield_now().await;
            let _ = timeout(std::time::Duration::from_millis(5), client.readable()).await;
        }
    };

    timeout(DEADLINE, closed).await.unwrap();
    assert!(sent > 1);
}

#[tokio::test]
async fn who_never_reads_answers_gets_no_more_of_them() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &QUICK).await;
    let mut client = api.connect().await;

    let asking = async {
        // The answer names the path.
        let path = "x".repeat(20_000);
        let request = format!("GET /{path} HTTP/1.1\r\nhost: lull\r\n\r\n");
        while client.write_all(request.as_bytes()).await.is_ok() {}
    };

    timeout(DEADLINE, asking).await.unwrap();
}

#[tokio::test]
async fn clients_that_want_nothing_make_room_for_one_that_does() {
    let redis = TestRedis::start().await;
    let settings = [&NEVER[..], &[("MAX_CONNECTIONS", "6")]].concat();
    let api = Daemon::api_with(&redis, &settings).await;
    let mut idle = Vec::new();
    for _ in 0..6 {
        let mut client = said(&api, HEALTH).await;
        assert_eq!(answered(&mut client).await, "HTTP/1.1 200 OK");
        idle.push(client);
    }
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(said(&api, "").await);
    }

    let mut client = said(&api, HEALTH).await;

    assert_eq!(answered(&mut client).await, "HTTP/1.1 200 OK");
    for client in idle.into_iter().take(3) {
        assert_eq!(read_all(client).await, "");
    }
}

#[tokio::test]
async fn a_client_waits_while_all_others_are_at_work_and_is_served_then() {
    let redis = TestRedis::start().await;
    let settings = [&NEVER[..], &[("MAX_CONNECTIONS", "2")]].concat();
    let api = Daemon::api_with(&redis, &settings).await;
    redis.signal(Signal::SIGSTOP);
    let request = format!("{}{BODY}", head());
    let mut working = [said(&api, &request).await, said(&api, &request).await];

    let mut client = said(&api, HEALTH).await;
    api.logs("All 2 connections (MAX_CONNECTIONS) are at work")
        .await;
    redis.signal(Signal::SIGCONT);

    for client in &mut working {
        assert!(answered(client).await.starts_with("HTTP/1.1 "));
    }
    assert_eq!(answered(&mut client).await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn half_a_request_gives_way_where_there_is_no_other_place() {
    let redis = TestRedis::start().await;
    let settings = [&NEVER[..], &[("MAX_CONNECTIONS", "2")]].concat();
    let api = Daemon::api_with(&redis, &settings).await;
    let first = said(&api, "POST / HTTP/1.1\r\nhost: lu").await;
    let _second = said(&api, "POST / HTTP/1.1\r\nhost: lu").await;

    let mut client = said(&api, HEALTH).await;

    assert_eq!(answered(&mut client).await, "HTTP/1.1 200 OK");
    assert_eq!(read_all(first).await, "");
}

/// A connection from an address, on which this is said.
async fn said_from(at: Ipv4Addr, port: u16, words: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((at, 0)))?;
    let mut stream = socket
        .connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await?;
    stream.write_all(words.as_bytes()).await?;
    Ok(stream)
}

/// A client that connects anew whenever it is hung up on, and says no more than this each time.
async fn insists(mut stream: TcpStream, at: Ipv4Addr, port: u16, words: String) {
    loop {
        let _ = stream.read(&mut [0; 1]).await;
        if let Ok(again) = said_from(at, port, &words).await {
            stream = again;
        }
    }
}

#[tokio::test]
async fn those_who_send_slowly_from_many_addresses_give_way_to_everybody_else() {
    let redis = TestRedis::start().await;
    let settings = [&NEVER[..], &[("MAX_CONNECTIONS", "20")]].concat();
    let api = Daemon::api_with(&redis, &settings).await;
    let mut slow = JoinSet::new();
    let half = format!("{}{{\"user\":", head());
    for number in 0..40 {
        let words = [half.as_str(), "POST / HTTP/1.1\r\nhost: lu", ""][number % 3];
        let at = Ipv4Addr::new(127, 0, 1, 1 + u8::try_from(number % 4).unwrap());
        let first = said_from(at, api.port(), words).await.unwrap();
        slow.spawn(insists(first, at, api.port(), words.to_owned()));
    }

    for _ in 0..20 {
        let mut client = said(&api, HEALTH).await;
        assert_eq!(answered(&mut client).await, "HTTP/1.1 200 OK");
    }
}

#[tokio::test]
async fn a_key_a_buffer_and_a_length_are_looked_at_before_the_body() {
    let redis = TestRedis::start().await;
    let settings = [&NEVER[..], &[("API_KEYS", "suite:the-key-of-the-suite")]].concat();
    let api = Daemon::api_with(&redis, &settings).await;
    let said_of = async |path: &str, header: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\n{header}\r\nexpect: 100-continue\r\n\r\n"
        );
        let mut client = said(&api, &head).await;
        // The body is not asked for, so that nothing but the refusal comes.
        answered(&mut client).await
    };
    let length = "content-length: 30";
    let key = format!("x-api-key: {SUITE_KEY}\r\n{length}");

    let no_key = said_of("/api/webhook/default", length).await;
    let no_key_of_nobody = said_of("/api/webhook/nobody", length).await;
    let no_buffer = said_of("/api/webhook/nobody", &key).await;
    let huge = format!("x-api-key: {SUITE_KEY}\r\ncontent-length: 99999999");
    let too_large = said_of("/api/webhook/default", &huge).await;

    assert_eq!(no_key, "HTTP/1.1 401 Unauthorized");
    assert_eq!(no_key_of_nobody, no_key);
    assert_eq!(no_buffer, "HTTP/1.1 404 Not Found");
    assert_eq!(too_large, "HTTP/1.1 413 Payload Too Large");
}

#[tokio::test]
async fn many_that_do_not_go_on_keep_nobody_else_from_being_heard() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &NEVER).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let memory = api.memory_kib();
    let head = head().replace(&format!("length: {}", BODY.len()), "length: 1000000");
    let begun = format!("{head}{}", "x".repeat(32 * 1024));

    let mut clients = Vec::new();
    for words in ["", "POST / HTTP/1.1\r\nhost: lu", &begun] {
        for _ in 0..100 {
            clients.push(said(&api, words).await);
        }
    }
    api.say("eva", "oi", 0.1).await;

    assert_eq!(receiver.call().await.user(), "eva");
    let grown = api.memory_kib() - memory;
    assert!(grown < 40_000, "{grown} KiB");
}
