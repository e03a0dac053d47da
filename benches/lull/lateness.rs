//! Lateness: how long after its window's deadline a batch arrives, however many windows are open, whatever else is in
//! that Redis, with expired events and without.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::append;
use crate::daemon::Daemon;
use crate::helper::Job;
use crate::message;
use crate::metrics::Metrics;
use crate::receiver::{self, Arrival};
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::Quantiles;
use lull_kit::proc;

const FOREIGN_KEYS: u64 = 100_000;
/// A monitor that may not ask for events cannot switch them on.
const EVENTS_OFF: [&str; 5] = [
    "--notify-keyspace-events",
    "",
    "--rename-command",
    "CONFIG",
    "",
];
/// To open windows before the first falls due: a slow machine opens so many in a second.
const SLOW: f64 = 7_000.0;
/// After the last deadline.
const PATIENCE: Duration = Duration::from_secs(15);

/// So many windows, all open at once, that then fall due one after the other.
#[derive(Clone, Copy)]
struct Scene {
    windows: u64,
    /// From the first deadline to the last.
    spread: Duration,
}

const SCENES: [Scene; 3] = [scene(1_000, 10), scene(10_000, 10), scene(100_000, 25)];
const QUICK_SCENES: [Scene; 1] = [scene(300, 1)];

const fn scene(windows: u64, spread: u64) -> Scene {
    Scene {
        windows,
        spread: Duration::from_secs(spread),
    }
}

/// What a scene came to. CPU is in parts of one core.
#[derive(Debug, Serialize)]
struct Run {
    windows: u64,
    /// Of them, when the first fell due.
    open_at_once: usize,
    events: bool,
    lateness: Quantiles,
    arrived: usize,
    repeated: usize,
    before_their_deadline: usize,
    /// What monitor itself says: attempt start after deadline, as the bucket that holds the quantile.
    attempt_p50_ms_up_to: f64,
    attempt_p99_ms_up_to: f64,
    found_by_sweep: f64,
    found_by_event: f64,
    cpu_redis_idle: f64,
    cpu_monitor_idle: f64,
    cpu_redis: f64,
    cpu_monitor: f64,
    cpu_receiver: f64,
}

/// Measures it.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (scenes, foreign_keys) = if quick {
        (&QUICK_SCENES[..], 1000)
    } else {
        (&SCENES[..], FOREIGN_KEYS)
    };
    let mut runs = Vec::new();
    for scene in scenes {
        for events in [true, false] {
            runs.push(scene.run(events, foreign_keys).await?);
        }
    }
    let most = scenes.iter().map(|scene| scene.windows).max();
    let most = runs.iter().filter(|run| Some(run.windows) == most);
    let expectations = most.flat_map(|run| {
        let mode = if run.events { "on" } else { "off" };
        let what = |name: &str| format!("{name} at {} windows, events {mode}", run.windows);
        [
            Expectation::under(what("p50"), 5.0, run.lateness.p50_ms, "ms"),
            Expectation::under(what("p99"), 15.0, run.lateness.p99_ms, "ms"),
        ]
    });
    Ok(Section {
        name: "lateness",
        title: format!(
            "Lateness: arrival of the webhook call minus the window's deadline, beside {foreign_keys} foreign keys with a TTL"
        ),
        expectations: expectations.collect(),
        rows: rows(&runs),
        notes: runs.iter().filter_map(Run::note).collect(),
        data: serde_json::to_value(&runs)?,
    })
}

fn rows(runs: &[Run]) -> Vec<Vec<String>> {
    let head = [
        "open windows",
        "events",
        "p50 ms",
        "p99 ms",
        "max ms",
        "by monitor: p50",
        "p99",
        "found by sweep",
        "% of a core: redis",
        "monitor",
        "receiver",
        "before: redis",
        "monitor",
    ];
    let mut rows = vec![head.map(str::to_owned).into()];
    for run in runs {
        let mut cells = row([
            &run.windows,
            &if run.events { "on" } else { "off" },
            &format!("{:.2}", run.lateness.p50_ms),
            &format!("{:.2}", run.lateness.p99_ms),
            &format!("{:.1}", run.lateness.max_ms),
            &format!("≤ {}", run.attempt_p50_ms_up_to),
            &format!("≤ {}", run.attempt_p99_ms_up_to),
            &run.found_by_sweep,
        ]);
        let cores = [
            run.cpu_redis,
            run.cpu_monitor,
            run.cpu_receiver,
            run.cpu_redis_idle,
            run.cpu_monitor_idle,
        ];
        cells.extend(cores.map(|cores| format!("{:.1}", cores * 100.0)));
        rows.push(cells);
    }
    rows
}

