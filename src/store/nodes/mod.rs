//! The nodes that the data lies on, and which of them has what: one Redis, or the masters of a Redis Cluster.
//!
//! In a cluster who has what changes while Lull runs: a master dies and its replica takes its place, or slots are moved.
//! One task learns it anew: each second, and at once when a node says that something lies elsewhere, or does not answer.

mod tag;
mod topology;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use redis::{Client, ConnectionAddr, RedisError, RedisResult, Value};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tracing::info;

use super::links::Links;
use tag::TAGS;
pub(in crate::store) use tag::Tag;
pub(in crate::store) use topology::Address;
use topology::{Masters, masters};

/// Between two looks at who has what.
const EVERY: Duration = Duration::from_secs(1);
/// The least between two of them, however many calls went to the wrong node.
const LEAST: Duration = Duration::from_millis(20);
/// A node has so long to tell.
const TELLING: Duration = Duration::from_millis(500);
/// Who asked the wrong node waits so long for another view of it, and then asks again.
const PATIENCE: Duration = Duration::from_millis(100);

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

/// See the module.
pub(super) struct Nodes {
    is_cluster: bool,
    topology: watch::Sender<Arc<Topology>>,
    /// Somebody wants to know who has what.
    wanted: Notify,
    /// Who said that something lies elsewhere: it knows where.
    teller: Mutex<Option<Arc<Links>>>,
}

impl Nodes {
    /// One Redis.
    pub(super) fn one(links: Arc<Links>) -> Arc<Self> {
        Arc::new(Self::of(false, links))
    }

    /// The masters of the cluster that a node belongs to.
    ///
    /// # Errors
    /// When it does not tell them.
    pub(super) async fn cluster(seed: Arc<Links>) -> RedisResult<Arc<Self>> {
        let found = told_by(&seed).await?;
        let nodes = Arc::new(Self::of(true, seed));
        nodes.take(&found);
        tokio::spawn(learning(Arc::downgrade(&nodes)));
        Ok(nodes)
    }

    fn of(is_cluster: bool, links: Arc<Links>) -> Self {
        let topology = Topology {
            nodes: vec![Node {
                address: address_of(links.client()),
                links,
            }],
            of: [0; TAGS],
        };
        Self {
            is_cluster,
            topology: watch::Sender::new(Arc::new(topology)),
            wanted: Notify::new(),
            teller: Mutex::default(),
        }
    }

    /// Whether it is a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        self.is_cluster
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

    /// A node did not answer: another may have taken its place.
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

    /// Asks who has what, of whoever should know it first, until somebody tells.
    async fn learn(&self) {
        let teller = self.teller().take();
        let mut known = self.all();
        // Not always the same, which may be out of date.
        fastrand::shuffle(&mut known);
        for node in teller.into_iter().chain(known) {
            if let Ok(found) = told_by(&node).await {
                self.take(&found);
                return;
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
                    let node = topology.node_at(address);
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

impl Topology {
    /// The node at an address, which may be one that was not known.
    fn node_at(&self, address: &Address) -> RedisResult<Node> {
        if let Some(known) = self.nodes.iter().find(|node| node.address == *address) {
            return Ok(known.clone());
        }
        let one = &self.nodes[0].links;
        Ok(Node {
            address: address.clone(),
            links: one.beside(address.reached_as(one.client()))?,
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

/// Learns who has what as long as anybody has the nodes.
async fn learning(nodes: Weak<Nodes>) {
    loop {
        let Some(nodes) = nodes.upgrade() else {
            return;
        };
        drop(timeout(EVERY, nodes.wanted.notified()).await);
        nodes.learn().await;
        drop(nodes);
        sleep(LEAST).await;
    }
}

/// What a node tells of who has what.
async fn told_by(node: &Arc<Links>) -> RedisResult<Masters> {
    let told = async {
        let mut connection = node.get(0).await?.connection;
        let mut ask = redis::cmd("CLUSTER");
        let answer: Value = ask.arg("SLOTS").query_async(&mut connection).await?;
        masters(&answer, &address_of(node.client()))
    };
    let silent = || RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    timeout(TELLING, told).await.map_err(|_| silent())?
}

fn address_of(client: &Client) -> Address {
    let (host, port) = match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            (host.clone(), *port)
        }
        ConnectionAddr::Unix(path) => (path.display().to_string(), 0),
        _ => (String::new(), 0),
    };
    Address { host, port }
}
