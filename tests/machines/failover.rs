//! What happens to what is said while masters die, change places and hand over slots: nothing is lost, doubled or reordered.

use crate::cluster::Cluster;
use crate::daemons::daemon;
use crate::support::daemon::{API, MONITOR};
use crate::support::{Daemon, Receiver, eventually};
use crate::talk::{Talk, told};

/// The daemons in front of a cluster, and the receiver of its bot.
struct Bed {
    cluster: Cluster,
    api: Daemon,
    _monitor: Daemon,
    receiver: Receiver,
}

impl Bed {
    async fn start() -> Self {
        let cluster = Cluster::start(3, 1).await;
        let receiver = Receiver::start().await;
        let webhook = [("WEBHOOK_URL", &*receiver.url())];
        Self {
            api: daemon(API, &cluster.url(0), &[]).await,
            _monitor: daemon(MONITOR, &cluster.url(1), &webhook).await,
            cluster,
            receiver,
        }
    }

    /// What was said while `happens`, in the middle of it.
    async fn told(&mut self, happens: impl AsyncFnOnce(&mut Cluster)) -> Talk {
        let cluster = &mut self.cluster;
        told(&self.api, &mut self.receiver, async || {
            happens(cluster).await;
        })
        .await
    }
}

#[tokio::test]
async fn a_master_that_is_killed_costs_its_own_chats_a_moment_and_nobody_anything_else() {
    let mut bed = Bed::start().await;
    let lost = bed.cluster.slots_of(0);

    let said = bed
        .told(async |cluster| {
            cluster.kill(0);
            eventually("a replica takes its place", async || {
                cluster.is_replaced(0).await
            })
            .await;
        })
        .await;

    for chat in said.refused() {
        let slot = bed.cluster.slot_of(chat).await;
        assert!(lost.contains(&slot), "{chat} lies on a master that lives");
    }
}

#[tokio::test]
async fn a_replica_that_takes_over_by_hand_refuses_nobody() {
    let mut bed = Bed::start().await;

    let said = bed
        .told(async |cluster| {
            let replica = cluster.replica_of(0).await;
            let () = replica.asks(&["CLUSTER", "FAILOVER"]).await;
            eventually("it is the master", async || {
                replica.says(&["INFO", "replication"], "role:master").await
            })
            .await;
        })
        .await;

    assert!(said.refused().is_empty(), "{:?}", said.refused());
}

#[tokio::test]
async fn slots_that_move_to_another_master_refuse_nobody() {
    let mut bed = Bed::start().await;

    let said = bed.told(async |cluster| cluster.move_all(0, 1).await).await;

    assert!(said.refused().is_empty(), "{:?}", said.refused());
}
