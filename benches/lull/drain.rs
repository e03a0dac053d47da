//! Drain: batches that monitor delivers in a second when many windows fall due at once, beside what a bare HTTP client
//! delivers to the same receiver.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use lull::core::chat::Name;
use lull::spec::{BufferSpec, DestinationSpec};
use lull::store::Store;
use lull::store::config::{Kind, Mode};
use serde::Serialize;

use crate::append;
use crate::calls::Calls;
use crate::course::{Course, Tally};
use crate::daemon::Daemon;
use crate::helper::{Job, Server};
use crate::message;
use crate::receiver::{self, Arrival};
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::median;
use lull_kit::proc;

/// As many as monitor's `CONCURRENCY`.
const CLIENTS: usize = 256;
const TTL: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(30);
/// Says what the default payload says.
const TEMPLATE: &str = r#"{"phone":{{phone}},"sender_name":{{sender_name}},"id_agente":{{id_agente}},"numero_conectado":{{numero_conectado}},"instance_id":{{instance_id}},"provider":{{provider}},"server_url":{{server_url}},"token":{{token}},"foto":{{foto}},"modo":{{modo}},"user":{{user}},"user_id":{{user}},"messages":{{messages}},"processed_at":{{closed_at}}}"#;

/// One turn of monitor or of the bare client. CPU times are seconds per 100,000 batches.
#[derive(Debug, Default, Serialize)]
struct Turn {
    per_second: f64,
    per_second_since_start: f64,
    cpu_redis: f64,
    cpu_client: f64,
    cpu_receiver: f64,
}

#[derive(Debug, Serialize)]
struct Turns {
    monitor: Vec<Turn>,
    template: Vec<Turn>,
    bare_client: Vec<Turn>,
}

/// Measures both in turn.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (rounds, count) = if quick { (1, 500) } else { (3, 20_000) };
    let mut turns = Turns {
        monitor: Vec::new(),
        template: Vec::new(),
        bare_client: Vec::new(),
    };
    let mut receiver = Job::Receiver.serving().await?;
    for _ in 0..rounds {
        turns
            .monitor
            .push(by_monitor(&mut receiver, count, None).await?);
        turns
            .template
            .push(by_monitor(&mut receiver, count, Some(TEMPLATE)).await?);
        turns
            .bare_client
            .push(by_bare_client(&mut receiver, count).await?);
    }
    let pairs = turns.monitor.iter().zip(&turns.bare_client);
    let ratio = median(pairs.map(|(monitor, bare)| monitor.per_second / bare.per_second));
    let pairs = turns.template.iter().zip(&turns.monitor);
    let of_payload = median(pairs.map(|(template, plain)| template.per_second / plain.per_second));
    Ok(Section {
        name: "drain",
        title: format!(
            "Drain: {count} windows that have fallen due at once, {CLIENTS} attempts in flight, medians of {rounds} rounds"
        ),
        rows: rows(&turns),
        notes: Vec::new(),
        expectations: vec![
            Expectation::at_least("monitor, of the bare client", 0.5, ratio),
            Expectation::at_least("with a template, of the default payload", 0.85, of_payload),
        ],
        data: serde_json::to_value(&turns)?,
    })
}

fn rows(turns: &Turns) -> Vec<Vec<String>> {
    let head = [
        "",
        "batches/s",
        "since its start",
        "CPU s per 100,000: redis",
        "client",
        "receiver",
    ];
    let mut rows = vec![head.map(str::to_owned).into()];
    for (name, turns) in [
        ("monitor", &turns.monitor),
        ("monitor, body by a template", &turns.template),
        ("bare HTTP client", &turns.bare_client),
    ] {
        let median_of = |get: fn(&Turn) -> f64| median(turns.iter().map(get));
        rows.push(row([
            &name,
            &format!("{:.0}", median_of(|turn| turn.per_second)),
            &format!("{:.0}", median_of(|turn| turn.per_second_since_start)),
            &format!("{:.2}", median_of(|turn| turn.cpu_redis)),
            &format!("{:.2}", median_of(|turn| turn.cpu_client)),
            &format!("{:.2}", median_of(|turn| turn.cpu_receiver)),
        ]));
    }
    rows
}

