//! How all nodes are set up that the data lies on, and how those of a Redis Cluster stand to each other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::sentinels::Watch;
use super::{Facts, Inspection, ahead};
use crate::clock::now;
use crate::store::dialling::briefly;
use crate::store::links::Links;
use crate::store::nodes::Address;
use crate::store::{Result, Store, StoreError};

/// What a cluster has to divide.
const SLOTS: u64 = 16_384;
/// A replica has so long to tell its time.
const TELLING: Duration = Duration::from_secs(1);

/// What the nodes say about themselves.
#[derive(Debug)]
pub struct Inspected {
    /// The nodes that tell, the fullest first. At least one.
    pub nodes: Vec<Inspection>,
    /// Where those are that do not, and why.
    pub silent: Vec<(String, StoreError)>,
    /// How they stand to each other; none: it is one Redis.
    pub cluster: Option<Cluster>,
    /// The Sentinels that watch it, if Lull goes by any.
    pub watch: Option<Watch>,
    /// So many replicas must have what a client is told of.
    pub wait_replicas: u32,
}

/// A Redis Cluster.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Slots that no living node has.
    pub slots_missing: u64,
    /// How long a node may be silent before another takes its place, as far as that is told.
    pub node_timeout: Option<Duration>,
    /// Whether all refuse when one is dead, as far as that is told.
    pub needs_all: Option<bool>,
    /// The replicas that follow their masters.
    pub replicas: Vec<Replica>,
}

/// A copy of a master, as that tells of it.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Where it is: host and port.
    pub place: String,
    /// Where its master is.
    pub of: String,
    /// Whether it has all but the newest of what its master has.
    pub is_in_step: bool,
    /// Milliseconds by which its clock is ahead of this machine's, below 0: behind; as far as it tells.
    pub clock_ahead: Option<i64>,
}

impl Store {
    /// Looks at how all nodes are set up. Changes nothing.
    ///
    /// # Errors
    /// No node tells.
    pub async fn inspect(&self) -> Result<Inspected> {
        let all = self.nodes.all();
        let windows = self.counts([]).await.ok().map(|counts| counts.windows);
        let looks = all.iter().map(|node| self.inspect_node(node));
        let (mut nodes, mut living, mut silent) = (Vec::new(), Vec::new(), Vec::new());
        for (node, told) in all.iter().zip(join_all(looks).await) {
            match told {
                Ok(told) => {
                    nodes.push(told);
                    living.push(node);
                }
                Err(error) => silent.push((node.place().to_owned(), error)),
            }
        }
        if nodes.is_empty()
            && let Some((_, error)) = silent.pop()
        {
            return Err(error);
        }
        let cluster = match self.nodes.is_cluster() {
            true => Some(self.cluster(&living).await?),
            false => None,
        };
        nodes.sort_by_key(|node| std::cmp::Reverse(share(node)));
        let timers: Option<u64> = nodes.iter().map(|node| node.foreign_timers).sum();
        for node in &mut nodes {
            // Windows of all nodes are counted together.
            node.foreign_timers = None;
        }
        if let Some(fullest) = nodes.first_mut() {
            let foreign = timers.zip(windows);
            fullest.foreign_timers = foreign.map(|(all, ours)| all.saturating_sub(ours));
            fullest.set_back = self.clock().was_set_back().await.unwrap_or_default();
        }
        Ok(Inspected {
            nodes,
            silent,
            cluster,
            watch: self.watch().await,
            wait_replicas: self.replicas,
        })
    }

    async fn cluster(&self, masters: &[&Arc<Links>]) -> Result<Cluster> {
        let mut cluster = Cluster::default();
        for master in masters {
            let names = ["cluster-node-timeout", "cluster-require-full-coverage"];
            if let Some(config) = self.configured(master, &names).await? {
                let told = config.number(names[0]).map(Duration::from_millis);
                cluster.node_timeout = cluster.node_timeout.max(told);
                cluster.needs_all = cluster.needs_all.max(config.is(names[1], "yes"));
            }
            let mut ask = redis::cmd("CLUSTER");
            let state: String = self.query_node(master, ask.arg("INFO")).await?;
            let slots = Facts::of_info(&state).number("cluster_slots_ok");
            let missing = SLOTS.saturating_sub(slots.unwrap_or(SLOTS));
            cluster.slots_missing = cluster.slots_missing.max(missing);
            let replicas = self.replicas_of(master).await?.into_iter();
            let replicas = replicas.map(|(address, is_in_step)| async move {
                Replica {
                    place: address.to_string(),
                    of: master.place().to_owned(),
                    is_in_step,
                    clock_ahead: clock_ahead(master, &address).await,
                }
            });
            cluster.replicas.extend(join_all(replicas).await);
        }
        Ok(cluster)
    }
}

/// Hundredths of its memory that are in use.
fn share(node: &Inspection) -> u64 {
    let used = node.memory.unwrap_or_default();
    used.saturating_mul(100) / node.max_memory.filter(|most| *most > 0).unwrap_or(u64::MAX)
}

/// By how many ms the clock of a replica is ahead of this machine's; none: it does not tell.
async fn clock_ahead(master: &Links, address: &Address) -> Option<i64> {
    let client = address.client_like(master.client()).ok()?;
    let mut connection = briefly(&client, TELLING).await.ok()?;
    let before = now();
    let time = redis::cmd("TIME").query_async(&mut connection).await;
    ahead(before, time.ok()?).ok()
}
