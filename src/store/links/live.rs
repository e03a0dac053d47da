//! A connection that calls use, and which of them.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};

use super::batcher::{Batcher, Job};
use super::no_connection;

/// What a connection is for.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Purpose {
    /// It answers at once.
    Plain,
    /// Replicas are waited for on it, if they are anywhere: nothing else is to wait behind that.
    Waiting,
}

/// A connection that calls use.
#[derive(Clone)]
pub(in crate::store) struct Live {
    pub(in crate::store) connection: MultiplexedConnection,
    /// What replicas are waited for by, on this connection.
    pub(super) batcher: Option<Batcher>,
    pub(super) which: usize,
    /// No two are alike.
    pub(super) number: u64,
    pub(super) made: Instant,
}

impl Live {
    /// Has a command done, and waits for replicas, in the next batch; answers with its answer and how many have it.
    ///
    /// # Errors
    /// Why it was not done, or nobody knows whether it was.
    pub(in crate::store) async fn batched(&self, job: Job) -> RedisResult<Value> {
        match &self.batcher {
            Some(batcher) => batcher.ask(job).await,
            None => Err(no_connection()),
        }
    }
}
