//! Taking up what was written since: at once after a write of one's own, else within a second.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{PERIOD, Registry, Snapshot, read};
use crate::store::Result;

impl Registry {
    /// Takes up what was written since: after a write of one's own, so that the next request finds it.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn catch_up(&self) -> Result<()> {
        let known = self.get().configured.version;
        if self.store.config().version().await? == known {
            return Ok(());
        }
        let mut configured = read(&self.store).await?;
        configured.keep_known(&self.get().configured);
        let version = configured.version;
        let snapshot = Arc::new(Snapshot::new(&self.defaults, configured));
        let taken = self.newest.send_if_modified(|newest| {
            let now = newest.configured.version;
            // A slow answer must not replace a newer one. But a smaller one may be news: an emptied Redis counts from
            // the start again.
            let is_news = version > now || (now == known && version < now);
            if is_news {
                *newest = snapshot;
            }
            is_news
        });
        if taken {
            info!(version, "Buffers and destinations as of version {version}");
        }
        Ok(())
    }

    /// Takes changes up until told to stop. While Redis is away what was known is gone by.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            // What is wrong with Redis is said by whoever works with it.
            let _ = self.catch_up().await;
        }
    }
}
