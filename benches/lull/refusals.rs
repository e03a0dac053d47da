//! Refusals: how late the batches of other chats are while some are always refused, and how a destination that was away
//! gets what has waited for it.

use std::collections::HashMap;
use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use lull::core::chat::Name;
use lull::spec::{BufferSpec, DestinationSpec};
use lull::store::Store;
use lull::store::config::{Kind, Mode};
use serde::Serialize;

use crate::append::{self, Appender};
use crate::daemon::Daemon;
use crate::helper::Job;
use crate::message;
use crate::receiver::{self, Arrival};
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::Quantiles;

/// Chats that speak; half of them are refused, or none.
const CHATS: u64 = 80;
const TTL: Duration = Duration::from_millis(100);
/// Destinations that never answer, and the chats of each that wait for it.
const SILENT: u64 = 8;
const SILENT_CHATS: u64 = 500;
/// Each chat says something once in this time.
const PERIOD: Duration = Duration::from_secs(1);
/// Deadlines are reckoned this exactly, µs.
const RECKONED: u64 = 50_000;
/// For the last batches to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Serialize)]
struct Crowd {
    refused_chats: u64,
    refused_calls: usize,
    silent_destinations: u64,
    said: usize,
    arrived: usize,
    lateness: Quantiles,
}

#[derive(Debug, Serialize)]
struct Outage {
    lanes: u64,
    away_seconds: u64,
    calls_while_away: usize,
    first_call_ms: f64,
    all_seconds: f64,
    all_seconds_without_outage: f64,
}

/// Measures both.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (rounds, lanes, away) = if quick { (2, 300, 2) } else { (40, 50_000, 60) };
    let crowds = [
        crowd(0, 0, rounds).await?,
        crowd(CHATS / 2, 0, rounds).await?,
        crowd(0, SILENT, rounds).await?,
    ];
    let outage = outage(lanes, Duration::from_secs(away)).await?;
    let expectations = vec![
        Expectation::under(
            "p99 of the others, beside that of no refusals",
            2.0,
            crowds[1].lateness.p99_ms / crowds[0].lateness.p99_ms,
            "times",
        ),
        Expectation::under(
            "p99 of all, beside destinations that never answer",
            50.0,
            crowds[2].lateness.p99_ms,
            "ms",
        ),
        Expectation::under(
            "first call after the return",
            500.0,
            outage.first_call_ms,
            "ms",
        ),
        Expectation::under(
            "all delivered, beside without an outage",
            1.5,
            outage.all_seconds / outage.all_seconds_without_outage,
            "times",
        ),
    ];
    Ok(Section {
        name: "refusals",
        title: format!(
            "Refusals: lateness of the chats that are taken, of {CHATS} that each say something once a second"
        ),
        rows: rows(&crowds),
        notes: vec![format!(
            "{lanes} lanes wait for a destination that refuses everything for {away} s: {} calls meanwhile, the first \
             after its return within {:.0} ms, all within {:.1} s; without an outage all within {:.1} s.",
            outage.calls_while_away,
            outage.first_call_ms,
            outage.all_seconds,
            outage.all_seconds_without_outage,
        )],
        expectations,
        data: serde_json::json!({ "crowds": crowds, "outage": outage }),
    })
}

fn rows(crowds: &[Crowd]) -> Vec<Vec<String>> {
    let head = [
        "refused chats",
        "silent destinations",
        "p50 ms",
        "p99 ms",
        "max ms",
        "arrived",
        "of",
        "refused calls",
    ];
    let mut rows = vec![head.map(str::to_owned).into()];
    rows.extend(crowds.iter().map(|crowd| {
        row([
            &crowd.refused_chats,
            &crowd.silent_destinations,
            &format!("{:.2}", crowd.lateness.p50_ms),
            &format!("{:.2}", crowd.lateness.p99_ms),
            &format!("{:.1}", crowd.lateness.max_ms),
            &crowd.arrived,
            &crowd.said,
            &crowd.refused_calls,
        ])
    }));
    rows
}

