//! Strangers: how long others wait for their answers while very many connections send next to nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{interval, sleep};

use crate::daemon::Daemon;
use crate::helper::{self, Job};
use crate::http1::Connection;
use crate::message;
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::Quantiles;

/// From so many addresses of this machine.
const ADDRESSES: u8 = 20;
/// Each connection sends a byte in this time.
const BYTE_EVERY: Duration = Duration::from_secs(2);
/// Others ask once in this time, each on a connection of its own.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Connections that send a byte of a body now and then, and connect again when they are hung up on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Strangers {
    /// To which server.
    pub(crate) port: u16,
    /// How many.
    pub(crate) connections: u32,
}

impl Strangers {
    /// Connects all, says so, and goes on until the bench dismisses this helper.
    pub(crate) async fn serve(self) -> Result<()> {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        ensure!(
            most > u64::from(self.connections) + 50,
            "a process may have no more than {most} open files here"
        );
        for number in 0..self.connections {
            let last = 1 + u8::try_from(number % u32::from(ADDRESSES))?;
            let at = Ipv4Addr::new(127, 0, 1, last);
            let first = begin(at, self.port).await?;
            tokio::spawn(insist(first, at, self.port));
        }
        helper::answer(&self.port)?;
        helper::dismissed().await
    }
}

/// A connection with the head of a request on it.
async fn begin(at: Ipv4Addr, port: u16) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((at, 0)))?;
    let there = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = socket.connect(there).await?;
    stream
        .write_all(
            b"POST /api/webhook/default HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
              content-length: 1000\r\n\r\n",
        )
        .await?;
    Ok(stream)
}

async fn insist(mut stream: TcpStream, at: Ipv4Addr, port: u16) {
    loop {
        trickle(&mut stream).await;
        // A refused one rests for as long as its next byte would have taken.
        sleep(BYTE_EVERY / 2).await;
        if let Ok(again) = begin(at, port).await {
            stream = again;
        }
    }
}

/// Sends a byte now and then until the server has had enough.
async fn trickle(stream: &mut TcpStream) {
    let mut next = interval(BYTE_EVERY);
    loop {
        let mut heard = [0];
        tokio::select! {
            // An answer, or the end.
            _ = stream.read(&mut heard) => return,
            _ = next.tick() => if stream.write_all(b" ").await.is_err() { return },
        }
    }
}

#[derive(Debug, Serialize)]
struct Measured {
    strangers: u32,
    asked: usize,
    answered: usize,
    wait: Quantiles,
}

/// Measures others without strangers, and beside them.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (strangers, asked) = if quick { (50, 20) } else { (2000, 1500) };
    let measured = [beside(0, asked).await?, beside(strangers, asked).await?];
    let webhooks = webhooks(if quick { 20 } else { 1000 }).await?;
    let template = template().await?;
    let expectations = vec![
        Expectation::under("p99 of the others", 50.0, measured[1].wait.p99_ms, "ms"),
        Expectation::under(
            "asked and not answered",
            1.0,
            (measured[1].asked - measured[1].answered) as f64,
            "",
        ),
        Expectation::at_least(
            "webhooks of callers: the last new ones, beside the first",
            0.5,
            webhooks.last_per_second / webhooks.first_per_second,
        ),
        Expectation::under(
            "a template that doubles a text forty times",
            100.0,
            template,
            "MiB",
        ),
    ];
    let head = [
        "slow connections",
        "p50 ms",
        "p99 ms",
        "max ms",
        "answered",
        "of",
    ];
    let mut rows = vec![head.map(str::to_owned).into()];
    rows.extend(measured.iter().map(|it| {
        row([
            &it.strangers,
            &format!("{:.2}", it.wait.p50_ms),
            &format!("{:.2}", it.wait.p99_ms),
            &format!("{:.1}", it.wait.max_ms),
            &it.answered,
            &it.asked,
        ])
    }));
    Ok(Section {
        name: "strangers",
        title: format!(
            "Strangers: a message on a new connection every {} ms, beside connections from {ADDRESSES} addresses that each send a byte every {} s",
            ASK_EVERY.as_millis(),
            BYTE_EVERY.as_secs(),
        ),
        rows,
        notes: vec![format!(
            "A key brings {} new webhooks: the first tenth at {:.0}/s, the last at {:.0}/s. A template that doubles a text \
             forty times is refused, and makes api {template:.1} MiB larger.",
            webhooks.brought, webhooks.first_per_second, webhooks.last_per_second,
        )],
        expectations,
        data: serde_json::json!({
            "crowds": measured, "webhooks": webhooks, "template_mib": template,
        }),
    })
}

