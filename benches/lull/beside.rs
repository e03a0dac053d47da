//! What those who watch cost those who post: turns of the same load without and with them, close together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::append::Appender;
use crate::asking;
use crate::course::{Course, Tally};
use crate::daemon::Daemon;
use crate::helper::{self, Job, Server};
use crate::load::{Load, Post};
use crate::redis_server::RedisServer;
use crate::stats::median;

const CLIENTS: usize = 64;
const CHATS: u64 = 20_000;
/// None of the windows of the load closes while it is measured.
const LONG: f64 = 3600.0;
/// Others are heard beside the load, so that there is something to see: one of so many chats says something each time.
const SPEAKERS: u64 = 100;
const SPEAK_EVERY: Duration = Duration::from_millis(50);
const SPEAKERS_TTL: Duration = Duration::from_millis(200);
/// By then api has seen that nobody watches any more.
const GONE: Duration = Duration::from_millis(1500);

/// What those who watch have seen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Things, by who saw the fewest.
    pub(crate) least: u64,
    /// Who watches still.
    pub(crate) there: usize,
}

impl Seen {
    /// Says that all watch, at this port, and goes on until the bench dismisses this helper; answers any question with what was
    /// seen. Each of `watching` counts what it sees, and ends when it sees no more.
    pub(crate) async fn answer(
        port: u16,
        watching: Vec<(Arc<AtomicU64>, JoinHandle<Result<()>>)>,
    ) -> Result<()> {
        helper::answer(&port)?;
        helper::answer_questions(move |_| {
            let seen = watching
                .iter()
                .map(|(seen, _)| seen.load(Ordering::Relaxed));
            Ok(Self {
                least: seen.min().unwrap_or_default(),
                there: watching.iter().filter(|(_, it)| !it.is_finished()).count(),
            })
        })
        .await
    }
}

/// One turn of the load.
#[derive(Debug, Serialize)]
pub(crate) struct Turn {
    per_second: f64,
    /// Of api, seconds per 100,000 posts.
    cpu_api: f64,
}

/// The load without and with those who watch; turns of one place are a pair.
#[derive(Debug, Serialize)]
pub(crate) struct Beside {
    /// How many watch.
    pub(crate) count: usize,
    /// Turns in which nobody does.
    pub(crate) alone: Vec<Turn>,
    /// Turns in which they do.
    pub(crate) watched: Vec<Turn>,
    /// So much less is taken in while they do, by the median of the pairs.
    pub(crate) lost_percent: f64,
    /// Things that each of them saw in a second, at least.
    pub(crate) seen_per_second: f64,
}

/// Posts in a second, the median.
pub(crate) fn rate(turns: &[Turn]) -> f64 {
    median(turns.iter().map(|turn| turn.per_second))
}

/// CPU time of api per 100,000 posts, the median.
pub(crate) fn cpu(turns: &[Turn]) -> f64 {
    median(turns.iter().map(|turn| turn.cpu_api))
}

/// Measures it in rounds of two pairs, the second the other way about, so that what drifts weighs on both alike.
///
/// `watching` makes the job of those who watch: at which port, and how many. They answer any question with [`Seen`].
pub(crate) async fn measure(quick: bool, watching: impl Fn(u16, usize) -> Job) -> Result<Beside> {
    let (rounds, count, course) = if quick {
        (1, 3, Course::of_seconds(CLIENTS, 0.1, 0.3))
    } else {
        (6, 20, Course::of_seconds(CLIENTS, 0.3, 1.5))
    };
    let (mut alone, mut watched, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        // A new one for each round: what the load leaves behind is never delivered.
        let ground = Ground::start().await?;
        for watched_first in [false, true] {
            for watches in [watched_first, !watched_first] {
                if watches {
                    let job = watching(ground.port, count);
                    let (turn, things) = ground.watched(&job, count, course).await?;
                    watched.push(turn);
                    seen.push(things);
                } else {
                    alone.push(ground.turn(course).await?);
                }
            }
        }
    }
    let pairs = watched.iter().zip(&alone);
    let kept = median(pairs.map(|(with, without)| with.per_second / without.per_second));
    Ok(Beside {
        count,
        alone,
        watched,
        lost_percent: (1.0 - kept) * 100.0,
        seen_per_second: median(seen),
    })
}

/// Redis, both daemons, and who is called.
struct Ground {
    api: Daemon,
    port: u16,
    speaker: Appender,
    _monitor: Daemon,
    _receiver: Server,
    _redis: RedisServer,
}

impl Ground {
    async fn start() -> Result<Self> {
        let redis = RedisServer::start(&[]).await?;
        let receiver = Job::Receiver.serving().await?;
        let settings = [("API_KEYS", asking::KEYS), ("OPEN_INGEST", "true")];
        let (api, port) = Daemon::api(redis.url(), redis.folder(), &settings).await?;
        let (monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
        let speaker = Appender::of_default(redis.store().await?, CHATS + SPEAKERS)?;
        Ok(Self {
            api,
            port,
            speaker,
            _monitor: monitor,
            _receiver: receiver,
            _redis: redis,
        })
    }

    /// A turn of the load while so many watch, and how many things each of them saw in a second.
    async fn watched(&self, job: &Job, count: usize, course: Course) -> Result<(Turn, f64)> {
        let mut watchers = job.serving().await?;
        let began = Instant::now();
        let turn = self.turn(course).await?;
        let seen: Seen = watchers.ask("seen").await?;
        let per_second = seen.least as f64 / began.elapsed().as_secs_f64();
        ensure!(seen.there == count, "api has ended streams of events");
        drop(watchers);
        sleep(GONE).await;
        Ok((turn, per_second))
    }

    /// The load, and a few who speak beside it.
    async fn turn(&self, course: Course) -> Result<Turn> {
        let load = Job::Load(Load {
            port: self.port,
            course,
            chats: CHATS,
            post: Post::Plain(LONG),
        });
        let before = self.api.cpu_seconds()?;
        let tally: Tally = tokio::select! {
            tally = load.done() => tally?,
            ended = self.speak() => return Err(ended.err().context("nobody speaks any more")?),
        };
        let cpu = self.api.cpu_seconds()? - before;
        Ok(Turn {
            per_second: tally.per_second,
            cpu_api: cpu / tally.requests as f64 * 100_000.0,
        })
    }

    /// Lets one after the other say something; ends only with an error.
    async fn speak(&self) -> Result<()> {
        let mut next = interval(SPEAK_EVERY);
        next.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for speaker in (CHATS..CHATS + SPEAKERS).cycle() {
            next.tick().await;
            self.speaker.append(speaker, SPEAKERS_TTL).await?;
        }
        Ok(())
    }
}
