//! The slots of a server, one for each connection.

use std::collections::HashMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::warn;

use super::activity::{Activity, Doing};
use super::crowd::{Crowd, network_of};

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

    /// A slot for a client at this address. While all are taken, one client after another is asked to leave, as
    /// [`Crowd::rank`] says; `None` where the client is the one who can best be done without.
    pub(super) async fn seat(&mut self, address: IpAddr) -> Option<Slot> {
        let network = network_of(address);
        loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                return Some(self.take(permit, network));
            }
            match self.make_room(Some(network)) {
                Room::Refused => return None,
                Room::After(Some(Doing::Served)) => {
                    let most = self.most;
                    self.warn(format_args!(
                        "All {most} connections (MAX_CONNECTIONS) are at work: new ones have to wait"
                    ));
                }
                Room::After(_) => {}
            }
            let freed = timeout(ASK_EVERY, self.free.clone().acquire_owned()).await;
            // It is never closed.
            if let Ok(Ok(permit)) = freed {
                return Some(self.take(permit, network));
            }
        }
    }

    fn take(&mut self, permit: OwnedSemaphorePermit, network: IpAddr) -> Slot {
        let activity = Arc::new(Activity::new(network));
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
        self.make_room(None);
        self.warn(format_args!("New connections have to wait: {error}"));
    }

    /// Asks one to leave that has not been asked.
    fn make_room(&self, newcomer: Option<IpAddr>) -> Room {
        let taken = lock(&self.taken);
        let crowd = Crowd::of(taken.values(), self.most);
        if newcomer.is_some_and(|network| crowd.has_had_enough(network)) {
            return Room::Refused;
        }
        let asked = taken
            .values()
            .filter_map(|activity| Some((crowd.rank(activity)?, activity)))
            .min_by_key(|(rank, _)| *rank);
        Room::After(asked.map(|(_, activity)| {
            activity.ask_to_leave();
            activity.state().0
        }))
    }

    fn warn(&mut self, what: impl Display) {
        if self.warned.is_none_or(|at| at.elapsed() > WARN_EVERY) {
            self.warned = Some(Instant::now());
            warn!("{what}");
        }
    }
}

/// What can be done for a newcomer.
enum Room {
    /// Somebody who was at this leaves; none: all have been asked.
    After(Option<Doing>),
    /// Nothing: others of its network hold what it could get.
    Refused,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
