//! A private Redis with the shipped `redis.conf`, new for each measurement.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use lull::settings::Vars;
use lull::store::Store;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use crate::append;
use crate::daemon::Daemon;

const SHIPPED: &str = include_str!("../../redis.conf");
/// Commands in one pipeline.
const CHUNK: u64 = 1000;

/// A Redis that ends with this.
pub(crate) struct RedisServer {
    // Dropped first: it writes into the folders.
    daemon: Daemon,
    client: redis::Client,
    url: String,
    folder: TempDir,
    /// The path of a socket must be short, so it cannot be in the folder.
    _socket: TempDir,
}

impl RedisServer {
    /// Starts one; the lines of `more` come after those of the shipped configuration.
    pub(crate) async fn start(more: &str) -> Result<Self> {
        // Beside the build, and not in the folder for temporary files, which may be in memory: here fsync counts.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let socket_folder = tempfile::tempdir()?;
        let socket = socket_folder.path().join("redis.sock");
        let own = format!(
            "\nport 0\nunixsocket {}\nlogfile redis.log\n",
            socket.display()
        );
        std::fs::write(
            folder.path().join("redis.conf"),
            [SHIPPED, &own, more].concat(),
        )?;

        let mut command = Command::new(program());
        command.arg("redis.conf").current_dir(folder.path());
        let mut daemon = Daemon::start(&mut command, &folder.path().join("stderr.log"))?;
        let url = format!("unix://{}", socket.display());
        let client = redis::Client::open(url.as_str())?;
        let answers = async || client.get_multiplexed_async_connection().await.is_ok();
        daemon.wait_until(answers).await?;
        Ok(Self {
            daemon,
            client,
            url,
            folder,
            _socket: socket_folder,
        })
    }

    /// Where it listens, as `REDIS_URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A folder that ends with it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store on it.
    pub(crate) async fn store(&self) -> Result<Store> {
        append::store(&self.url).await
    }

    /// CPU time it has spent so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        self.daemon.cpu_seconds()
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
        let info: String = redis::cmd("INFO")
            .arg("memory")
            .query_async(&mut self.connection().await?)
            .await?;
        let used = info
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        used.context("INFO without used_memory")?
            .parse()
            .context("used_memory")
    }

    async fn connection(&self) -> Result<MultiplexedConnection> {
        Ok(self.client.get_multiplexed_async_connection().await?)
    }
}

/// What the program calls itself, with its version.
pub(crate) fn version() -> Result<String> {
    let said = Command::new(program())
        .arg("--version")
        .output()
        .with_context(|| format!("starting {}", program().display()))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let words: Vec<_> = said
        .split_whitespace()
        .take_while(|word| !word.starts_with("sha="))
        .collect();
    Ok(words.join(" "))
}

/// `make bench` names the one it found or installed.
fn program() -> PathBuf {
    let vars = Vars::from_env();
    vars.get("REDIS_SERVER").unwrap_or("redis-server").into()
}