impl Scene {
    async fn run(self, events: bool, foreign_keys: u64) -> Result<Run> {
        let redis = RedisServer::start(if events { &[] } else { &EVENTS_OFF }).await?;
        redis.add_foreign_keys(foreign_keys).await?;
        let mut receiver = Job::Receiver.serving().await?;
        let (monitor, metrics) =
            Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
        let receiver_pid = receiver.pid()?;
        let spent = || {
            let receiver = proc::cpu_seconds(receiver_pid)?;
            anyhow::Ok((
                Instant::now(),
                [redis.cpu_seconds()?, monitor.cpu_seconds()?, receiver],
            ))
        };

        let (first, last) = self.open_windows(&redis).await?;
        let deadlines = self.deadlines(&redis).await?;
        let opened = spent()?;
        tokio::time::sleep_until(first.into()).await;
        let begun = spent()?;
        tokio::time::sleep_until(last.into()).await;
        let ended = spent()?;
        let windows = usize::try_from(self.windows)?;
        let arrivals = receiver::wait_for(&mut receiver, windows, PATIENCE).await?;
        let said = Metrics::of(metrics).await?;

        let late: Vec<f64> = arrivals
            .iter()
            .filter_map(|arrival| late(arrival, &deadlines))
            .collect();
        let [redis_idle, monitor_idle, _] = cores(opened, begun);
        let [redis, monitor, receiver] = cores(begun, ended);
        let lateness = "lull_lateness_seconds";
        Ok(Run {
            windows: self.windows,
            open_at_once: deadlines.len(),
            events,
            lateness: Quantiles::of(late.iter().copied()),
            arrived: receiver::chats(&arrivals),
            repeated: arrivals.len() - receiver::chats(&arrivals),
            before_their_deadline: late.iter().filter(|&&late| late < 0.0).count(),
            attempt_p50_ms_up_to: said.quantile(lateness, 0.50) * 1000.0,
            attempt_p99_ms_up_to: said.quantile(lateness, 0.99) * 1000.0,
            found_by_sweep: said.value(r#"lull_windows_found_total{by="sweep"}"#),
            found_by_event: said.value(r#"lull_windows_found_total{by="event"}"#),
            cpu_redis_idle: redis_idle,
            cpu_monitor_idle: monitor_idle,
            cpu_redis: redis,
            cpu_monitor: monitor,
            cpu_receiver: receiver,
        })
    }

    /// Opens them all; answers about when the first and the last fall due.
    async fn open_windows(self, redis: &RedisServer) -> Result<(Instant, Instant)> {
        let lead = 1.0 + self.windows as f64 / SLOW;
        let first = Instant::now() + Duration::from_secs_f64(lead);
        let step = self.spread.as_secs_f64() / self.windows as f64;
        let due = |number: u64| first + Duration::from_secs_f64(step * number as f64);
        let ttl = |number| due(number).saturating_duration_since(Instant::now());
        append::open_windows(
            &redis.store().await?,
            0..self.windows,
            message::item()?,
            ttl,
        )
        .await?;
        Ok((first, due(self.windows)))
    }

    /// What the deadlines really are, in ms since 1970 by Redis's clock, by the number of the chat.
    async fn deadlines(self, redis: &RedisServer) -> Result<HashMap<u64, u64>> {
        let store = redis.store().await?;
        let (windows, _) = store
            .windows()
            .list(None, usize::try_from(self.windows)?)
            .await?;
        let deadlines = windows.iter().map(|window| {
            let number = message::number(window.chat.id.as_str()).context("a foreign chat")?;
            Ok((number, window.deadline))
        });
        deadlines.collect()
    }
}

impl Run {
    /// What makes its numbers less than they seem.
    fn note(&self) -> Option<String> {
        let windows = usize::try_from(self.windows).ok()?;
        let (closed, lost) = (windows - self.open_at_once, windows - self.arrived);
        (closed + lost + self.repeated + self.before_their_deadline > 0).then(|| {
            format!(
                "Of {windows} windows {closed} were closed before all were open, {lost} did not arrive, {} arrived \
                 again, {} before their deadline.",
                self.repeated, self.before_their_deadline
            )
        })
    }
}

/// In s; Redis and receiver have one clock, that of this machine.
fn late(&(chat, at): &Arrival, deadlines: &HashMap<u64, u64>) -> Option<f64> {
    let deadline = Duration::from_millis(*deadlines.get(&chat)?);
    Some(Duration::from_micros(at).as_secs_f64() - deadline.as_secs_f64())
}

type Spent = (Instant, [f64; 3]);

fn cores(before: Spent, after: Spent) -> [f64; 3] {
    let elapsed = (after.0 - before.0).as_secs_f64();
    [0, 1, 2].map(|process: usize| (after.1[process] - before.1[process]) / elapsed)
}
