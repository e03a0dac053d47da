//! A Redis Cluster of a test's own: masters and replicas as real servers on loopback.

use nix::sys::signal::Signal;
use redis::{FromRedisValue, Value};

use crate::support::daemon::free_port;
use crate::support::{TestRedis, eventually};

/// How long a node may be silent before the others take it for dead, ms.
const NODE_TIMEOUT: &str = "2000";
/// How many hash slots there are.
const SLOTS: usize = 16_384;

/// A server of the cluster.
pub(crate) struct Node {
    redis: TestRedis,
    port: u16,
    bus: u16,
}

/// A cluster that ends with the test.
pub(crate) struct Cluster {
    nodes: Vec<Node>,
    masters: usize,
}

impl Node {
    async fn start() -> Self {
        let (port, bus) = (free_port(), free_port());
        let (of_clients, of_nodes) = (port.to_string(), bus.to_string());
        let redis = TestRedis::start_with(&[
            "--port",
            &of_clients,
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &of_nodes,
            "--cluster-node-timeout",
            NODE_TIMEOUT,
            "--cluster-require-full-coverage",
            "no",
        ])
        .await;
        Self { redis, port, bus }
    }

    /// What it answers to a command.
    pub(crate) async fn asks<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let mut raw = self.redis.raw().await;
        command.query_async(&mut raw).await.unwrap()
    }

    async fn says(&self, words: &[&str], wanted: &str) -> bool {
        self.asks::<String>(words).await.contains(wanted)
    }
}

impl Cluster {
    /// One of so many masters, each with so many replicas, that takes everything.
    pub(crate) async fn start(masters: usize, replicas: usize) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..masters * (replicas + 1) {
            nodes.push(Node::start().await);
        }
        let cluster = Self { nodes, masters };
        cluster.form().await;
        cluster
    }

    async fn form(&self) {
        let (masters, replicas) = self.nodes.split_at(self.masters);
        for (at, node) in masters.iter().enumerate() {
            let bound = |at: usize| SLOTS * at / self.masters;
            let (first, last) = (bound(at).to_string(), (bound(at + 1) - 1).to_string());
            let () = node
                .asks(&["CLUSTER", "ADDSLOTSRANGE", &first, &last])
                .await;
            let epoch = (at + 1).to_string();
            let () = node.asks(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await;
        }
        for node in &self.nodes[1..] {
            let (port, bus) = (node.port.to_string(), node.bus.to_string());
            let first = &self.nodes[0];
            let () = first
                .asks(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus])
                .await;
        }
        let all = format!("cluster_known_nodes:{}\r", self.nodes.len());
        for node in &self.nodes {
            eventually("all know each other", async || {
                node.says(&["CLUSTER", "INFO"], &all).await
            })
            .await;
        }
        for (at, replica) in replicas.iter().enumerate() {
            let of: String = masters[at % self.masters].asks(&["CLUSTER", "MYID"]).await;
            eventually("a replica knows its master", async || {
                replica.says(&["CLUSTER", "NODES"], &of).await
            })
            .await;
            let () = replica.asks(&["CLUSTER", "REPLICATE", &of]).await;
        }
        for node in &self.nodes {
            eventually("the cluster is whole", async || {
                node.says(&["CLUSTER", "INFO"], "cluster_state:ok").await
            })
            .await;
        }
        for replica in replicas {
            eventually("a replica has all", async || {
                replica
                    .says(&["INFO", "replication"], "master_link_status:up")
                    .await
            })
            .await;
        }
    }

    /// Where one of its nodes listens, as `REDIS_URL`.
    pub(crate) fn url(&self, node: usize) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[node].port)
    }

    /// One of its nodes; masters come first.
    pub(crate) fn node(&self, at: usize) -> &Node {
        &self.nodes[at]
    }

    /// Kills a node with SIGKILL.
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].redis.kill();
    }

    /// Freezes a node, or lets it go on.
    pub(crate) fn signal(&self, node: usize, signal: Signal) {
        self.nodes[node].redis.signal(signal);
    }

    /// How many keys of Lull each master has.
    pub(crate) async fn keys(&self) -> Vec<usize> {
        let mut counts = Vec::new();
        for node in &self.nodes[..self.masters] {
            counts.push(node.redis.keys("lull:*").await.len());
        }
        counts
    }

    /// The answer of a node to a command, whatever it is.
    pub(crate) async fn raw(&self, node: usize, words: &[&str]) -> Value {
        self.nodes[node].asks(words).await
    }
}
