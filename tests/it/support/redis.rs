//! A private Redis with the shipped `redis.conf`, on a socket in its own folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lull::settings::redis::{Address, RedisConfig, SentinelLogin};
use lull::settings::secrets::SecretsConfig;
use lull::store::Store;
use lull_kit::redis_server::{Files, RedisServer, program};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::AsyncCommands;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use super::clock::Clock;
use super::{DEADLINE, eventually};

/// A Redis that ends with the test.
pub(crate) struct TestRedis {
    server: RedisServer,
    arguments: Vec<String>,
    /// Where a test turns it.
    clock: Option<Clock>,
}

impl TestRedis {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// One that lets nobody configure it and sends no events, as many hosted ones.
    pub(crate) async fn start_locked() -> Self {
        Self::start_with(&[
            "--notify-keyspace-events",
            "",
            "--rename-command",
            "CONFIG",
            "",
        ])
        .await
    }

    /// Starts one whose settings differ from the shipped ones.
    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        Self::start_in(Files::temporary().unwrap(), arguments, None).await
    }

    /// Starts one whose clock can be turned.
    pub(crate) async fn start_turnable() -> Self {
        let files = Files::temporary().unwrap();
        let clock = Clock::right(files.folder());
        let mut redis = Self::start_in(files, &[], Some(clock)).await;
        let before = redis.now().await;
        redis.clock().ahead(Duration::from_secs(3_600));
        assert!(
            redis.now().await >= before + 3_600_000,
            "the clock of {} cannot be turned by LD_PRELOAD: is it linked statically? Set REDIS_SERVER to another",
            program().display()
        );
        redis.clock().back(Duration::from_secs(3_600));
        redis
    }

    async fn start_in(files: Files, arguments: &[&str], clock: Option<Clock>) -> Self {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|&argument| argument.to_owned())
            .collect();
        let environment = environment(clock.as_ref());
        let server = RedisServer::start(files, &arguments, &environment).unwrap();
        let redis = Self {
            server,
            arguments,
            clock,
        };
        redis.wait_until_up().await;
        redis
    }

    /// Where it listens, as `REDIS_URL`.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The socket it listens on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.server.files().socket()
    }

    /// The folder it writes into.
    pub(crate) fn folder(&self) -> &Path {
        self.server.files().folder()
    }

    /// Its clock, if it was started with one that can be turned.
    pub(crate) fn clock(&mut self) -> &mut Clock {
        self.clock.as_mut().unwrap()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().try_into().unwrap()), signal).unwrap();
    }

    /// Sets one of its settings.
    pub(crate) async fn set(&self, name: &str, value: &str) {
        set(&mut self.raw().await, name, value).await;
    }

    /// The store on it.
    pub(crate) async fn store(&self) -> Store {
        self.store_with(Duration::from_secs(5)).await
    }

    /// The store on it, with so much patience.
    pub(crate) async fn store_with(&self, patience: Duration) -> Store {
        let config = RedisConfig {
            address: Address::Url(self.url()),
            username: None,
            password: None,
            db: None,
            sentinel_login: SentinelLogin::default(),
            wait_replicas: 0,
            secrets: SecretsConfig::default(),
        };
        Store::connect(&config, patience).await.unwrap()
    }

    /// A connection past the store, to look at what really lies there.
    pub(crate) async fn raw(&self) -> MultiplexedConnection {
        // On a busy machine half a second, which is what it would wait, is soon over.
        let patient = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(DEADLINE))
            .set_response_timeout(Some(DEADLINE));
        redis::Client::open(self.url())
            .unwrap()
            .get_multiplexed_async_connection_with_config(&patient)
            .await
            .unwrap()
    }

    /// How often a command was called, by Redis's own count.
    pub(crate) async fn calls_of(&self, command: &str) -> u64 {
        let info: String = redis::cmd("INFO")
            .arg("commandstats")
            .query_async(&mut self.raw().await)
            .await
            .unwrap();
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }

    /// All keys that match.
    pub(crate) async fn keys(&self, pattern: &str) -> Vec<String> {
        redis::cmd("KEYS")
            .arg(pattern)
            .query_async(&mut self.raw().await)
            .await
            .unwrap()
    }

    /// When the last attempts to this destination were let begin by its pace, ms, those of one interval at most.
    pub(crate) async fn begun(&self, destination: &str) -> Vec<u64> {
        begun(&mut self.raw().await, destination).await
    }

    /// The time, ms.
    pub(crate) async fn now(&self) -> u64 {
        let time = redis::cmd("TIME");
        let (seconds, micros): (u64, u64) = time.query_async(&mut self.raw().await).await.unwrap();
        seconds * 1000 + micros / 1000
    }

    /// Moves all that stands in the sorted sets that match so far into the past; there must be something.
    pub(crate) async fn long_ago(&self, pattern: &str, ago: Duration) {
        let back = -i64::try_from(ago.as_millis()).unwrap();
        let mut raw = self.raw().await;
        let mut moved = 0;
        for key in self.keys(pattern).await {
            let members: Vec<Vec<u8>> = raw.zrange(&key, 0, -1).await.unwrap();
            for member in members {
                let _: f64 = raw.zincr(&key, member, back).await.unwrap();
                moved += 1;
            }
        }
        assert!(moved > 0, "nothing stands at {pattern}");
    }

    /// Moves the times of all sets of message ids so far into the past; there must be some.
    pub(crate) async fn ids_long_ago(&self, ago: Duration) {
        let mut raw = self.raw().await;
        let turns = self.keys("lull:*:ids").await;
        assert!(!turns.is_empty(), "no id is noted");
        for key in turns {
            let turn: String = raw.get(&key).await.unwrap();
            let mut words = turn.split(' ');
            let mut moved = words.next().unwrap().to_owned();
            for until in words {
                let until: u64 = until.parse().unwrap();
                let until = until.saturating_sub(ago.as_millis().try_into().unwrap());
                moved += &format!(" {until:013}");
            }
            let _: () = raw.set(&key, moved).await.unwrap();
        }
    }

    /// All keys but those in which daemons note that they live, what they count and what time it is, which come when they
    /// come.
    pub(crate) async fn lasting_keys(&self) -> Vec<String> {
        let mut keys = self.keys("*").await;
        keys.retain(|key| {
            let noted = ["lull:{config}:daemons", "lull:{config}:clock"];
            !noted.contains(&key.as_str()) && !key.starts_with("lull:{config}:samples:")
        });
        keys.sort();
        keys
    }

    /// All keys that hold something of chats. Daemons note in another that they have started, what was refused is listed,
    /// who was heard from is known for a while, and that a destination had lanes is noted until somebody looks.
    pub(crate) async fn chat_keys(&self) -> Vec<String> {
        let mut keys = self.keys("lull:{[0-9]*").await;
        let stay = ["}:posts", "}:known", "}:people", "}:lanes"];
        keys.retain(|key| !stay.iter().any(|end| key.ends_with(end)));
        keys
    }

    /// Lets it use so many bytes and no more.
    pub(crate) async fn limit_memory(&self, bytes: u64) {
        redis::cmd("CONFIG")
            .arg(&["SET", "maxmemory"])
            .arg(bytes)
            .query_async::<()>(&mut self.raw().await)
            .await
            .unwrap();
    }

    /// The process, for signals.
    pub(crate) fn pid(&self) -> u32 {
        self.server.id()
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.server.process().kill();
    }

    /// Starts it again on the same files.
    pub(crate) async fn start_again(&mut self) {
        self.start_again_slowly(&[]);
        self.wait_until_up().await;
    }

    /// The same with more settings, without waiting until it has read its files.
    pub(crate) fn start_again_slowly(&mut self, more: &[&str]) {
        let more = more.iter().map(|&argument| argument.to_owned());
        let arguments: Vec<_> = self.arguments.iter().cloned().chain(more).collect();
        let environment = environment(self.clock.as_ref());
        self.server.start_again(&arguments, &environment).unwrap();
    }

    async fn wait_until_up(&self) {
        let client = redis::Client::open(self.url()).unwrap();
        eventually("Redis answers", async || {
            let Ok(mut connection) = client.get_multiplexed_async_connection().await else {
                return false;
            };
            redis::cmd("PING")
                .query_async::<()>(&mut connection)
                .await
                .is_ok()
        })
        .await;
    }
}

/// See [`TestRedis::begun`].
pub(crate) async fn begun(raw: &mut MultiplexedConnection, destination: &str) -> Vec<u64> {
    let key = format!("lull:{{config}}:pace:{destination}");
    raw.lrange(key, 0, -1).await.unwrap()
}

/// Sets one of its settings by way of this connection.
pub(crate) async fn set(connection: &mut MultiplexedConnection, name: &str, value: &str) {
    redis::cmd("CONFIG")
        .arg(&["SET", name, value])
        .query_async::<()>(connection)
        .await
        .unwrap();
}

fn environment(clock: Option<&Clock>) -> Vec<(&'static str, PathBuf)> {
    clock.map(Clock::settings).into_iter().flatten().collect()
}

/// What a program needs to find the server that the suite itself uses.
pub(crate) fn server_settings() -> Vec<(&'static str, String)> {
    let path = std::env::var_os("PATH").unwrap().into_string().unwrap();
    let mut settings = vec![("PATH", path)];
    let program = program();
    if program.is_absolute() {
        settings.push(("REDIS_SERVER", program.to_str().unwrap().to_owned()));
    }
    settings
}
