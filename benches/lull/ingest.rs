//! Ingest: messages that api takes in a second, beside what HTTP and Redis reach without each other.

use std::collections::BTreeMap;

use anyhow::Result;
use lull::core::chat::Name;
use lull::spec::BufferSpec;
use lull::store::Store;
use lull::store::config::{Kind, Mode};
use serde::Serialize;

use crate::append::Appends;
use crate::course::{Course, Tally};
use crate::daemon::Daemon;
use crate::helper::Job;
use crate::load::{Load, Post};
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::{Quantiles, median};
use lull_kit::proc;

/// Connections that stay open, each with one post under way.
const CLIENTS: usize = 64;
/// Enough that few windows get more than a handful of messages.
const CHATS: u64 = 20_000;
const TTL: f64 = 15.0;
const BUFFER: &str = "loja";

/// What is measured in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Contestant {
    Canned,
    Bare,
    ApiAlways,
    IdentifiedAlways,
    PresetAlways,
    AppendAlways,
    ApiEverysec,
    AppendEverysec,
}

const CONTESTANTS: [(Contestant, &str); 8] = [
    (Contestant::Canned, "generator against a fixed answer"),
    (Contestant::Bare, "bare axum handler (HTTP ceiling)"),
    (Contestant::ApiAlways, "api, appendfsync always"),
    (
        Contestant::IdentifiedAlways,
        "api, messages with an id, always",
    ),
    (
        Contestant::PresetAlways,
        "api, posts of Evolution API, always",
    ),
    (Contestant::AppendAlways, "append without HTTP, always"),
    (Contestant::ApiEverysec, "api, appendfsync everysec"),
    (Contestant::AppendEverysec, "append without HTTP, everysec"),
];

/// One turn. CPU times are seconds per 100,000 posts.
#[derive(Debug, Serialize)]
struct Sample {
    per_second: f64,
    latency: Quantiles,
    cpu_server: f64,
    cpu_redis: f64,
    cpu_client: f64,
}

type Samples = BTreeMap<Contestant, Vec<Sample>>;

/// Measures it in rounds, so that what disturbs the machine disturbs all alike.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (rounds, course) = if quick {
        (1, Course::of_seconds(CLIENTS, 0.1, 0.3))
    } else {
        (3, Course::of_seconds(CLIENTS, 0.5, 3.0))
    };
    let mut samples = Samples::new();
    for _ in 0..rounds {
        for (contestant, _) in CONTESTANTS {
            let sample = contestant.sample(course).await?;
            samples.entry(contestant).or_default().push(sample);
        }
    }
    let ratio = |contestant, to| {
        let pairs = samples[&contestant].iter().zip(&samples[&to]);
        median(pairs.map(|(one, other)| one.per_second / other.per_second))
    };
    let expectation = |contestant, name: &str| {
        Expectation::at_least(name, 0.6, ratio(contestant, Contestant::Bare))
    };
    Ok(Section {
        name: "ingest",
        title: format!(
            "Ingest: posts of one message over {CLIENTS} connections that stay open, medians of {rounds} rounds"
        ),
        rows: rows(&samples, ratio),
        notes: notes(&samples),
        expectations: vec![
            expectation(
                Contestant::ApiAlways,
                "api with always, of the bare handler",
            ),
            expectation(
                Contestant::ApiEverysec,
                "api with everysec, of the bare handler",
            ),
            Expectation::at_least(
                "posts of a gateway, of plain ones with an id",
                0.85,
                ratio(Contestant::PresetAlways, Contestant::IdentifiedAlways),
            ),
        ],
        data: serde_json::to_value(&samples)?,
    })
}

fn rows(samples: &Samples, ratio: impl Fn(Contestant, Contestant) -> f64) -> Vec<Vec<String>> {
    let head = [
        "",
        "posts/s",
        "p50 ms",
        "p99 ms",
        "of bare",
        "CPU s per 100,000: server",
        "redis",
        "client",
    ];
    let mut rows = vec![head.map(str::to_owned).into()];
    for (contestant, name) in CONTESTANTS {
        let median_of = |get: fn(&Sample) -> f64| median(samples[&contestant].iter().map(get));
        let times: [fn(&Sample) -> f64; 3] = [|s| s.cpu_server, |s| s.cpu_redis, |s| s.cpu_client];
        let mut cells = row([
            &name,
            &format!("{:.0}", median_of(|sample| sample.per_second)),
            &format!("{:.2}", median_of(|sample| sample.latency.p50_ms)),
            &format!("{:.2}", median_of(|sample| sample.latency.p99_ms)),
            &format!("{:.2}", ratio(contestant, Contestant::Bare)),
        ]);
        cells.extend(times.map(|time| format!("{:.2}", median_of(time))));
        rows.push(cells);
    }
    rows
}

