//! Replicas: what it costs that a replica must have a message before its sender is answered, beside the same Redis and
//! replica without that.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::append::Appends;
use crate::course::{Course, Tally};
use crate::daemon::Daemon;
use crate::helper::Job;
use crate::load::{Load, Post};
use crate::redis_server::RedisServer;
use crate::report::{Expectation, Section, row};
use crate::stats::{Quantiles, median};
use lull_kit::process::free_port;

/// Messages under way at a time.
const CLIENTS: usize = 64;
/// Enough that few windows get more than a handful of messages.
const CHATS: u64 = 20_000;
const TTL: f64 = 15.0;
/// The least that may be left of the throughput.
const LEFT: f64 = 0.55;

/// What is measured in turn, and for how many replicas it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Api,
    Append,
}

const WAYS: [(Way, &str); 2] = [(Way::Api, "api"), (Way::Append, "append without HTTP")];
const WAITS: [u32; 2] = [0, 1];

/// One turn.
#[derive(Debug, Serialize)]
struct Sample {
    per_second: f64,
    latency: Quantiles,
}

type Samples = BTreeMap<(Way, u32), Vec<Sample>>;

/// Measures it in rounds, so that what disturbs the machine disturbs all alike.
pub(crate) async fn measure(quick: bool) -> Result<Section> {
    let (rounds, course) = if quick {
        (1, Course::of_seconds(CLIENTS, 0.1, 0.3))
    } else {
        (3, Course::of_seconds(CLIENTS, 0.5, 3.0))
    };
    let mut samples = Samples::new();
    for _ in 0..rounds {
        for (way, _) in WAYS {
            for waits in WAITS {
                let sample = sample(way, waits, course).await?;
                samples.entry((way, waits)).or_default().push(sample);
            }
        }
    }
    let left = |way| {
        let pairs = samples[&(way, 1)].iter().zip(&samples[&(way, 0)]);
        median(pairs.map(|(waiting, plain)| waiting.per_second / plain.per_second))
    };
    let expectations = WAYS.map(|(way, name)| {
        Expectation::at_least(format!("{name}, of the same without"), LEFT, left(way))
    });
    Ok(Section {
        name: "replicas",
        title: format!(
            "Replicas: {CLIENTS} messages at a time to a Redis with one replica on this machine, appendfsync always, medians of {rounds} rounds"
        ),
        rows: rows(&samples, left),
        notes: Vec::new(),
        expectations: expectations.into(),
        data: data(&samples)?,
    })
}

fn rows(samples: &Samples, left: impl Fn(Way) -> f64) -> Vec<Vec<String>> {
    let head = ["", "messages/s", "p50 ms", "p99 ms", "of without"];
    let mut rows = vec![head.map(str::to_owned).into()];
    for (way, name) in WAYS {
        for waits in WAITS {
            let of_it = &samples[&(way, waits)];
            let median_of = |get: fn(&Sample) -> f64| median(of_it.iter().map(get));
            rows.push(row([
                &format!("{name}, REDIS_WAIT_REPLICAS={waits}"),
                &format!("{:.0}", median_of(|it| it.per_second)),
                &format!("{:.2}", median_of(|it| it.latency.p50_ms)),
                &format!("{:.2}", median_of(|it| it.latency.p99_ms)),
                &if waits == 0 {
                    String::new()
                } else {
                    format!("{:.2}", left(way))
                },
            ]));
        }
    }
    rows
}

fn data(samples: &Samples) -> Result<serde_json::Value> {
    let named = samples.iter().map(|((way, waits), samples)| {
        Ok((
            format!(
                "{}_{waits}",
                serde_json::to_value(way)?.as_str().unwrap_or_default()
            ),
            samples,
        ))
    });
    Ok(serde_json::to_value(
        named.collect::<Result<BTreeMap<_, _>>>()?,
    )?)
}

async fn sample(way: Way, waits: u32, course: Course) -> Result<Sample> {
    let (master, _replica) = pair().await?;
    let (setting, url) = (waits.to_string(), master.url());
    let tally: Tally = match way {
        Way::Api => {
            let settings = [("REDIS_WAIT_REPLICAS", &*setting)];
            let (_api, port) = Daemon::api(url, master.folder(), &settings).await?;
            let load = Load {
                port,
                course,
                chats: CHATS,
                post: Post::Plain(TTL),
            };
            Job::Load(load).done().await?
        }
        Way::Append => {
            let appends = Appends {
                redis_url: url.to_owned(),
                wait_replicas: waits,
                course,
                chats: CHATS,
            };
            Job::Append(appends).done().await?
        }
    };
    Ok(Sample {
        per_second: tally.per_second,
        latency: tally.latency,
    })
}

/// A Redis and its replica, which has all.
async fn pair() -> Result<(RedisServer, RedisServer)> {
    let (port, copy) = (free_port()?.to_string(), free_port()?.to_string());
    let master = RedisServer::start(&["--port", &port, "--bind", "127.0.0.1"]).await?;
    let follows = [
        "--port",
        &copy,
        "--bind",
        "127.0.0.1",
        "--replicaof",
        "127.0.0.1",
        &port,
    ];
    let mut replica = RedisServer::start(&follows).await?;
    replica.has_all().await?;
    Ok((master, replica))
}
