//! Both daemons at work on one Redis, for tests in which they lose it.

use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};

use super::{Daemon, Receiver, TestRedis, eventually};

/// What the log says while Redis cannot be worked with, and when it can be again.
pub(crate) const WAITS: &str = "Waiting for Redis at ";
const WORKS: &str = "works again, after ";

/// Both daemons at work.
pub(crate) struct Daemons {
    pub(crate) api: Daemon,
    pub(crate) monitor: Daemon,
    receiver: Receiver,
}

impl Daemons {
    /// Two on a Redis, each with these settings, too.
    pub(crate) async fn on(redis: &TestRedis, settings: &[(&str, &str)]) -> Self {
        let receiver = Receiver::start().await;
        Self {
            api: Daemon::api_with(redis, settings).await,
            monitor: Daemon::monitor_with(redis, &receiver.url(), settings).await,
            receiver,
        }
    }

    /// Says something, and answers the status and the body.
    pub(crate) async fn post(&self, user: &str, text: &str) -> (u16, Value) {
        let body = json!({"user": user, "message": text, "ttl": 0.1});
        let (status, answer) = self.api.post("/api/message", body).await;
        (status.as_u16(), answer)
    }

    /// Waits until api takes no messages.
    pub(crate) async fn is_refused(&self) {
        eventually("messages are refused", async || {
            self.post("refused", "durante").await.0 == 503
        })
        .await;
    }

    /// Messages are taken and leave, and both daemons are well.
    pub(crate) async fn works(&mut self, user: &str) {
        eventually("messages are taken again", async || {
            self.post(user, "depois").await.0 == 200
        })
        .await;
        while self.receiver.call().await.user() != user {}
        for daemon in [&self.api, &self.monitor] {
            daemon.wait_until_up().await;
        }
    }

    /// Says once for each reason that it waits, and once that it is over.
    pub(crate) async fn said(&self, reason: &str) {
        for daemon in [&self.api, &self.monitor] {
            daemon.logs(WORKS).await;
            let log = daemon.log();
            let waits = log.lines().filter(|line| line.contains(WAITS));
            let of_this: Vec<_> = waits.filter(|line| line.contains(reason)).collect();
            assert_eq!(of_this.len(), 1, "{reason}: {log}");
        }
    }
}

/// Sends a command to Redis.
pub(crate) async fn tell(connection: &mut MultiplexedConnection, words: &[&str]) {
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async::<()>(connection).await.unwrap();
}

/// Cuts all connections but the one that asks.
pub(crate) async fn cut(connection: &mut MultiplexedConnection) {
    for kind in ["normal", "pubsub"] {
        let mut kill = redis::cmd("CLIENT");
        kill.arg(&["KILL", "TYPE", kind]);
        kill.query_async::<i64>(connection).await.unwrap();
    }
}
