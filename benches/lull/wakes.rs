//! Wakes: what it costs that something falls due sooner than a sweep would look, with few destinations and with many, beside
//! the same load without, and beside nothing at all.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use lull::core::batch::BatchId;
use lull::core::chat::Name;
use lull::core::destination::Target;
use lull::store::Store;
use lull::store::history::received::Kept;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::append::Appender;
use crate::daemon::Daemon;
use crate::helper::{Job, Server};
use crate::receiver::{self, Arrival};
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::Quantiles;
use crate::{destinations, message};

const DESTINATIONS: [usize; 3] = [1, 100, 1000];
const QUICK_DESTINATIONS: [usize; 2] = [1, 10];
/// By then every worker has looked, and the sweeps of what is not there are seldom awake.
const SETTLING: Duration = Duration::from_secs(15);
/// What is spent is counted in hundredths of a second.
const MEASURED: Duration = Duration::from_secs(20);
/// After the last message.
const PATIENCE: Duration = Duration::from_secs(10);

/// What comes in, so many times a second.
#[derive(Clone, Copy)]
struct Load {
    name: &'static str,
    each_second: u32,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// A message in a chat of its own, with this quiet window.
    Message(Duration),
    /// A message straight onto a lane.
    Queued,
}

const WOKEN: What = What::Message(Duration::from_millis(200));
const NOTHING: &str = "nothing";
const UNWOKEN: &str = "20 messages/s that wake nobody";
const OFTEN: &str = "20 messages/s, each wakes";
const LOADS: [Load; 5] = [
    load(NOTHING, 0, WOKEN),
    load(UNWOKEN, 20, What::Message(Duration::from_secs(1))),
    load("5 messages/s, each wakes", 5, WOKEN),
    load(OFTEN, 20, WOKEN),
    load("20 queued messages/s, each wakes", 20, What::Queued),
];

const fn load(name: &'static str, each_second: u32, what: What) -> Load {
    Load {
        name,
        each_second,
        what,
    }
}

/// What a load came to. CPU is in percent of one core.
#[derive(Debug, Serialize)]
struct Run {
    destinations: usize,
    load: &'static str,
    commands_per_second: f64,
    cpu_redis: f64,
    cpu_monitor: f64,
    monitor_rss_mib: f64,
    lateness: Quantiles,
    sent: usize,
    arrived: usize,
}

/// Measures it.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (counts, settling, measured) = if quick {
        (&QUICK_DESTINATIONS[..], 200, 500)
    } else {
        let ms = |time: Duration| time.as_millis();
        (&DESTINATIONS[..], ms(SETTLING), ms(MEASURED))
    };
    let times =
        [settling, measured].map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
    let mut runs = Vec::new();
    for &count in counts {
        runs.extend(Bed::start(count, times[0]).await?.run_all(times[1]).await?);
    }
    Ok(Section {
        name: "wakes",
        title:
            "Wakes: what falls due sooner than a sweep would look, by destinations that there are"
                .to_owned(),
        rows: rows(&runs),
        notes: runs.iter().filter_map(Run::note).collect(),
        expectations: expectations(&runs)?,
        data: serde_json::to_value(&runs)?,
    })
}

/// The processes under test, with so many destinations.
struct Bed {
    destinations: usize,
    redis: RedisServer,
    store: Store,
    monitor: Daemon,
    receiver: Server,
    /// Chats so far; each message is in one of its own.
    chats: u64,
}

