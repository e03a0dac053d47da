//! Whether Redis takes messages: asked by a write that costs nothing.

use futures_util::future::join_all;
use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::asking::{Question, told};
use super::nodes::Tag;
use super::refusal;
use super::scripts;
use super::{Result, Store};

/// Asks on one connection.
pub(super) async fn ask(connection: &mut MultiplexedConnection, tag: Tag) -> RedisResult<()> {
    let asked = scripts::PROBE.key(tag.probe()).on(connection).await;
    match asked {
        // What is elsewhere by now is asked of there.
        Err(error) if refusal::is_moved(&error) => Ok(()),
        asked => asked.map(drop),
    }
}

impl Store {
    /// Whether a message would be taken now, on each of the shared connections; of a cluster, by any of its masters: while one is
    /// dead most chats are served, and nobody is helped by a daemon that is taken for ill. Writes nothing.
    ///
    /// # Errors
    /// Why it would be refused.
    pub async fn probe(&self) -> Result<()> {
        let nodes = self.nodes.all();
        let links = nodes
            .iter()
            .flat_map(|node| (0..node.count()).map(move |which| (node, which)));
        let asks = links.map(|(node, which)| {
            let question = Question::Probe(node.probed());
            self.ask_while_there(node, which, self.patience, question)
        });
        // To the end on each, so that each that is broken is found by the same probe.
        let answers = join_all(asks).await;
        if self.nodes.is_cluster() && answers.iter().any(|answer| answer.is_ok()) {
            return Ok(());
        }
        let mut answers = answers.into_iter();
        answers.try_for_each(|answer| answer.map(drop).map_err(told))
    }
}
