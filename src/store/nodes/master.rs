//! Following the master that Sentinels name.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use redis::RedisResult;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::tag::TAGS;
use super::{Address, Nodes, Sentinels, Source, Topology, learning};
use crate::store::dialling::silent;
use crate::store::links::Links;

/// What Sentinels say when another Redis becomes the master, the earliest first.
const NEWS: [&str; 3] = ["+promoted-slave", "+switch-master", "+config-update-from"];
/// For one attempt to listen to a Sentinel.
const LISTENING: Duration = Duration::from_secs(1);
/// Between two attempts, and between two looks whether anybody needs the news any more.
const PAUSE: Duration = Duration::from_secs(1);

impl Nodes {
    /// The master that Sentinels name, which connections are there to already.
    pub(in crate::store) fn of_sentinels(sentinels: Sentinels, links: Arc<Links>) -> Arc<Self> {
        let count = sentinels.all().len();
        let nodes = Arc::new(Self::of(Source::Sentinels(sentinels), links));
        tokio::spawn(learning(Arc::downgrade(&nodes)));
        for which in 0..count {
            tokio::spawn(listening(Arc::downgrade(&nodes), which));
        }
        nodes
    }

    /// Asks the Sentinels for the master, and goes over to it if it is another.
    pub(super) async fn ask_sentinels(&self, sentinels: &Sentinels) {
        let known = self.topology.borrow().nodes[0].clone();
        let other = sentinels.find_other(&known.address, known.links.client());
        if let Some(address) = other.await {
            self.go_over_to(&address, sentinels.master());
        }
    }

    /// Another Redis is the master now; the one of before is left at once.
    fn go_over_to(&self, address: &Address, master: &str) {
        let old = self.topology.borrow().nodes[0].links.clone();
        let node = self
            .topology
            .borrow()
            .node_at(address, "it is the master now");
        match node {
            Ok(node) => {
                info!(
                    redis = %address,
                    "The master {master} is at {address} now, no longer at {}", old.place()
                );
                self.topology.send_replace(Arc::new(Topology {
                    nodes: vec![node],
                    of: [0; TAGS],
                }));
                old.leave_for_good();
            }
            Err(error) => warn!(
                redis = %address,
                error = %error,
                "The master {master} is at {address} now, which cannot be dialled: {error}"
            ),
        }
    }
}

/// Hears from one of the Sentinels when the master may be another. That only makes the next look come sooner.
async fn listening(nodes: Weak<Nodes>, which: usize) {
    while let Some(client) = sentinel_of(&nodes, which) {
        // Whatever fails here, the looks find it, too, and they say it.
        drop(listen(&client, &nodes).await);
        sleep(PAUSE).await;
    }
}

async fn listen(client: &redis::Client, nodes: &Weak<Nodes>) -> RedisResult<()> {
    let subscribing = async {
        let mut news = client.get_async_pubsub().await?;
        news.subscribe(&NEWS[..]).await?;
        Ok::<_, redis::RedisError>(news)
    };
    let news = timeout(LISTENING, subscribing).await;
    let mut news = news.map_err(|_| silent(LISTENING))??.into_on_message();
    while nodes.strong_count() > 0 {
        match timeout(PAUSE, news.next()).await {
            Ok(Some(_)) => match nodes.upgrade() {
                Some(nodes) => nodes.doubt(),
                None => break,
            },
            Ok(None) => break,
            Err(_) => {}
        }
    }
    Ok(())
}

fn sentinel_of(nodes: &Weak<Nodes>, which: usize) -> Option<redis::Client> {
    let nodes = nodes.upgrade()?;
    Some(nodes.sentinels()?.all().get(which)?.client().clone())
}
