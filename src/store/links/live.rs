//! A connection that calls use, and which of them.

use std::time::Instant;

use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::batcher::{Batcher, Done, Job};
use super::no_connection;

/// Which of the connections a call uses; any number chooses one.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Which {
    /// One that answers at once.
    Plain(usize),
    /// One on which replicas are waited for, if there are such: nothing else is to wait behind that.
    Waiting(usize),
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
    /// Has a command done, and waits for replicas, in the next batch.
    ///
    /// # Errors
    /// Why it was not done, or nobody knows whether it was.
    pub(in crate::store) async fn batched(&self, job: Job) -> RedisResult<Done> {
        match &self.batcher {
            Some(batcher) => batcher.ask(job).await,
            None => Err(no_connection()),
        }
    }
}
