//! The nodes that the data lies on, and which of them has what: one Redis, the masters of a Redis Cluster, or the master
//! that Sentinels name.
//!
//! Who has what changes while Lull runs: a master dies and its replica takes its place, or slots are moved. One task learns
//! it anew: each second or sooner, and at once when a node says that something lies elsewhere, or does not answer.

mod address;
mod cluster;
mod master;
mod sentinel;
mod sentinels;
mod tag;
mod topology;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use redis::{Client, RedisResult};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tracing::error;

use super::links::Links;
use crate::panics;
pub(in crate::store) use address::Address;
pub(in crate::store) use sentinel::Sentinel;
pub(in crate::store) use sentinels::{Sentinels, Unfound};
use tag::TAGS;
pub(in crate::store) use tag::Tag;

/// A node has so long to tell.
const TELLING: Duration = Duration::from_millis(500);
/// Who asked the wrong node waits so long for another view of it, and then asks again.
const PATIENCE: Duration = Duration::from_millis(100);
/// Before it is learned anew after a failure within Lull.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// A node, and what calls to it use.
#[derive(Clone)]
struct Node {
    address: Address,
    links: Arc<Links>,
}

/// Which node has what.
struct Topology {
    nodes: Vec<Node>,
    /// Of each tag the place of its node among them.
    of: [usize; TAGS],
}

/// Who tells which node has what.
enum Source {
    /// Nobody: there is one, and its address says where it is.
    Address,
    /// The nodes of a cluster; if none of those that are known answers, these.
    Cluster(Vec<Client>),
    /// Sentinels tell which node is the master.
    Sentinels(Sentinels),
}

/// See the module.
pub(super) struct Nodes {
    source: Source,
    topology: watch::Sender<Arc<Topology>>,
    /// Somebody wants to know who has what.
    wanted: Notify,
    /// Who said that something lies elsewhere: it knows where.
    teller: Mutex<Option<Arc<Links>>>,
}

impl Source {
    /// Between two looks at who has what.
    fn every(&self) -> Duration {
        match self {
            Self::Address | Self::Cluster(_) => Duration::from_secs(1),
            // A look may wait for a Sentinel that is silent, and be over within a second all the same.
            Self::Sentinels(_) => Duration::from_millis(500),
        }
    }

    /// The least between two of them, however many calls went to the wrong node.
    fn least(&self) -> Duration {
        match self {
            Self::Address | Self::Cluster(_) => Duration::from_millis(20),
            Self::Sentinels(_) => Duration::from_millis(100),
        }
    }
}

impl Nodes {
    /// One Redis.
    pub(super) fn one(links: Arc<Links>) -> Arc<Self> {
        Arc::new(Self::of(Source::Address, links))
    }

    fn of(source: Source, links: Arc<Links>) -> Self {
        let topology = Topology {
            nodes: vec![Node {
                address: Address::of(links.client()),
                links,
            }],
            of: [0; TAGS],
        };
        Self {
            source,
            topology: watch::Sender::new(Arc::new(topology)),
            wanted: Notify::new(),
            teller: Mutex::default(),
        }
    }

    /// Whether it is a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.source, Source::Cluster(_))
    }

    /// Whether what is asked of a node may lie on another by then.
    pub(super) fn may_move(&self) -> bool {
        !matches!(self.source, Source::Address)
    }

    /// The Sentinels that name the master, if any do.
    pub(super) fn sentinels(&self) -> Option<&Sentinels> {
        match &self.source {
            Source::Sentinels(sentinels) => Some(sentinels),
            _ => None,
        }
    }

    /// The node that has what goes by a tag; what goes by none is asked of the one that has what is configured.
    pub(super) fn node_of(&self, tag: Option<Tag>) -> Arc<Links> {
        let topology = self.topology.borrow();
        let node = topology.of[tag.unwrap_or(Tag::CONFIG).index()];
        topology.nodes[node].links.clone()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Links>> {
        let topology = self.topology.borrow();
        let links = topology.nodes.iter().map(|node| node.links.clone());
        links.collect()
    }

    /// Tells when other nodes have what there is, from now on.
    pub(super) fn changes(&self) -> Changes {
        Changes(self.topology.subscribe())
    }

    /// A node did not answer, or not as it must: another may have taken its place.
    pub(super) fn doubt(&self) {
        self.wanted.notify_one();
    }

    /// A node said that something lies elsewhere: waits until it is known where, or a little.
    pub(super) async fn is_elsewhere(&self, said_by: &Arc<Links>) {
        let mut changes = self.changes();
        *self.teller() = Some(said_by.clone());
        self.wanted.notify_one();
        drop(timeout(PATIENCE, changes.come()).await);
    }

    fn teller(&self) -> std::sync::MutexGuard<'_, Option<Arc<Links>>> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn learn(&self) {
        match &self.source {
            Source::Address => {}
            Source::Cluster(seeds) => self.ask_cluster(seeds).await,
            Source::Sentinels(sentinels) => self.ask_sentinels(sentinels).await,
        }
    }
}

impl Topology {
    /// The node at an address, which may be one that was not known; then `why` it is now.
    fn node_at(&self, address: &Address, why: &'static str) -> RedisResult<Node> {
        if let Some(known) = self.nodes.iter().find(|node| node.address == *address) {
            return Ok(known.clone());
        }
        let one = &self.nodes[0].links;
        Ok(Node {
            address: address.clone(),
            links: one.beside(address.reached_as(one.client()), why)?,
        })
    }
}

/// Waits until other nodes have what there is.
pub(super) struct Changes(watch::Receiver<Arc<Topology>>);

impl Changes {
    pub(super) async fn come(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody has the store any more.
            std::future::pending::<()>().await;
        }
    }
}

/// The same as [`learn_always`], whatever fails in it: nobody else would find where anything lies.
async fn learning(nodes: Weak<Nodes>) {
    while let Err(panic) = panics::caught(learn_always(&nodes)).await {
        error!(
            "Finding the nodes of Redis has failed within Lull and begins anew, please report it: {panic}"
        );
        sleep(AFTER_PANIC).await;
    }
}

/// Learns who has what as long as anybody has the nodes.
async fn learn_always(nodes: &Weak<Nodes>) {
    loop {
        let Some(nodes) = nodes.upgrade() else {
            return;
        };
        drop(timeout(nodes.source.every(), nodes.wanted.notified()).await);
        nodes.learn().await;
        let least = nodes.source.least();
        drop(nodes);
        sleep(least).await;
    }
}
