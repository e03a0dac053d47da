//! What both daemons look at when they are asked for their metrics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{FRESH, PATIENCE, Watch};
use crate::registry::Snapshot;
use crate::store::lanes::backlog::Backlogs;
use crate::store::{Result, Store};
use crate::telemetry::metrics::seen::Seen;

/// The oldest batch that waits, as it was last seen. Clones look together.
#[derive(Clone, Default)]
pub(super) struct Oldest(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    at: Option<(Instant, Duration)>,
    backlogs: Backlogs,
}

impl Watch {
    /// What there is to see at this moment, within 1.5 s; what cannot be seen by then is left out.
    pub async fn figures(&self) -> Seen {
        let snapshot = self.registry.get();
        let memory = |store: Store| async move { store.memory().await };
        let oldest = self.oldest.look(&self.store, &snapshot);
        let (counts, work, memory, oldest) = tokio::join!(
            self.store.counts_now(snapshot.destination_names()),
            self.look(),
            self.store.read(PATIENCE, memory),
            tokio::time::timeout(PATIENCE, oldest),
        );
        Seen {
            counts,
            work,
            memory: memory.ok(),
            oldest: oldest.ok().and_then(Result::ok),
            stopped: snapshot.stops().counts().into(),
            ..Seen::default()
        }
    }
}

impl Oldest {
    /// How long ago the oldest batch was closed that waits for a destination which is neither off nor stopped; zero: none
    /// does.
    async fn look(&self, store: &Store, snapshot: &Snapshot) -> Result<Duration> {
        let mut known = self.0.lock().await;
        if let Some((at, age)) = known.at
            && at.elapsed() < FRESH
        {
            return Ok(age);
        }
        let all = snapshot.expected();
        let seen = store.read(PATIENCE, |store| {
            let (mut backlogs, all) = (known.backlogs.clone(), &all);
            async move {
                let now = store.clock().now().await?;
                backlogs.look(store.lanes(), all).await?;
                Ok((now, backlogs))
            }
        });
        let (now, backlogs) = seen.await?;
        let oldest = backlogs.oldest();
        let age = oldest.map_or(0, |(_, closed)| now.saturating_sub(closed));
        let age = Duration::from_millis(age);
        *known = Known {
            at: Some((Instant::now(), age)),
            backlogs,
        };
        Ok(age)
    }
}
