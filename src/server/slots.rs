//! The slots of a server, one for each connection.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::warn;

use super::activity::{Activity, Doing};

/// While there is no slot: how often somebody is asked to leave.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// How often it is said that there is none.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Who sits where.
type Taken = HashMap<u64, Arc<Activity>>;

/// All slots of a server.
pub(super) struct Slots {
    most: usize,
    free: Arc<Semaphore>,
    taken: Arc<Mutex<Taken>>,
    served: u64,
    warned: Option<Instant>,
}

/// A slot, until it is dropped.
pub(super) struct Slot {
    /// What goes on there.
    pub(super) activity: Arc<Activity>,
    number: u64,
    taken: Arc<Mutex<Taken>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.taken).remove(&self.number);
    }
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            free: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            taken: Arc::default(),
            served: 0,
            warned: None,
        }
    }

    /// Waits for a slot. While all are taken, one after another is asked to leave: first who wants nothing, then who
    /// is slow to say what it wants, and last who is being served, which leaves with its answer.
    pub(super) async fn free(&mut self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                return permit;
            }
            if self.make_room() == Some(Doing::Served) {
                let most = self.most;
                self.warn(format_args!(
                    "All {most} connections (MAX_CONNECTIONS) are at work: new ones have to wait"
                ));
            }
            let freed = timeout(ASK_EVERY, self.free.clone().acquire_owned()).await;
            // It is never closed.
            if let Ok(Ok(permit)) = freed {
                return permit;
            }
        }
    }

    /// Gives a slot to a new connection.
    pub(super) fn seat(&mut self, permit: OwnedSemaphorePermit) -> Slot {
        let activity = Arc::new(Activity::new());
        self.served += 1;
        lock(&self.taken).insert(self.served, activity.clone());
        Slot {
            activity,
            number: self.served,
            taken: self.taken.clone(),
            _permit: permit,
        }
    }

    /// The system gives no connection: one less of those that want nothing may help.
    pub(super) fn starved(&mut self, error: &std::io::Error) {
        self.make_room();
        self.warn(format_args!("New connections have to wait: {error}"));
    }

    /// Asks one to leave that has not been asked; answers what it is at.
    fn make_room(&self) -> Option<Doing> {
        let taken = lock(&self.taken);
        let ranked = taken
            .values()
            .filter_map(|activity| Some((activity.rank()?, activity)));
        let ((doing, _), activity) = ranked.min_by_key(|(rank, _)| *rank)?;
        activity.ask_to_leave();
        Some(doing)
    }

    fn warn(&mut self, what: impl Display) {
        if self.warned.is_none_or(|at| at.elapsed() > WARN_EVERY) {
            self.warned = Some(Instant::now());
            warn!("{what}");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
