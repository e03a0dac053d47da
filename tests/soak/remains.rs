//! What is left in Redis, and what can be seen there.

use std::time::{Duration, Instant};

use lull::store::keys::Shard;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{AsyncCommands, RedisResult};
use tokio::time::{sleep, timeout};

use crate::support::pace::Begun;
use crate::support::texts;

/// How long all that waits may take once nothing goes wrong any more: leases of the killed run out, and what a pace holds
/// back follows.
const SETTLING: Duration = Duration::from_secs(120);
/// What may stay: what is remembered for a while, and holds nothing that has to be delivered.
const REMEMBERED: [&str; 14] = [
    "ids", "seen", "heard", "paused", "pausers", "aliases", "known", "people", "writers",
    "received", "posts", "history", "dead", "alive",
];

/// A look at Redis from outside.
pub(crate) struct Remains {
    url: String,
}

impl Remains {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
        }
    }

    async fn raw(&self) -> MultiplexedConnection {
        connect(&self.url).await.unwrap()
    }

    /// The second that it is.
    pub(crate) async fn second(&self) -> i64 {
        let time: (i64, i64) = redis::cmd("TIME")
            .query_async(&mut self.raw().await)
            .await
            .unwrap();
        time.0
    }

    /// Waits until each schedule is planned for a later second than this, so that all up to it are on their lanes.
    pub(crate) async fn ran_beyond(&self, second: i64, names: &[&str]) {
        let began = Instant::now();
        let mut raw = self.raw().await;
        'again: loop {
            assert!(began.elapsed() < SETTLING, "a schedule stands still");
            sleep(Duration::from_millis(100)).await;
            let mut planned = 0;
            for shard in 0..Shard::all().count() {
                let key = format!("lull:{{{shard:02}}}:later");
                let waiting: Vec<(String, f64)> = raw.zrange_withscores(key, 0, -1).await.unwrap();
                for (member, at) in waiting {
                    if names.iter().any(|name| member == format!("s:{name}")) {
                        planned += 1;
                        if at < (second as f64 + 1.0) * 1000.0 {
                            continue 'again;
                        }
                    }
                }
            }
            if planned == names.len() && self.lanes_of_schedules().await == 0 {
                return;
            }
        }
    }

    async fn lanes_of_schedules(&self) -> usize {
        let keys: Vec<String> = self.raw().await.keys("lull:*:lane:.*").await.unwrap();
        // One that is just being made is not waited for.
        let mut longest = 0;
        for key in keys {
            let length: usize = self.raw().await.llen(key).await.unwrap();
            longest = longest.max(length);
        }
        longest.saturating_sub(1)
    }

    /// Waits until nothing waits any more, or it has taken too long.
    pub(crate) async fn settle(&self, begun: &mut Begun) {
        let began = Instant::now();
        while !self.left().await.is_empty() && began.elapsed() < SETTLING {
            let _ = look(&self.url, begun).await;
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Keys of chats that hold more than memories.
    pub(crate) async fn left(&self) -> Vec<String> {
        let keys: Vec<String> = self.raw().await.keys("lull:{[0-9]*").await.unwrap();
        let is_left = |key: &String| {
            let what = key.split_once("}:").map_or("", |(_, what)| what);
            // Of ids there are several sets, by their numbers.
            let what = what.strip_prefix("ids:").map_or(what, |_| "ids");
            !REMEMBERED.contains(&what)
        };
        let mut left: Vec<String> = keys.into_iter().filter(is_left).collect();
        left.extend(self.pausers_of_no_pause().await);
        left
    }

    /// Who paused chats of whose pauses nothing is known: nobody comes by to forget them.
    async fn pausers_of_no_pause(&self) -> Vec<String> {
        let mut raw = self.raw().await;
        let mut left = Vec::new();
        for shard in 0..Shard::all().count() {
            let [pausers, paused] =
                ["pausers", "paused"].map(|what| format!("lull:{{{shard:02}}}:{what}"));
            let members: Vec<String> = raw.hkeys(&pausers).await.unwrap();
            for member in members {
                let until: Option<f64> = raw.zscore(&paused, &member).await.unwrap();
                if until.is_none() {
                    left.push(format!("{pausers} {member}"));
                }
            }
        }
        left
    }

    /// The messages in dead letters.
    pub(crate) async fn dead(&self) -> Vec<u64> {
        let mut numbers = Vec::new();
        for shard in 0..Shard::all().count() {
            let key = format!("lull:{{{shard:02}}}:dead");
            let stream: StreamRangeReply = self.raw().await.xrange_all(key).await.unwrap();
            for entry in stream.ids {
                let batch = entry.get::<String>("batch").unwrap();
                let items = batch.split_once('\n').unwrap().1;
                numbers.extend(
                    texts(items)
                        .iter()
                        .filter_map(|text| text.parse::<u64>().ok()),
                );
            }
        }
        numbers
    }
}

async fn connect(url: &str) -> RedisResult<MultiplexedConnection> {
    redis::Client::open(url)?
        .get_multiplexed_async_connection()
        .await
}

/// Sees when attempts to the paced destination are let begin, through all that happens to Redis.
pub(crate) async fn watch_pace(url: &str, begun: &mut Begun, until: Instant) {
    while Instant::now() < until {
        let _ = timeout(Duration::from_secs(1), look(url, begun)).await;
        sleep(Duration::from_millis(100)).await;
    }
}

async fn look(url: &str, begun: &mut Begun) -> RedisResult<()> {
    let key = "lull:{config}:pace:saida";
    let times: Vec<u64> = connect(url).await?.lrange(key, 0, -1).await?;
    begun.add(&times);
    Ok(())
}