async fn beside(strangers: u32, asked: usize) -> Result<Measured> {
    let redis = RedisServer::start(&[]).await?;
    let (_api, port) = Daemon::api(redis.url(), redis.folder(), &[]).await?;
    let slow = Job::Strangers(Strangers {
        port,
        connections: strangers,
    });
    let _slow = slow.serving().await?;
    let mut waits = Vec::new();
    let mut next = interval(ASK_EVERY);
    for number in 0..asked {
        next.tick().await;
        let began = Instant::now();
        if ask(port, number as u64).await.is_ok() {
            waits.push(began.elapsed().as_secs_f64());
        }
    }
    Ok(Measured {
        strangers,
        asked,
        answered: waits.len(),
        wait: Quantiles::of(waits.into_iter()),
    })
}

/// A message on a connection of its own, as of a client that keeps none.
async fn ask(port: u16, number: u64) -> Result<()> {
    let mut connection = Connection::open(port).await?;
    let body = message::body(number, 60.0);
    let status = send(&mut connection, "POST /api/message", "", &body).await?;
    ensure!(status == "200", "refused: {status}");
    Ok(())
}

/// Sends a body; answers the status. `headers` each end with a line break.
async fn send(
    connection: &mut Connection,
    request: &str,
    headers: &str,
    body: &str,
) -> Result<String> {
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    connection.send(request.as_bytes()).await?;
    let answer = connection.next().await?.context("hung up")?;
    let line = String::from_utf8_lossy(answer.head);
    Ok(line.split(' ').nth(1).unwrap_or_default().to_owned())
}

#[derive(Debug, Serialize)]
struct Webhooks {
    brought: usize,
    first_per_second: f64,
    last_per_second: f64,
}

/// Brings so many messages, each with a webhook that nobody has named before.
async fn webhooks(count: usize) -> Result<Webhooks> {
    let redis = RedisServer::start(&[]).await?;
    let open = [("OPEN_BUFFER_SERVICE", "true")];
    let (_api, port) = Daemon::api(redis.url(), redis.folder(), &open).await?;
    let mut connection = Connection::open(port).await?;
    let mut rates = Vec::new();
    let tenth = count / 10;
    for part in 0..10 {
        let began = Instant::now();
        for number in part * tenth..(part + 1) * tenth {
            // Nobody is called: no monitor runs.
            let body = serde_json::json!({
                "webhook": { "url": format!("https://93.184.215.14/{number}"), "method": "POST" },
                "buffer": { "key": "user", "wait_time": 60, "aggregate_field": "json.text", "max_size": 5 },
                "payload": { "json": { "text": "oi" } },
            })
            .to_string();
            let status = send(&mut connection, "POST /api/v1/message", "", &body).await?;
            ensure!(status == "200", "webhook {number} is refused: {status}");
        }
        rates.push(tenth as f64 / began.elapsed().as_secs_f64());
    }
    Ok(Webhooks {
        brought: tenth * 10,
        first_per_second: rates[0],
        last_per_second: rates[9],
    })
}

/// How much larger api ever gets by a template that would take terabytes, in MiB.
async fn template() -> Result<f64> {
    const KEY: &str = "a-key-of-the-bench-that-is-long-enough";
    let redis = RedisServer::start(&[]).await?;
    let keys = format!("bench:{KEY}");
    let settings = [("API_KEYS", keys.as_str())];
    let (api, port) = Daemon::api(redis.url(), redis.folder(), &settings).await?;
    let before = api.memory()?.rss_mib;
    let doubling = "{% set ns = namespace(t='x') %}{% for i in range(40) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}";
    let body = serde_json::json!({ "url": "http://127.0.0.1:9/", "template": doubling });
    let mut connection = Connection::open(port).await?;
    let key = format!("x-api-key: {KEY}\r\n");
    let request = "PUT /api/destinations/bot";
    let status = send(&mut connection, request, &key, &body.to_string()).await?;
    ensure!(status == "400", "the template is taken: {status}");
    Ok(api.memory()?.peak_mib - before)
}
