//! The only room that knows Redis. Each verb is one script or one command; the scripts are in `lua/`.

pub mod aliases;
pub mod audit;
mod batch;
pub mod clearing;
pub mod closing;
pub mod config;
mod connect;
pub mod control;
pub mod dead;
pub mod disuse;
mod due;
mod due_list;
pub mod erasing;
pub mod events;
pub mod history;
pub mod inspection;
pub mod keys;
pub mod lanes;
pub mod later;
pub mod open;
pub mod pace;
mod paging;
pub mod pausing;
pub mod queue;
pub mod received;
mod reply;
pub mod room;
pub mod status;
pub mod whole;
pub mod windows;

use std::sync::Arc;
use std::time::Duration;

use redis::aio::ConnectionManager;
use redis::{FromRedisValue, Script, ScriptInvocation, ServerErrorKind};
use thiserror::Error;

use self::keys::Shard;

pub use connect::ConnectError;
pub use due::{LONGEST_IDLE, LONGEST_SLEEP};
pub use due_list::DueCursor;
pub use paging::{EntryId, Look};

/// Redis, as a few shared connections that mend themselves.
#[derive(Clone)]
pub struct Store {
    connections: Arc<[ConnectionManager]>,
    /// Shared, because every request clones the store.
    client: Arc<redis::Client>,
    /// The longest wait for any answer.
    patience: Duration,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Why Redis did not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Nothing was stored, and nothing will be until there is room.
    #[error("Redis is full (maxmemory): {0}")]
    Full(redis::RedisError),
    /// It may have been stored or not.
    #[error("Redis did not answer within {0:?}")]
    Silent(Duration),
    /// Unreachable, loading, read-only, or refusing.
    #[error("Redis: {0}")]
    Unavailable(redis::RedisError),
    /// What lies in Redis is not what Lull wrote. Says which kind of thing and never what it holds: errors are logged.
    #[error("unreadable data in Redis: {0}")]
    Unreadable(&'static str),
    /// Other clients filled the window again and again between closing and appending.
    #[error("the window stayed full")]
    Contended,
}

impl From<redis::RedisError> for StoreError {
    fn from(error: redis::RedisError) -> Self {
        match error.code() {
            Some("OOM" | "MISCONF") => Self::Full(error),
            _ => Self::Unavailable(error),
        }
    }
}

/// The result of a store verb.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A script from its source.
pub(crate) fn script(source: &'static str) -> Script {
    Script::new(source)
}

impl Store {
    /// Runs a script on keys of `shard`.
    async fn run<T: FromRedisValue>(
        &self,
        shard: Shard,
        invocation: &ScriptInvocation<'_>,
    ) -> Result<T> {
        let connection = &self.connections[shard.index() % self.connections.len()];
        self.patiently(invocation.invoke_async(&mut connection.clone()))
            .await
    }

    async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T> {
        self.patiently(command.query_async(&mut self.connections[0].clone()))
            .await
    }

    async fn pipeline<T: FromRedisValue>(&self, pipeline: &redis::Pipeline) -> Result<T> {
        self.patiently(pipeline.query_async(&mut self.connections[0].clone()))
            .await
    }

    async fn patiently<T>(&self, work: impl Future<Output = redis::RedisResult<T>>) -> Result<T> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(_) => Err(StoreError::Silent(self.patience)),
        }
    }
}

/// Whether Redis answered that this user may not do that.
fn is_denied(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(error)
        if error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoPerm)
            || error.kind() == redis::ErrorKind::Server(ServerErrorKind::ResponseError))
}