impl Bed {
    async fn start(destinations: usize, settling: Duration) -> Result<Self> {
        let redis = RedisServer::start(&[]).await?;
        let store = redis.store().await?;
        destinations::write(&store, destinations - 1).await?;
        let receiver = Job::Receiver.serving().await?;
        let (monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
        tokio::time::sleep(settling).await;
        Ok(Self {
            destinations,
            redis,
            store,
            monitor,
            receiver,
            chats: 0,
        })
    }

    async fn run_all(mut self, measured: Duration) -> Result<Vec<Run>> {
        let mut runs = Vec::new();
        for load in LOADS {
            runs.push(self.run(load, measured).await?);
        }
        Ok(runs)
    }

    async fn run(&mut self, load: Load, measured: Duration) -> Result<Run> {
        let before = self.spent().await?;
        let deadlines = self.send(load, measured).await?;
        let after = self.spent().await?;
        let arrivals = receiver::wait_for(&mut self.receiver, deadlines.len(), PATIENCE).await?;
        let seconds = (after.at - before.at).as_secs_f64();
        let late = arrivals.iter().filter_map(|it| late(it, &deadlines));
        Ok(Run {
            destinations: self.destinations,
            load: load.name,
            commands_per_second: (after.commands - before.commands) / seconds,
            cpu_redis: (after.redis - before.redis) / seconds * 100.0,
            cpu_monitor: (after.monitor - before.monitor) / seconds * 100.0,
            monitor_rss_mib: self.monitor.memory()?.rss_mib,
            lateness: Quantiles::of(late),
            sent: deadlines.len(),
            arrived: receiver::chats(&arrivals),
        })
    }

    /// Sends messages for so long; answers when each is due, by its chat.
    async fn send(&mut self, load: Load, measured: Duration) -> Result<HashMap<u64, Duration>> {
        let mut deadlines = HashMap::new();
        if load.each_second == 0 {
            tokio::time::sleep(measured).await;
            return Ok(deadlines);
        }
        let appender = Appender::of_default(self.store.clone(), u64::MAX)?;
        let end = Instant::now() + measured;
        let mut turns = interval(Duration::from_secs(1) / load.each_second);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < end {
            turns.tick().await;
            let chat = self.chats;
            self.chats += 1;
            let left = match load.what {
                What::Message(ttl) => appender.append(chat, ttl).await?,
                What::Queued => self.queue(chat).await?,
            };
            deadlines.insert(chat, SystemTime::now().duration_since(UNIX_EPOCH)? + left);
        }
        Ok(deadlines)
    }

    async fn queue(&self, chat: u64) -> Result<Duration> {
        let (chat, id) = (message::chat(chat)?, BatchId::generate());
        let (item, to) = (message::item()?, [Target::whole(Name::default_name())]);
        let queued = self
            .store
            .lanes()
            .enqueue(&chat, &id, &item, false, Kept::default(), &to);
        queued.await?;
        Ok(Duration::ZERO)
    }

    async fn spent(&self) -> Result<Spent> {
        Ok(Spent {
            at: Instant::now(),
            commands: self.redis.commands().await?,
            redis: self.redis.cpu_seconds()?,
            monitor: self.monitor.cpu_seconds()?,
        })
    }
}

struct Spent {
    at: Instant,
    commands: f64,
    redis: f64,
    monitor: f64,
}

/// In s; Redis, receiver and bench have one clock, that of this machine.
fn late(&(chat, at): &Arrival, deadlines: &HashMap<u64, Duration>) -> Option<f64> {
    Some(Duration::from_micros(at).as_secs_f64() - deadlines.get(&chat)?.as_secs_f64())
}

fn rows(runs: &[Run]) -> Vec<Vec<String>> {
    let head = [
        "destinations",
        "what comes in",
        "commands/s",
        "% of a core: redis",
        "monitor",
        "p50 ms",
        "p99 ms",
        "monitor RSS MiB",
    ];
    let mut rows = vec![head.map(str::to_owned).into()];
    rows.extend(runs.iter().map(|run| {
        let late = |ms: f64| match run.sent {
            0 => "–".to_owned(),
            _ => format!("{ms:.2}"),
        };
        row([
            &run.destinations,
            &run.load,
            &format!("{:.0}", run.commands_per_second),
            &format!("{:.2}", run.cpu_redis),
            &format!("{:.2}", run.cpu_monitor),
            &late(run.lateness.p50_ms),
            &late(run.lateness.p99_ms),
            &format!("{:.1}", run.monitor_rss_mib),
        ])
    }));
    rows
}

fn expectations(runs: &[Run]) -> Result<Vec<Expectation>> {
    let of = |count: Option<usize>, load: &str| {
        let found = runs
            .iter()
            .find(|run| Some(run.destinations) == count && run.load == load);
        found.context("a run that was not made")
    };
    let counts = || runs.iter().map(|run| run.destinations);
    let (few, many) = (counts().min(), counts().max());
    let (one, idle) = (of(few, NOTHING)?, of(many, NOTHING)?);
    let (woken, unwoken) = (of(many, OFTEN)?, of(many, UNWOKEN)?);
    let more = idle.destinations - one.destinations;
    #[expect(clippy::cast_precision_loss, reason = "there are not so many")]
    let kib = (idle.monitor_rss_mib - one.monitor_rss_mib) * 1024.0 / more as f64;
    let at = format!("at {} destinations", idle.destinations);
    Ok(vec![
        Expectation::under(
            format!("monitor {at}, woken 20 times a second, beside the same load without"),
            1.5,
            woken.cpu_monitor / unwoken.cpu_monitor,
            "times",
        ),
        Expectation::under(
            format!("redis {at}, likewise"),
            1.5,
            woken.cpu_redis / unwoken.cpu_redis,
            "times",
        ),
        Expectation::under(
            format!("p50 {at}, woken 20 times a second"),
            5.0,
            woken.lateness.p50_ms,
            "ms",
        ),
        Expectation::under(
            format!(
                "commands with nothing to do {at}, beside those at {}",
                one.destinations
            ),
            2.0,
            idle.commands_per_second / one.commands_per_second,
            "times",
        ),
        Expectation::under("monitor for each further destination", 20.0, kib, "KiB"),
    ])
}

impl Run {
    /// What makes its numbers less than they seem.
    fn note(&self) -> Option<String> {
        (self.arrived < self.sent).then(|| {
            format!(
                "Of {} messages {} arrived ({} destinations, {}).",
                self.sent, self.arrived, self.destinations, self.load
            )
        })
    }
}
