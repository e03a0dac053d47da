//! Webhooks that answer to hurt: what they are sent is settled or comes again, nothing they say is believed, and what is
//! said in other chats leaves meanwhile.

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::system::System;
use crate::support::{DEADLINE, eventually};

/// What is said instead of an answer: this, then this over and over.
struct Evil {
    name: &'static str,
    first: Vec<u8>,
    then: Vec<u8>,
    /// What the log says became of the call; nothing where it was accepted.
    means: Option<&'static str>,
}

fn evil(name: &'static str, first: &str, then: &str, means: Option<&'static str>) -> Evil {
    Evil {
        name,
        first: first.into(),
        then: then.into(),
        means,
    }
}

/// A gzip member that is a mebibyte of zeros: 1 KiB.
fn bomb() -> Vec<u8> {
    let head = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109, 8, 95,
        160,
    ];
    let end = [62, 3, 28, 234, 56, 167, 0, 0, 16, 0];
    [&head[..], &[0; 1016], &end].concat()
}

fn all() -> Vec<Evil> {
    let headers: String = (0..10_000)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    let redirect =
        |to: &str| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
    vec![
        evil(
            "endless",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            &format!("1000\r\n{}\r\n", "x".repeat(0x1000)),
            None,
        ),
        Evil {
            name: "bomb",
            first: b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".to_vec(),
            then: bomb(),
            means: None,
        },
        evil(
            "headers",
            &format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n"),
            "",
            Some("connection broke"),
        ),
        evil(
            "header",
            "HTTP/1.1 200 OK\r\nx: ",
            "yyyyyyyyyyyyyyyy",
            Some("connection broke"),
        ),
        evil(
            "slow",
            "HTTP/1.1 200 OK\r\nx",
            "",
            Some("no answer within 1 s"),
        ),
        evil(
            "other",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "",
            Some("connection broke"),
        ),
        evil(
            "early",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\n\r\n",
            Some("no answer within 1 s"),
        ),
        evil(
            "metadata",
            &redirect("http://169.254.169.254/latest/meta-data/"),
            "",
            Some("HTTP 302"),
        ),
        evil("loop", &redirect("/webhook"), "", Some("HTTP 302")),
        evil(
            "switch",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "",
            Some("HTTP 101"),
        ),
        evil(
            "length",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n",
            "x",
            None,
        ),
    ]
}

/// Serves one of them; tells of each call by its request line.
async fn serve(listener: TcpListener, evil: Evil, calls: mpsc::UnboundedSender<String>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (first, then) = (evil.first.clone(), evil.then.clone());
        tokio::spawn(converse(stream, first, then, calls.clone()));
    }
}

async fn converse(
    stream: TcpStream,
    first: Vec<u8>,
    then: Vec<u8>,
    calls: mpsc::UnboundedSender<String>,
) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut length = 0;
    loop {
        let mut next = String::new();
        stream.read_line(&mut next).await.unwrap();
        if let Some(number) = next.strip_prefix("content-length: ") {
            length = number.trim().parse().unwrap();
        }
        assert!(!next.starts_with("accept-encoding"), "{next}");
        if next.trim().is_empty() {
            break;
        }
        line.push_str(&next);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let _ = calls.send(line);
    let _ = stream.write_all(&first).await;
    while !then.is_empty() && stream.write_all(&then).await.is_ok() {}
    // What has no more to say keeps the connection.
    let _ = stream.read(&mut body).await;
}

#[tokio::test]
async fn no_answer_keeps_a_neighbour_waiting_or_costs_memory() {
    let settings = [("RETRY_FIRST", "60"), ("RETRY_CAP", "60")];
    let mut system = System::with_settings(&[], &settings).await;
    let mut calls = Vec::new();
    let all = all();
    let told: Vec<_> = all.iter().map(|evil| (evil.name, evil.means)).collect();
    let mut written = json!(null);
    for evil in all {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let name = evil.name;
        system
            .put(
                &format!("/api/destinations/{name}"),
                json!({"url": url, "timeout": 1}),
            )
            .await;
        let spec = json!({ "destinations": [name] });
        let (status, answer) = system.put(&format!("/api/buffers/{name}"), spec).await;
        assert_eq!(status, 200, "{answer}");
        written = answer;
        let (tell, called) = mpsc::unbounded_channel();
        tokio::spawn(serve(listener, evil, tell));
        calls.push(called);
    }
    system.taken_up(&written).await;
    let memory = system.monitor.memory_kib();

    for (name, _) in &told {
        system.say(name, "ana", "oi", crate::support::SHORT).await;
    }
    for called in &mut calls {
        let line = timeout(DEADLINE, called.recv()).await.unwrap().unwrap();
        assert!(line.starts_with("POST /webhook "), "{line}");
    }
    // While all of them are at it.
    system
        .say("default", "eva", "oi", crate::support::SHORT)
        .await;
    assert_eq!(system.default.call().await.user(), "eva");

    for (name, means) in &told {
        let Some(means) = means else { continue };
        eventually(name, async || {
            let log = system.monitor.log();
            let mut lines = log.lines().filter(|line| {
                line.contains(&format!("destination={name} "))
                    || line.ends_with(&format!("destination={name}"))
            });
            lines.any(|line| line.contains(means))
        })
        .await;
    }
    let accepted = told.iter().filter(|(_, means)| means.is_none()).count();
    eventually("what was accepted is settled", async || {
        let name = r#"lull_attempts_total{outcome="delivered"}"#;
        let delivered = system.monitor.metric(name).await;
        delivered == f64::from(u32::try_from(accepted).unwrap() + 1)
    })
    .await;
    // Where they are sent is not asked of them.
    for called in &mut calls {
        while let Ok(line) = called.try_recv() {
            // A connection that was opened for a call may be left unused, when another is free sooner.
            let is_ours = line.is_empty() || line.starts_with("POST /webhook ");
            assert!(is_ours, "{line}");
        }
    }
    let grown = system.monitor.memory_kib().saturating_sub(memory);
    assert!(grown < 30_000, "{grown} KiB");
}
