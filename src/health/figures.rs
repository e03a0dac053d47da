//! What both daemons look at when they are asked for their metrics.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{FRESH, PATIENCE, Watch};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::registry::Snapshot;
use crate::store::{Result, Store};
use crate::telemetry::metrics::seen::Seen;

/// Destinations for whose oldest batch is looked in one go, which takes Redis about 2 ms; of more than that others have
/// their turn at the next.
const AT_ONCE: usize = 64;

/// The oldest batch that waits, as it was last seen. Clones look together.
#[derive(Clone, Default)]
pub(super) struct Oldest(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    at: Option<(Instant, Duration)>,
    /// When the oldest batch to each destination was closed, if one waits.
    closed: HashMap<Name, Millis>,
    next: usize,
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
        let from = if known.next < all.len() {
            known.next
        } else {
            0
        };
        let some = &all[from..all.len().min(from + AT_ONCE)];
        let seen = store.read(PATIENCE, |store| async move {
            let now = store.clock().now().await?;
            Ok((now, store.lanes().backlogs(some).await?))
        });
        let (now, backlogs) = seen.await?;
        for (name, backlog) in backlogs {
            match backlog.oldest {
                Some(closed) => drop(known.closed.insert(name, closed)),
                None => drop(known.closed.remove(&name)),
            }
        }
        known
            .closed
            .retain(|name, _| all.binary_search(name).is_ok());
        known.next = from + some.len();
        let oldest = known.closed.values().min();
        let age = oldest.map_or(0, |closed| now.saturating_sub(*closed));
        let age = Duration::from_millis(age);
        known.at = Some((Instant::now(), age));
        Ok(age)
    }
}
