//! A Redis Cluster of a test's own: masters and replicas as real servers on loopback.

use std::ops::RangeInclusive;

use lull::store::forming::{Member, form, slots_of_each};
use lull::store::keys::Shard;
use redis::FromRedisValue;

use crate::support::TestRedis;
use crate::support::daemon::free_port;

/// How long a node may be silent before the others take it for dead, ms.
const NODE_TIMEOUT: &str = "2000";

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

    /// Whether its answer has these words.
    pub(crate) async fn says(&self, words: &[&str], wanted: &str) -> bool {
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
        let members = self.nodes.iter().map(|node| Member {
            url: format!("redis://127.0.0.1:{}", node.port),
            ports: (node.port, node.bus),
        });
        let members: Vec<_> = members.collect();
        form(&members, self.masters).await.unwrap();
    }

    /// Where one of its nodes listens, as `REDIS_URL`.
    pub(crate) fn url(&self, node: usize) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[node].port)
    }

    /// Kills a node with SIGKILL.
    pub(crate) fn kill(&mut self, node: usize) {
        self.nodes[node].redis.kill();
    }

    /// The slots that a master has.
    pub(crate) fn slots_of(&self, master: usize) -> RangeInclusive<usize> {
        slots_of_each(self.masters).nth(master).unwrap()
    }

    /// The slot of a chat of the buffer `default`.
    pub(crate) async fn slot_of(&self, chat: &str) -> usize {
        let shard = Shard::of(&crate::support::chat(chat)).index();
        let key = format!("lull:{{{shard:02}}}");
        self.nodes[2].asks(&["CLUSTER", "KEYSLOT", &key]).await
    }

    /// Whether another node than a master is known to have its slots.
    pub(crate) async fn is_replaced(&self, master: usize) -> bool {
        let nodes: String = self.nodes[(master + 1) % self.masters]
            .asks(&["CLUSTER", "NODES"])
            .await;
        let (slots, port) = (
            self.slots_of(master),
            format!(":{}@", self.nodes[master].port),
        );
        let range = format!(" {}-{}", slots.start(), slots.end());
        let has = nodes.lines().find(|line| line.contains(&range));
        has.is_some_and(|line| !line.contains(&port))
    }

    /// The replica of a master.
    pub(crate) async fn replica_of(&self, master: usize) -> &Node {
        let id: String = self.nodes[master].asks(&["CLUSTER", "MYID"]).await;
        for replica in &self.nodes[self.masters..] {
            let nodes: String = replica.asks(&["CLUSTER", "NODES"]).await;
            let own = nodes.lines().find(|line| line.contains("myself"));
            if own.is_some_and(|line| line.contains(&id)) {
                return replica;
            }
        }
        panic!("master {master} has no replica");
    }

    /// Moves all slots of a master to another, as `redis-cli --cluster reshard` does.
    pub(crate) async fn move_all(&self, from: usize, to: usize) {
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let ids = (
            source.asks::<String>(&["CLUSTER", "MYID"]).await,
            target.asks::<String>(&["CLUSTER", "MYID"]).await,
        );
        let (mut source, mut at_target) = (source.redis.raw().await, target.redis.raw().await);
        let port = target.port.to_string();
        for slot in self.slots_of(from) {
            let slot = slot.to_string();
            let set = |how: &'static str, id: &str| {
                let mut set = redis::cmd("CLUSTER");
                set.arg(&["SETSLOT", &slot, how, id]);
                set
            };
            let () = set("IMPORTING", &ids.0)
                .query_async(&mut at_target)
                .await
                .unwrap();
            let () = set("MIGRATING", &ids.1)
                .query_async(&mut source)
                .await
                .unwrap();
            loop {
                let mut keys = redis::cmd("CLUSTER");
                keys.arg(&["GETKEYSINSLOT", &slot, "100"]);
                let keys: Vec<String> = keys.query_async(&mut source).await.unwrap();
                if keys.is_empty() {
                    break;
                }
                let mut migrate = redis::cmd("MIGRATE");
                migrate
                    .arg(&["127.0.0.1", &port, "", "0", "5000", "KEYS"])
                    .arg(keys);
                let () = migrate.query_async(&mut source).await.unwrap();
            }
            let () = set("NODE", &ids.1)
                .query_async(&mut at_target)
                .await
                .unwrap();
            let () = set("NODE", &ids.1).query_async(&mut source).await.unwrap();
        }
    }

    /// How many keys of Lull each master has.
    pub(crate) async fn keys(&self) -> Vec<usize> {
        let mut counts = Vec::new();
        for node in &self.nodes[..self.masters] {
            counts.push(node.redis.keys("lull:*").await.len());
        }
        counts
    }
}
