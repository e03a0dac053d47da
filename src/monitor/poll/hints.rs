//! Hints to a sweep: shards of its index in which something may fall due sooner than it would look.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::monitor::Monitor;
use crate::store::keys::{Due, Shard};

/// The shards that one sweep is to look at, whoever said so and however often: it looks at each once. A hint that is
/// lost costs time alone, as the sweep looks by itself.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Hints {
    /// A bit for each shard.
    shards: AtomicU64,
    given: Notify,
}

impl Hints {
    /// Something in this shard may fall due sooner than known.
    pub(in crate::monitor) fn look_at(&self, shard: Shard) {
        self.add(1 << shard.index());
    }

    /// Something may have fallen due in any shard.
    pub(in crate::monitor) fn look_everywhere(&self) {
        self.add(u64::MAX);
    }

    /// The shards to look at, which count as looked at then.
    pub(in crate::monitor) fn take(&self) -> Vec<Shard> {
        let shards = self.shards.swap(0, Ordering::AcqRel);
        let is_among = |shard: &Shard| shards & (1 << shard.index()) != 0;
        Shard::all().filter(is_among).collect()
    }

    /// Whether it was said of this shard, and the sweep has yet to take that up.
    pub(in crate::monitor) fn has(&self, shard: Shard) -> bool {
        self.shards.load(Ordering::Acquire) & (1 << shard.index()) != 0
    }

    /// When something was said since this was last waited for.
    pub(in crate::monitor) async fn given(&self) {
        self.given.notified().await;
    }

    fn add(&self, shards: u64) {
        self.shards.fetch_or(shards, Ordering::AcqRel);
        self.given.notify_one();
    }
}

impl Monitor {
    /// Something may have fallen due anywhere, and need not be noted as due.
    pub(in crate::monitor) fn look_again(&self) {
        self.all_lanes.doubt();
        self.look_everywhere();
    }

    /// Something may have fallen due anywhere.
    pub(in crate::monitor) fn look_everywhere(&self) {
        self.windows_hints.look_everywhere();
        self.later_hints.look_everywhere();
        self.workers.look_everywhere();
    }

    /// Something may fall due in a shard of an index sooner than its sweep would look.
    pub(in crate::monitor) fn look_at(&self, due: &Due, shard: Shard) {
        match due {
            Due::Windows => self.windows_hints.look_at(shard),
            Due::Later => self.later_hints.look_at(shard),
            // Others may know of a destination that this monitor has yet to hear of: its worker looks when it begins.
            Due::Lanes(destination) | Due::Retries(destination) => {
                if let Some(worker) = self.workers.get(destination) {
                    worker.hints.look_at(shard);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn shard(index: usize) -> Shard {
        Shard::all().nth(index).unwrap()
    }

    #[test]
    fn what_is_said_more_than_once_is_looked_at_once() {
        let hints = Hints::default();
        hints.look_at(shard(63));
        hints.look_at(shard(0));
        hints.look_at(shard(63));

        assert!(hints.given().now_or_never().is_some());
        assert!(hints.given().now_or_never().is_none());
        assert!(hints.has(shard(0)) && !hints.has(shard(1)));
        assert_eq!(hints.take(), [shard(0), shard(63)]);
        assert_eq!(hints.take(), []);
    }

    #[test]
    fn everywhere_is_every_shard() {
        let hints = Hints::default();
        hints.look_everywhere();

        assert!(hints.take().into_iter().eq(Shard::all()));
    }
}
