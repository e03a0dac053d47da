//! Whether Redis takes messages: asked by a write that costs nothing.

use std::sync::LazyLock;

use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};

use super::keys::DAEMONS;
use super::{Result, Store, script};

static PROBE: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/probe.lua")));

pub(super) fn scripts() -> impl Iterator<Item = &'static Script> {
    std::iter::once(&*PROBE)
}

/// Asks on one connection.
pub(super) async fn ask(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    PROBE.key(DAEMONS).invoke_async(connection).await
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