async fn by_monitor(receiver: &mut Server, count: u64, template: Option<&str>) -> Result<Turn> {
    let redis = RedisServer::start(&[]).await?;
    let store = redis.store().await?;
    let buffer = match template {
        Some(template) => configure(&store, receiver.port(), template).await?,
        None => Name::default_name(),
    };
    append::open_windows_of(&buffer, &store, 0..count, message::item()?, |_| TTL).await?;
    tokio::time::sleep(TTL * 2).await;

    let receiver_before = proc::cpu_seconds(receiver.pid()?)?;
    let redis_before = redis.cpu_seconds()?;
    let started = now()?;
    let (monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
    let arrivals = receiver::wait_for(receiver, usize::try_from(count)?, PATIENCE).await?;
    let mut turn = Turn::of(&arrivals, count, started)?;
    turn.cpu_redis = per_100k(redis.cpu_seconds()? - redis_before, count);
    turn.cpu_client = per_100k(monitor.cpu_seconds()?, count);
    turn.cpu_receiver = per_100k(proc::cpu_seconds(receiver.pid()?)? - receiver_before, count);
    Ok(turn)
}

/// A buffer and a destination of one name, with a template.
async fn configure(store: &Store, port: u16, template: &str) -> Result<Name> {
    let name = Name::parse("bot")?;
    let destination = DestinationSpec {
        name: name.to_string(),
        url: format!("http://127.0.0.1:{port}/"),
        template: Some(template.to_owned()),
        ..DestinationSpec::default()
    };
    let buffer = BufferSpec {
        name: name.to_string(),
        destinations: vec![name.to_string()],
        ..BufferSpec::default()
    };
    store
        .config()
        .write(
            Kind::Destination,
            &name,
            &destination,
            Mode::Any,
            None,
            None,
        )
        .await?;
    store
        .config()
        .write(Kind::Buffer, &name, &buffer, Mode::Any, None, None)
        .await?;
    Ok(name)
}

async fn by_bare_client(receiver: &mut Server, count: u64) -> Result<Turn> {
    let receiver_before = proc::cpu_seconds(receiver.pid()?)?;
    let started = now()?;
    let calls = Calls {
        port: receiver.port(),
        course: Course::of_requests(CLIENTS, count),
    };
    let tally: Tally = Job::Calls(calls).done().await?;
    let arrivals = receiver::wait_for(receiver, usize::try_from(count)?, PATIENCE).await?;
    let mut turn = Turn::of(&arrivals, count, started)?;
    turn.cpu_client = per_100k(tally.cpu_seconds, count);
    turn.cpu_receiver = per_100k(proc::cpu_seconds(receiver.pid()?)? - receiver_before, count);
    Ok(turn)
}

impl Turn {
    fn of(arrivals: &[Arrival], count: u64, started: Duration) -> Result<Self> {
        let chats = receiver::chats(arrivals);
        ensure!(
            chats == arrivals.len() && chats as u64 == count,
            "of {count} batches {chats} arrived, in {} calls",
            arrivals.len()
        );
        let times = || arrivals.iter().map(|&(_, at)| Duration::from_micros(at));
        let (first, last) = times().min().zip(times().max()).unwrap_or_default();
        let per_second = |took: Duration| count as f64 / took.as_secs_f64();
        Ok(Self {
            per_second: per_second(last - first),
            per_second_since_start: per_second(last.saturating_sub(started)),
            ..Self::default()
        })
    }
}

fn per_100k(seconds: f64, count: u64) -> f64 {
    seconds / count as f64 * 100_000.0
}

/// Since 1970, as the receiver counts.
fn now() -> Result<Duration> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?)
}