/// Says so when the generator is what was measured.
fn notes(samples: &Samples) -> Vec<String> {
    let rate = |contestant| median(samples[&contestant].iter().map(|sample| sample.per_second));
    let most = rate(Contestant::Canned);
    let served = [
        Contestant::Bare,
        Contestant::ApiAlways,
        Contestant::ApiEverysec,
    ];
    let fastest = served.into_iter().map(rate).fold(0.0, f64::max);
    let spare = most / fastest;
    vec![if spare < 1.5 {
        format!(
            "The load generator may be the bottleneck: it reaches only {spare:.2} times the fastest server's rate."
        )
    } else {
        format!(
            "The load generator is not the bottleneck: it reaches {spare:.2} times the fastest server's rate."
        )
    }]
}

impl Contestant {
    async fn sample(self, course: Course) -> Result<Sample> {
        let load = |port| Load {
            port,
            course,
            chats: CHATS,
            post: match self {
                Self::PresetAlways => Post::Evolution(BUFFER.to_owned()),
                Self::IdentifiedAlways => Post::Identified(TTL),
                _ => Post::Plain(TTL),
            },
        };
        match self {
            Self::Canned | Self::Bare => {
                let job = match self {
                    Self::Canned => Job::Canned {
                        request_bytes: load(0).request_bytes(),
                    },
                    _ => Job::Bare,
                };
                let server = job.serving().await?;
                let pid = server.pid()?;
                let spent = || Ok([proc::cpu_seconds(pid)?, 0.0]);
                sample(&Job::Load(load(server.port())), spent).await
            }
            Self::ApiAlways | Self::IdentifiedAlways | Self::PresetAlways | Self::ApiEverysec => {
                let redis = self.redis().await?;
                if self == Self::PresetAlways {
                    configure(&redis.store().await?).await?;
                }
                let (api, port) = Daemon::api(redis.url(), redis.folder(), &[]).await?;
                let spent = || Ok([api.cpu_seconds()?, redis.cpu_seconds()?]);
                sample(&Job::Load(load(port)), spent).await
            }
            Self::AppendAlways | Self::AppendEverysec => {
                let redis = self.redis().await?;
                let appends = Appends {
                    redis_url: redis.url().to_owned(),
                    wait_replicas: 0,
                    course,
                    chats: CHATS,
                };
                let spent = || Ok([0.0, redis.cpu_seconds()?]);
                sample(&Job::Append(appends), spent).await
            }
        }
    }

    async fn redis(self) -> Result<RedisServer> {
        RedisServer::start(match self {
            Self::ApiEverysec | Self::AppendEverysec => &["--appendfsync", "everysec"],
            _ => &[],
        })
        .await
    }
}

/// A buffer that Evolution API posts to.
async fn configure(store: &Store) -> Result<()> {
    let buffer = BufferSpec {
        name: BUFFER.to_owned(),
        source: "evolution".to_owned(),
        ..BufferSpec::default()
    };
    let name = Name::parse(BUFFER)?;
    store
        .config()
        .write(Kind::Buffer, &name, &buffer, Mode::Any, None, None)
        .await?;
    Ok(())
}

/// Has the job done; `spent` tells what server and Redis have spent so far.
async fn sample(job: &Job, spent: impl Fn() -> Result<[f64; 2]>) -> Result<Sample> {
    let before = spent()?;
    let tally: Tally = job.done().await?;
    let after = spent()?;
    let per_100k = |seconds: f64| seconds / tally.requests as f64 * 100_000.0;
    Ok(Sample {
        per_second: tally.per_second,
        latency: tally.latency,
        cpu_server: per_100k(after[0] - before[0]),
        cpu_redis: per_100k(after[1] - before[1]),
        cpu_client: per_100k(tally.cpu_seconds),
    })
}