/// Lets all chats speak for so many rounds; those of the first numbers are always refused, and so many other destinations
/// never answer.
async fn crowd(refused: u64, silent: u64, rounds: u32) -> Result<Crowd> {
    let redis = RedisServer::start(&[]).await?;
    let store = redis.store().await?;
    let _silence = wait_for_silence(&store, silent).await?;
    let mut receiver = Job::Receiver.serving().await?;
    receiver::refuse(&mut receiver, refused).await?;
    let (_monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;

    let speaker = Appender::of_default(store, CHATS)?;
    let mut deadlines: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut next = Instant::now();
    for _ in 0..rounds {
        for chat in 0..CHATS {
            tokio::time::sleep_until(next.into()).await;
            next += PERIOD / u32::try_from(CHATS)?;
            let left = speaker.append(chat, TTL).await?;
            let deadline = SystemTime::now().duration_since(UNIX_EPOCH)? + left;
            if chat >= refused {
                let deadline = u64::try_from(deadline.as_micros())?;
                deadlines.entry(chat).or_default().push(deadline);
            }
        }
    }
    let said = deadlines.values().map(Vec::len).sum();
    let arrivals = receiver::wait_for(&mut receiver, said, PATIENCE).await?;
    let late = late(&arrivals, &deadlines)?;
    Ok(Crowd {
        refused_chats: refused,
        refused_calls: receiver::refused(&mut receiver).await?.len(),
        silent_destinations: silent,
        said,
        arrived: late.len(),
        lateness: Quantiles::of(late.into_iter()),
    })
}

/// Gives many batches to each of so many destinations that take calls and never answer, as long as the listener is there.
async fn wait_for_silence(store: &Store, destinations: u64) -> Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    for number in 0..destinations {
        let name = Name::parse(&format!("silent-{number}"))?;
        let destination = DestinationSpec {
            name: name.to_string(),
            url: format!("{url}{number}"),
            ..DestinationSpec::default()
        };
        let buffer = BufferSpec {
            name: name.to_string(),
            destinations: vec![name.to_string()],
            ..BufferSpec::default()
        };
        let config = || store.config();
        let (any, kind) = (Mode::Any, Kind::Destination);
        config()
            .write(kind, &name, &destination, any, None, None)
            .await?;
        config()
            .write(Kind::Buffer, &name, &buffer, Mode::Any, None, None)
            .await?;
        append::open_windows_of(&name, store, 0..SILENT_CHATS, message::item()?, |_| TTL).await?;
    }
    Ok(listener)
}

/// In s. Each chat's batches arrive in order, and one that is as late as the next may have been joined to it: it is held
/// against the first deadline that has passed and not been answered.
fn late(arrivals: &[Arrival], deadlines: &HashMap<u64, Vec<u64>>) -> Result<Vec<f64>> {
    let mut waiting: HashMap<u64, std::slice::Iter<'_, u64>> = HashMap::new();
    let mut arrivals = arrivals.to_vec();
    arrivals.sort_by_key(|&(_, at)| at);
    let mut late = Vec::new();
    for (chat, at) in arrivals {
        let of_chat = deadlines.get(&chat).context("a foreign chat")?;
        let waiting = waiting.entry(chat).or_insert_with(|| of_chat.iter());
        // The deadline is reckoned when the append has answered, which is some ms after Redis has set it.
        while let Some(&deadline) = waiting
            .as_slice()
            .first()
            .filter(|&&due| due <= at + RECKONED)
        {
            waiting.next();
            late.push((at as f64 - deadline as f64) / 1e6);
        }
    }
    Ok(late)
}

/// Lets many lanes wait for a destination that refuses everything, and then lets it come back.
async fn outage(lanes: u64, away: Duration) -> Result<Outage> {
    let redis = RedisServer::start(&[]).await?;
    let mut receiver = Job::Receiver.serving().await?;
    receiver::refuse(&mut receiver, u64::MAX).await?;
    let (_monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
    open(&redis.store().await?, lanes).await?;
    tokio::time::sleep(away).await;
    let calls_while_away = receiver::refused(&mut receiver).await?.len();
    let back = SystemTime::now().duration_since(UNIX_EPOCH)?;
    receiver::refuse(&mut receiver, 0).await?;
    let arrivals = receiver::wait_for(&mut receiver, usize::try_from(lanes)?, PATIENCE).await?;
    let (first, last) = span(&arrivals)?;

    let redis = RedisServer::start(&[]).await?;
    open(&redis.store().await?, lanes).await?;
    tokio::time::sleep(TTL * 2).await;
    let (_monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
    let arrivals = receiver::wait_for(&mut receiver, usize::try_from(lanes)?, PATIENCE).await?;
    let (from, to) = span(&arrivals)?;
    Ok(Outage {
        lanes,
        away_seconds: away.as_secs(),
        calls_while_away,
        first_call_ms: first.saturating_sub(back).as_secs_f64() * 1000.0,
        all_seconds: last.saturating_sub(back).as_secs_f64(),
        all_seconds_without_outage: (to - from).as_secs_f64(),
    })
}

async fn open(store: &Store, lanes: u64) -> Result<()> {
    append::open_windows(store, 0..lanes, message::item()?, |_| TTL).await
}

/// When the first and the last arrived.
fn span(arrivals: &[Arrival]) -> Result<(Duration, Duration)> {
    let times = || arrivals.iter().map(|&(_, at)| Duration::from_micros(at));
    times().min().zip(times().max()).context("nothing arrived")
}
