//! Making a Redis Cluster of servers that are none yet: for `lull up --cluster`.

use std::ops::RangeInclusive;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue, RedisResult};
use tokio::time::sleep;

use super::inspection::Facts;

/// Slots that are divided among the masters.
const SLOTS: usize = 16_384;
/// Between two looks at how far they are.
const PAUSE: Duration = Duration::from_millis(50);

/// A password that nobody can guess.
///
/// # Errors
/// The system gives no random bytes.
pub fn password() -> std::io::Result<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    Ok(hex::encode(random))
}

/// A server that is to be a node.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where it listens, as `REDIS_URL`.
    pub url: String,
    /// Where the others meet it: a port of 127.0.0.1 for clients, and one for nodes.
    pub ports: (u16, u16),
}

/// A node that is spoken to.
struct Node {
    connection: MultiplexedConnection,
    ports: (u16, u16),
}

/// Sees to it that these servers are one cluster, so many of them its masters and the others replicas of those in turn, and
/// waits until it takes everything, as long as that takes. Those that are one already stay as they are.
///
/// # Errors
/// A server does not answer or refuses.
pub async fn form(members: &[Member], masters: usize) -> RedisResult<()> {
    let mut nodes = Vec::new();
    for Member { url, ports } in members {
        let client = Client::open(url.as_str())?;
        nodes.push(Node {
            connection: client.get_multiplexed_async_connection().await?,
            ports: *ports,
        });
    }
    if let Some(first) = nodes.first_mut()
        && first.state().await?.number("cluster_slots_assigned") == Some(0)
    {
        acquaint(&mut nodes).await?;
        divide(&mut nodes, masters).await?;
    }
    for node in &mut nodes {
        while node.state().await?.is("cluster_state", "ok") != Some(true) || !node.has_all().await?
        {
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Lets all meet the first, and waits until each knows all.
async fn acquaint(nodes: &mut [Node]) -> RedisResult<()> {
    let count = nodes.len() as u64;
    for (at, node) in nodes.iter_mut().enumerate() {
        // No two may have the same: nobody could say whose view of the slots is the newer one.
        let epoch = (at + 1).to_string();
        let () = node.cluster(&["SET-CONFIG-EPOCH", &epoch]).await?;
    }
    if let Some((first, others)) = nodes.split_first_mut() {
        for (port, bus) in others.iter().map(|node| node.ports) {
            let (port, bus) = (port.to_string(), bus.to_string());
            let () = first.cluster(&["MEET", "127.0.0.1", &port, &bus]).await?;
        }
    }
    for node in nodes {
        while node.state().await?.number("cluster_known_nodes") != Some(count) {
            sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Gives each of the first, so many, its slots, and each of the others one of them to copy.
async fn divide(nodes: &mut [Node], masters: usize) -> RedisResult<()> {
    let (masters, replicas) = nodes.split_at_mut(masters);
    let bounds = slots_of_each(masters.len());
    let mut ids: Vec<String> = Vec::new();
    for (master, slots) in masters.iter_mut().zip(bounds) {
        let (first, last) = (slots.start().to_string(), slots.end().to_string());
        let () = master.cluster(&["ADDSLOTSRANGE", &first, &last]).await?;
        ids.push(master.cluster(&["MYID"]).await?);
    }
    for (replica, id) in replicas.iter_mut().zip(ids.iter().cycle()) {
        let () = replica.cluster(&["REPLICATE", id]).await?;
    }
    Ok(())
}

/// The slots of each of so many masters, in order.
pub fn slots_of_each(masters: usize) -> impl Iterator<Item = RangeInclusive<usize>> {
    let bound = move |at: usize| SLOTS * at / masters;
    (0..masters).map(move |at| bound(at)..=bound(at + 1) - 1)
}

impl Node {
    async fn cluster<T: FromRedisValue>(&mut self, words: &[&str]) -> RedisResult<T> {
        let mut command = redis::cmd("CLUSTER");
        command.arg(words).query_async(&mut self.connection).await
    }

    /// Whether it has all that its master has; a master always has.
    async fn has_all(&mut self) -> RedisResult<bool> {
        let mut ask = redis::cmd("INFO");
        let told = ask
            .arg("replication")
            .query_async::<String>(&mut self.connection);
        Ok(Facts::of_info(&told.await?).is("master_link_status", "down") != Some(true))
    }

    async fn state(&mut self) -> RedisResult<Facts> {
        let info: String = self.cluster(&["INFO"]).await?;
        Ok(Facts::of_info(&info))
    }
}
