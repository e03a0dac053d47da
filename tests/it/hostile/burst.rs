//! Bursts of large bodies: what all of them may take together, and that it is given back.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Daemon, TestRedis, eventually};

/// A body of 960 KB.
const BYTES: usize = 960_000;
/// Together they would take three times what is allowed to stay.
const POSTS: usize = 300;
/// What may stay of a burst.
const STAYS_KIB: u64 = 100_000;

/// The head of a post, and its body.
fn post() -> (String, Vec<u8>) {
    let mut body = br#"{"user":"ana","message":""#.to_vec();
    body.resize(BYTES - 2, b'x');
    body.extend_from_slice(br#""}"#);
    let head = format!(
        "POST / HTTP/1.1\r\nhost: lull\r\ncontent-type: application/json\r\ncontent-length: {BYTES}\r\n\r\n"
    );
    (head, body)
}

/// Begins so many posts and sends all but the end of each; answers those connections and what is left to send.
async fn burst(api: &Daemon) -> (Vec<TcpStream>, Vec<u8>) {
    let (head, body) = post();
    let (begin, end) = body.split_at(BYTES - 1000);
    let mut clients = Vec::new();
    for _ in 0..POSTS {
        let mut client = api.connect().await;
        client.write_all(head.as_bytes()).await.unwrap();
        clients.push(client);
    }
    for part in begin.chunks(160_000) {
        for client in &mut clients {
            // Who was refused meanwhile may be gone.
            let _ = client.write_all(part).await;
        }
    }
    (clients, end.to_vec())
}

/// The first line and the headers of an answer.
async fn answered(client: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let length = client.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn bodies_beyond_the_budget_get_503_and_those_within_are_taken() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_BODIES_BYTES", "10000000")]).await;

    let (mut clients, end) = burst(&api).await;
    let (mut taken, mut refused) = (0, 0);
    for client in &mut clients {
        let _ = client.write_all(&end).await;
        let answer = answered(client).await;
        if answer.starts_with("HTTP/1.1 200") {
            taken += 1;
        } else if answer.starts_with("HTTP/1.1 503") {
            assert!(answer.contains("retry-after: 1"), "{answer}");
            refused += 1;
        }
    }

    assert!(taken > 0, "none was taken");
    assert!(refused > POSTS / 2, "only {refused} were refused");
    drop(clients);
    // What was refused counts no more.
    api.say("eva", &"x".repeat(900_000), 60.0).await;
}

#[tokio::test]
async fn what_comes_slowly_holds_no_more_than_has_come() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_BODIES_BYTES", "1048576")]).await;
    let (head, body) = post();
    let mut clients = Vec::new();
    for _ in 0..200 {
        let mut client = api.connect().await;
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&body[..1000]).await.unwrap();
        clients.push(client);
    }

    api.say("eva", &"x".repeat(500_000), 60.0).await;

    drop(clients);
}

#[tokio::test]
async fn memory_that_a_burst_took_is_given_back() {
    let redis = TestRedis::start().await;
    // Without a budget, so that it is the allocator that gives back.
    let api = Daemon::api_with(&redis, &[("MAX_BODIES_BYTES", "0")]).await;
    let before = api.rss_kib();

    let (clients, _) = burst(&api).await;
    eventually("the bodies are there", async || {
        api.rss_kib() > before + 2 * STAYS_KIB
    })
    .await;
    drop(clients);

    eventually("it is given back", async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        api.rss_kib() < before + STAYS_KIB
    })
    .await;
}
