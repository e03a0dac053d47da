//! Whether Redis takes messages: asked by a write that costs nothing.

use futures_util::future::join_all;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::asking::told;
use super::scripts;
use super::{Result, Store};

/// Asks on one connection.
pub(super) async fn ask(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    scripts::PROBE.keyless().on(connection).await
}

impl Store {
    /// Whether a message would be taken now, on each of the shared connections. Writes nothing.
    ///
    /// # Errors
    /// Why it would be refused.
    pub async fn probe(&self) -> Result<()> {
        let nodes = self.nodes.all();
        let links = nodes
            .iter()
            .flat_map(|node| (0..node.count()).map(move |which| (node, which)));
        let asks = links.map(|(node, which)| {
            let question = |mut live| async move { ask(&mut live).await };
            self.ask_node(node, which, self.patience, question)
        });
        // To the end on each, so that each that is broken is found by the same probe.
        let mut answers = join_all(asks).await.into_iter();
        answers.try_for_each(|answer| answer.map_err(told))
    }
}
