//! What those who listen to events cost those who post: turns of the same load without and with them, close together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
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
/// Others are heard beside the load, so that there is something to listen to: one of so many chats says something each time.
const SPEAKERS: u64 = 100;
const SPEAK_EVERY: Duration = Duration::from_millis(50);
const SPEAKERS_TTL: Duration = Duration::from_millis(200);
/// By then api has seen that nobody listens any more.
const GONE: Duration = Duration::from_millis(1500);
/// What begins the lines of a stream that tell of a try, and the line that says that it has begun.
const TRY: &str = "event: attempt";
const BEGUN: &str = ": listening";

/// Listeners that read all that they are told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Listeners {
    /// To which api.
    pub(crate) port: u16,
    /// How many.
    pub(crate) count: usize,
}

/// What listeners have heard.
#[derive(Debug, Serialize, Deserialize)]
struct Heard {
    /// Tries, by who heard the fewest.
    least: u64,
    /// Who listens still.
    listening: usize,
}

impl Listeners {
    /// Connects all, says so, and goes on until the bench dismisses this helper; answers any question with what was heard.
    pub(crate) async fn serve(self) -> Result<()> {
        let mut tries = Vec::new();
        for _ in 0..self.count {
            let heard = Arc::new(AtomicU64::new(0));
            let stream = begin(self.port).await?;
            tries.push((heard.clone(), tokio::spawn(listen(stream, heard))));
        }
        helper::answer(&self.port)?;
        helper::answer_questions(move |_| {
            let heard = tries.iter().map(|(heard, _)| heard.load(Ordering::Relaxed));
            Ok(Heard {
                least: heard.min().unwrap_or_default(),
                listening: tries.iter().filter(|(_, it)| !it.is_finished()).count(),
            })
        })
        .await
    }
}

/// A stream of events that has begun.
async fn begin(port: u16) -> Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let key = asking::KEY;
    let request =
        format!("GET /api/events HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with(BEGUN) {
        line.clear();
        let read = stream.read_line(&mut line).await?;
        ensure!(read > 0, "api has ended a stream of events at once");
    }
    Ok(stream)
}

async fn listen(stream: BufReader<TcpStream>, heard: Arc<AtomicU64>) -> Result<()> {
    let mut lines = stream.lines();
    while let Some(line) = lines.next_line().await? {
        if line.starts_with(TRY) {
            heard.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// One turn of the load.
#[derive(Debug, Serialize)]
pub(super) struct Turn {
    per_second: f64,
    /// Of api, seconds per 100,000 posts.
    cpu_api: f64,
}

/// The load without and with listeners; turns of one place are a pair.
#[derive(Debug, Serialize)]
pub(super) struct Beside {
    /// How many listen.
    pub(super) count: usize,
    /// Turns in which nobody does.
    pub(super) alone: Vec<Turn>,
    /// Turns in which they do.
    pub(super) listened: Vec<Turn>,
    /// So much less is taken in while they do, by the median of the pairs.
    pub(super) lost_percent: f64,
    /// Tries that each of them heard of in a second, at least.
    pub(super) heard_per_second: f64,
}

/// Posts in a second, the median.
pub(super) fn rate(turns: &[Turn]) -> f64 {
    median(turns.iter().map(|turn| turn.per_second))
}

/// CPU time of api per 100,000 posts, the median.
pub(super) fn cpu(turns: &[Turn]) -> f64 {
    median(turns.iter().map(|turn| turn.cpu_api))
}

/// Measures it in rounds of two pairs, the second the other way about, so that what drifts weighs on both alike.
pub(super) async fn measure(quick: bool) -> Result<Beside> {
    let (rounds, count, course) = if quick {
        (1, 3, Course::of_seconds(CLIENTS, 0.1, 0.3))
    } else {
        (6, 20, Course::of_seconds(CLIENTS, 0.3, 1.5))
    };
    let (mut alone, mut listened, mut heard) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        // A new one for each round: what the load leaves behind is never delivered.
        let ground = Ground::start().await?;
        for listened_first in [false, true] {
            for listens in [listened_first, !listened_first] {
                if listens {
                    let (turn, tries) = ground.listened(count, course).await?;
                    listened.push(turn);
                    heard.push(tries);
                } else {
                    alone.push(ground.turn(course).await?);
                }
            }
        }
    }
    let pairs = listened.iter().zip(&alone);
    let kept = median(pairs.map(|(with, without)| with.per_second / without.per_second));
    Ok(Beside {
        count,
        alone,
        listened,
        lost_percent: (1.0 - kept) * 100.0,
        heard_per_second: median(heard),
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

    /// A turn of the load while so many listen, and how many tries each of them heard of in a second.
    async fn listened(&self, count: usize, course: Course) -> Result<(Turn, f64)> {
        let listeners = Listeners {
            port: self.port,
            count,
        };
        let mut listeners = Job::Listeners(listeners).serving().await?;
        let began = Instant::now();
        let turn = self.turn(course).await?;
        let heard: Heard = listeners.ask("heard").await?;
        let per_second = heard.least as f64 / began.elapsed().as_secs_f64();
        ensure!(heard.listening == count, "api has ended streams of events");
        drop(listeners);
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
