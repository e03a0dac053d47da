//! The Redis under measurement: with the shipped `redis.conf`, new for each.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result};
use lull::store::Store;
use lull_kit::proc;
use lull_kit::redis_server::{self, Files};
use redis::aio::MultiplexedConnection;

use crate::append;
use crate::daemon::up_within_patience;

/// Commands in one pipeline.
const CHUNK: u64 = 1000;

/// A Redis that ends with this.
pub(crate) struct RedisServer {
    server: redis_server::RedisServer,
    client: redis::Client,
    url: String,
}

impl RedisServer {
    /// Starts one; `arguments` come after those of the shipped configuration.
    pub(crate) async fn start(arguments: &[&str]) -> Result<Self> {
        // Beside the build, and not in the folder for temporary files, which may be in memory: here fsync counts.
        let files = Files::within(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        let mut server = redis_server::RedisServer::start(files, &arguments, &[])?;
        let url = server.url();
        let client = redis::Client::open(url.as_str())?;
        let answers = async || client.get_multiplexed_async_connection().await.is_ok();
        let up = up_within_patience(server.process(), answers).await;
        up.with_context(|| server.last_words())?;
        Ok(Self {
            server,
            client,
            url,
        })
    }

    /// Waits until it has all of the one that it copies.
    pub(crate) async fn has_all(&mut self) -> Result<()> {
        let client = self.client.clone();
        let is_there = async || follows(&client).await.unwrap_or_default();
        up_within_patience(self.server.process(), is_there)
            .await
            .context("waiting for the replica")
    }

    /// Where it listens, as `REDIS_URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A folder that ends with it.
    pub(crate) fn folder(&self) -> &Path {
        self.server.files().folder()
    }

    /// The store on it.
    pub(crate) async fn store(&self) -> Result<Store> {
        append::store(&self.url).await
    }

    /// CPU time it has spent so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        proc::cpu_seconds(self.server.id())
    }

    /// Puts so many keys into it that are not Lull's and expire, but not today.
    pub(crate) async fn add_foreign_keys(&self, count: u64) -> Result<()> {
        let mut connection = self.connection().await?;
        for first in (0..count).step_by(CHUNK.try_into()?) {
            let mut sets = redis::pipe();
            for number in first..(first + CHUNK).min(count) {
                // Between ten minutes and three hours.
                let ttl = 600 + number * 7919 % 10_200;
                sets.set_ex(format!("session:{number}"), "a foreign value", ttl)
                    .ignore();
            }
            sets.exec_async(&mut connection).await?;
        }
        Ok(())
    }

    /// Bytes it has allocated.
    pub(crate) async fn used_memory(&self) -> Result<u64> {
        self.told("memory", "used_memory").await
    }

    /// Commands that it has run so far, also those of scripts.
    pub(crate) async fn commands(&self) -> Result<f64> {
        self.told("stats", "total_commands_processed").await
    }

    /// A number that it tells of itself.
    async fn told<T>(&self, section: &str, name: &str) -> Result<T>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let info: String = redis::cmd("INFO")
            .arg(section)
            .query_async(&mut self.connection().await?)
            .await?;
        let told = info
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let told = told.with_context(|| format!("INFO without {name}"))?;
        told.parse().with_context(|| name.to_owned())
    }

    /// A connection to it.
    pub(crate) async fn connection(&self) -> Result<MultiplexedConnection> {
        Ok(self.client.get_multiplexed_async_connection().await?)
    }
}

/// Whether a replica is in step.
async fn follows(client: &redis::Client) -> Result<bool> {
    let mut connection = client.get_multiplexed_async_connection().await?;
    let info: String = redis::cmd("INFO")
        .arg("replication")
        .query_async(&mut connection)
        .await?;
    Ok(info.contains("master_link_status:up"))
}
