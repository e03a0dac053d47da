//! How calls to destinations go: remembered with each worker, and told to Redis every few seconds where something is new.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::debug;

use crate::core::batch::Outcome;
use crate::delivery::Attempt;
use crate::monitor::Monitor;
use crate::store::lanes::calls::Seen;

/// Between two writings. One that is down is told each time.
const EVERY: Duration = Duration::from_secs(5);
/// Between two looks for destinations that are gone.
const FORGOTTEN_EVERY: Duration = Duration::from_secs(3600);

/// What is to be told of one destination.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Tally(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    is_new: bool,
    /// It was said to be down.
    was_down: bool,
    success: Option<Instant>,
    failure: Option<Instant>,
    first_failure: Option<Instant>,
    status: Option<u16>,
    summary: String,
}

impl Tally {
    /// An attempt is over.
    pub(in crate::monitor) fn note(&self, attempt: &Attempt) {
        let now = Some(Instant::now());
        let mut told = self.told();
        told.is_new = true;
        if attempt.outcome == Outcome::Delivered {
            (told.success, told.first_failure) = (now, None);
            return;
        }
        told.failure = now;
        told.first_failure = told.first_failure.or(now);
        told.status = attempt.status;
        told.summary.clone_from(&attempt.summary);
    }

    /// What is to be told, if anything is; it counts as told.
    fn take(&self, down: bool) -> Option<Seen> {
        let mut told = self.told();
        if !told.is_new && !down && !told.was_down {
            return None;
        }
        let ago = |at: Option<Instant>| at.map(|at| at.elapsed());
        let seen = Seen {
            success: ago(told.success),
            failure: ago(told.failure),
            first_failure: ago(told.first_failure),
            status: told.status,
            summary: told.summary.clone(),
            down: (down || told.was_down).then_some(down),
        };
        (told.is_new, told.was_down) = (false, down);
        Some(seen)
    }

    /// It could not be told.
    fn again(&self) {
        self.told().is_new = true;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells until told to stop.
pub(in crate::monitor) async fn run(monitor: Arc<Monitor>) {
    let telling = async {
        let mut forgotten = Instant::now();
        loop {
            tokio::time::sleep(EVERY).await;
            tell(&monitor).await;
            if forgotten.elapsed() >= FORGOTTEN_EVERY {
                forgotten = Instant::now();
                forget(&monitor).await;
            }
        }
    };
    monitor.stop.run_until_cancelled(telling).await;
}

async fn tell(monitor: &Monitor) {
    let workers = monitor.workers.all();
    let (mut seen, mut told) = (Vec::new(), Vec::new());
    for worker in &workers {
        if let Some(of_it) = worker.calls.take(worker.limiter.is_open()) {
            seen.push((worker.name().clone(), of_it));
            told.push(worker);
        }
    }
    if seen.is_empty() {
        return;
    }
    if let Err(error) = monitor.store.lanes().note_calls(&seen).await {
        debug!(error = %error, "Could not note how calls go: {error}");
        for worker in told {
            worker.calls.again();
        }
    }
}

async fn forget(monitor: &Monitor) {
    let there = monitor.registry.get().destination_names();
    let forgotten = monitor
        .store
        .lanes()
        .forget_calls(|name| there.contains(name));
    if let Err(error) = forgotten.await {
        debug!(error = %error, "Could not forget how calls went: {error}");
    }
}
