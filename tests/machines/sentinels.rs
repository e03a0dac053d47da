//! A master with replicas, and the Sentinels that watch it: real servers on loopback, which end with the test.

use std::process::{Command, Stdio};

use lull_kit::process::Process;
use lull_kit::redis_server::program;
use nix::sys::signal::Signal;
use redis::FromRedisValue;
use tempfile::TempDir;

use crate::support::daemon::free_port;
use crate::support::{TestRedis, eventually};

/// What the Sentinels call the master.
pub(crate) const MASTER: &str = "mymaster";
/// How long the master may be silent before the first Sentinel takes it for dead, and before the others do, ms: one notices
/// it, and the others vote. A master that is replaced twice costs messages by design, so afterwards this one is patient, too.
const DOWN_AFTER: [u32; 3] = [1_000, 20_000, 20_000];
/// How many must take it for dead.
const QUORUM: usize = 1;

/// A Redis that may be the master.
pub(crate) struct Server {
    pub(crate) redis: TestRedis,
    pub(crate) port: u16,
}

/// A Sentinel.
struct Sentinel {
    process: Process,
    port: u16,
    folder: TempDir,
}

/// Three Redis, the first of which begins as the master, and three Sentinels.
pub(crate) struct Watched {
    pub(crate) servers: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

impl Server {
    pub(crate) async fn start(of: Option<u16>) -> Self {
        let port = free_port();
        let text = port.to_string();
        let mut arguments = vec!["--port", &text, "--bind", "127.0.0.1"];
        let of = of.map(|of| of.to_string());
        if let Some(of) = &of {
            arguments.extend(["--replicaof", "127.0.0.1", of]);
        }
        let redis = TestRedis::start_with(&arguments).await;
        Self { redis, port }
    }

    pub(crate) async fn says(&self, wanted: &str) -> bool {
        let mut info = redis::cmd("INFO");
        info.arg("replication");
        let said: String = info.query_async(&mut self.redis.raw().await).await.unwrap();
        said.contains(wanted)
    }
}

impl Sentinel {
    fn start(master: u16, down_after: u32) -> Self {
        let (port, folder) = (free_port(), TempDir::new().unwrap());
        let conf = format!(
            "bind 127.0.0.1\nport {port}\ndir .\nlogfile sentinel.log\n\
             sentinel monitor {MASTER} 127.0.0.1 {master} {QUORUM}\n\
             sentinel down-after-milliseconds {MASTER} {down_after}\n\
             sentinel failover-timeout {MASTER} 10000\n"
        );
        // Sentinels write what they find out into it.
        std::fs::write(folder.path().join("sentinel.conf"), conf).unwrap();
        let mut command = Command::new(program());
        command.args(["sentinel.conf", "--sentinel"]);
        command.current_dir(folder.path()).stdout(Stdio::null());
        Self {
            process: Process::start(&mut command).unwrap(),
            port,
            folder,
        }
    }

    async fn asks<T: FromRedisValue>(&self, words: &[&str]) -> Option<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut raw = client.get_multiplexed_async_connection().await.ok()?;
        let mut ask = redis::cmd("SENTINEL");
        ask.arg(words).query_async(&mut raw).await.ok()
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("sentinel.log"));
            eprintln!(
                "--- log of the Sentinel on port {} ---\n{}",
                self.port,
                log.unwrap()
            );
        }
    }
}

impl Watched {
    /// Starts them, and waits until the Sentinels could put another in the place of the master.
    pub(crate) async fn start() -> Self {
        let master = Server::start(None).await;
        let port = master.port;
        let mut servers = vec![master];
        for _ in 0..2 {
            servers.push(Server::start(Some(port)).await);
        }
        for replica in &servers[1..] {
            eventually("a replica has all", async || {
                replica.says("master_link_status:up").await
            })
            .await;
        }
        let sentinels = DOWN_AFTER.map(|down_after| Sentinel::start(port, down_after));
        let watched = Self {
            servers,
            sentinels: sentinels.into(),
        };
        for sentinel in &watched.sentinels {
            eventually("a Sentinel knows all", async || {
                let others: Option<Vec<redis::Value>> = sentinel.asks(&["SENTINELS", MASTER]).await;
                let copies: Option<Vec<redis::Value>> = sentinel.asks(&["REPLICAS", MASTER]).await;
                let usable: Option<String> = sentinel.asks(&["CKQUORUM", MASTER]).await;
                others.is_some_and(|it| it.len() + 1 == DOWN_AFTER.len())
                    && copies.is_some_and(|it| it.len() == 2)
                    && usable.is_some()
            })
            .await;
        }
        watched
    }

    /// `REDIS_SENTINELS`.
    pub(crate) fn places(&self) -> String {
        let places = self.sentinels.iter();
        let places: Vec<_> = places.map(|it| format!("127.0.0.1:{}", it.port)).collect();
        places.join(",")
    }

    /// `REDIS_URL` by way of the Sentinels.
    pub(crate) fn url(&self) -> String {
        format!("redis+sentinel://{}/{MASTER}", self.places())
    }

    /// `REDIS_URL` of one of the Sentinels, as if it were a Redis.
    pub(crate) fn plain_url(&self, sentinel: usize) -> String {
        format!("redis://127.0.0.1:{}", self.sentinels[sentinel].port)
    }

    /// Waits until all Sentinels name another master than the first, and lets that stay, however busy the machine is and
    /// the master with it; answers its place among the servers.
    pub(crate) async fn replaced(&self) -> usize {
        let first = self.servers[0].port;
        let mut now = first;
        for sentinel in &self.sentinels {
            eventually("another is the master", async || {
                let words = ["GET-MASTER-ADDR-BY-NAME", MASTER];
                let named: Option<(String, u16)> = sentinel.asks(&words).await;
                now = named.map_or(first, |(_, port)| port);
                now != first
            })
            .await;
            let patience = DOWN_AFTER[1].to_string();
            let words = ["SET", MASTER, "down-after-milliseconds", &patience];
            let () = sentinel.asks(&words).await.unwrap();
        }
        self.servers.iter().position(|it| it.port == now).unwrap()
    }

    /// Sends the first master a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.servers[0].redis.signal(signal);
    }

    /// Kills the Sentinels from this one on.
    pub(crate) fn kill_sentinels(&mut self, from: usize) {
        for sentinel in &mut self.sentinels[from..] {
            sentinel.process.kill();
        }
    }
}
