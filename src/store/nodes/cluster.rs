//! Which master of a Redis Cluster has what: any node that answers tells.

use std::sync::Arc;

use redis::{Client, RedisResult, Value};
use tokio::time::timeout;
use tracing::info;

use super::address::Address;
use super::tag::{TAGS, Tag};
use super::topology::{Masters, masters};
use super::{Node, Nodes, Source, TELLING, Topology, learning};
use crate::store::dialling::{briefly, silent};
use crate::store::links::{Links, Purpose};

impl Nodes {
    /// The masters of the cluster that a node belongs to. Where none of them answers any more, `seeds` are asked again.
    ///
    /// # Errors
    /// When it does not tell them.
    pub(in crate::store) async fn cluster(
        node: Arc<Links>,
        seeds: Vec<Client>,
    ) -> RedisResult<Arc<Self>> {
        let found = told_by(&node).await?;
        let nodes = Arc::new(Self::of(Source::Cluster(seeds), node));
        nodes.take(&found);
        tokio::spawn(learning(Arc::downgrade(&nodes)));
        Ok(nodes)
    }

    /// Asks who has what, of whoever should know it first, until somebody tells.
    pub(super) async fn ask_cluster(&self, seeds: &[Client]) {
        let teller = self.teller().take();
        let mut known = self.all();
        // Not always the same, which may be out of date.
        fastrand::shuffle(&mut known);
        for node in teller.into_iter().chain(known) {
            if let Ok(found) = told_by(&node).await {
                return self.take(&found);
            }
        }
        // They may all be at other addresses by now, and only a name lead to them.
        for seed in seeds {
            if let Ok(found) = told_by_seed(seed).await {
                return self.take(&found);
            }
        }
    }

    /// Takes up who has what. What nobody has stays where it was: its node may come back.
    fn take(&self, found: &Masters) {
        self.topology.send_if_modified(|topology| {
            let master = |at: usize| {
                let of = found[at].as_ref();
                of.unwrap_or(&topology.nodes[topology.of[at]].address)
            };
            let is_same =
                (0..TAGS).all(|at| *master(at) == topology.nodes[topology.of[at]].address);
            if is_same {
                return false;
            }
            let mut nodes: Vec<Node> = Vec::new();
            let of: [usize; TAGS] = std::array::from_fn(|at| {
                let address = master(at);
                let there = nodes.iter().position(|node| node.address == *address);
                there.unwrap_or_else(|| {
                    // What cannot be dialled at all is looked for where it was.
                    let node = topology.node_at(address, "it has a part of the data now");
                    nodes.push(node.unwrap_or_else(|_| topology.nodes[topology.of[at]].clone()));
                    nodes.len() - 1
                })
            });
            for tag in Tag::all() {
                nodes[of[tag.index()]].links.probe_by(tag);
            }
            let places = nodes.iter().map(|node| node.links.place());
            let places = places.collect::<Vec<_>>().join(", ");
            let count = nodes.len();
            info!(redis = %places, "The data lies on {count} masters of a Redis Cluster: {places}");
            *topology = Arc::new(Topology { nodes, of });
            true
        });
    }
}

/// What a node tells of who has what.
async fn told_by(node: &Arc<Links>) -> RedisResult<Masters> {
    let told = async {
        let mut connection = node.get(Purpose::Plain, 0).await?.connection;
        let answer: Value = slots().query_async(&mut connection).await?;
        masters(&answer, &Address::of(node.client()))
    };
    timeout(TELLING, told).await.map_err(|_| silent(TELLING))?
}

/// The same of one to which no connection is kept.
async fn told_by_seed(seed: &Client) -> RedisResult<Masters> {
    let told = async {
        let mut connection = briefly(seed, TELLING).await?;
        let answer: Value = slots().query_async(&mut connection).await?;
        masters(&answer, &Address::of(seed))
    };
    timeout(2 * TELLING, told)
        .await
        .map_err(|_| silent(2 * TELLING))?
}

fn slots() -> redis::Cmd {
    let mut ask = redis::cmd("CLUSTER");
    ask.arg("SLOTS");
    ask
}
