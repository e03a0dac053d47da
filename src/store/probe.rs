//! Whether Redis takes messages: asked by a write that costs nothing.

use futures_util::future::join_all;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::keys::DAEMONS;
use super::scripts;
use super::{Result, Store};

/// Asks on one connection.
pub(super) async fn ask(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    scripts::PROBE.key(DAEMONS).on(connection).await
}

impl Store {
    /// Whether a message would be taken now, on each of the shared connections. Writes nothing.
    ///
    /// # Errors
    /// Why it would be refused.
    pub async fn probe(&self) -> Result<()> {
        let asks = (0..self.links.count())
            .map(|which| self.ask(which, |mut live| async move { ask(&mut live).await }));
        // To the end on each, so that each that is broken is found by the same probe.
        join_all(asks).await.into_iter().collect()
    }
}
