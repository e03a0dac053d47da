//! A destination worker: one destination at work, with its sender, its limiter, and a sweep of its lanes.
//!
//! It is made anew when its destination changes, so that a batch in a lane goes by the newest settings and what was
//! learnt about the old ones is forgotten. A destination that is off, or cannot be used, has none: its lanes wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::calls::Tally;
use super::limiter::Limiter;
use super::shared_room::SharedRoom;
use crate::core::chat::Name;
use crate::core::destination::Destination;
use crate::delivery::{Clients, Sender};
use crate::loops::Loop;
use crate::monitor::Monitor;
use crate::monitor::poll::hints::Hints;
use crate::monitor::poll::mark::Mark;
use crate::monitor::poll::sweeper::Sweep;
use crate::spec::SpecError;
use crate::store::lanes::LeaseRules;

/// How much longer a lease lasts than an attempt can: time to settle it. Were it shorter, a second monitor could begin
/// while the first is still at it.
pub(in crate::monitor) const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// One destination at work.
pub(in crate::monitor) struct DestinationWorker {
    pub(in crate::monitor) destination: Arc<Destination>,
    pub(in crate::monitor) sender: Sender,
    pub(in crate::monitor) limiter: Arc<Limiter>,
    /// How calls to it go, as others are told.
    pub(in crate::monitor) calls: Tally,
    /// How the sweep of its lanes goes round.
    pub(in crate::monitor) mark: Mark,
    /// Lanes that may fall due sooner than known.
    pub(in crate::monitor) hints: Hints,
    /// Attempts that were let in by the pace are given back: more may begin sooner than it said.
    pub(in crate::monitor) given_back: Notify,
    /// Begin nothing new here.
    pub(in crate::monitor) stop: CancellationToken,
}

impl DestinationWorker {
    fn new(
        destination: Arc<Destination>,
        clients: &Clients,
        room: &Arc<SharedRoom>,
        stop: CancellationToken,
    ) -> Result<Self, SpecError> {
        Ok(Self {
            sender: Sender::new(&destination, clients)?,
            limiter: Limiter::new(
                destination.concurrency,
                destination.pace.is_some(),
                room.share(destination.guarded),
            ),
            calls: Tally::default(),
            mark: Mark::default(),
            hints: Hints::default(),
            given_back: Notify::new(),
            destination,
            stop,
        })
    }

    pub(in crate::monitor) fn name(&self) -> &Name {
        &self.destination.name
    }
}

/// All destinations at work.
#[derive(Default)]
pub(in crate::monitor) struct DestinationWorkers {
    open: RwLock<HashMap<Name, Arc<DestinationWorker>>>,
    /// Why each that cannot be used cannot, as it was said.
    unusable: Mutex<HashMap<Name, String>>,
}

impl DestinationWorkers {
    pub(in crate::monitor) fn get(&self, name: &Name) -> Option<Arc<DestinationWorker>> {
        self.open
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    pub(in crate::monitor) fn all(&self) -> Vec<Arc<DestinationWorker>> {
        let workers = self.open.read().unwrap_or_else(PoisonError::into_inner);
        workers.values().cloned().collect()
    }

    /// Something may have fallen due on any lane.
    pub(in crate::monitor) fn look_everywhere(&self) {
        for worker in self.all() {
            worker.hints.look_everywhere();
        }
    }

    fn put(&self, worker: Arc<DestinationWorker>) {
        let mut workers = self.open.write().unwrap_or_else(PoisonError::into_inner);
        workers.insert(worker.name().clone(), worker);
    }

    fn remove(&self, name: &Name) {
        let mut workers = self.open.write().unwrap_or_else(PoisonError::into_inner);
        workers.remove(name);
    }

    /// Notes why one cannot be used; answers whether that is news.
    fn is_news(&self, name: &Name, why: &str) -> bool {
        let mut unusable = self.unusable.lock().unwrap_or_else(PoisonError::into_inner);
        let known = unusable.insert(name.clone(), why.to_owned());
        known.is_none_or(|known| known != why)
    }

    /// Forgets why one could not be used that is gone, or that can be.
    fn forget_unless(&self, is_unusable: impl Fn(&Name) -> bool) {
        let mut unusable = self.unusable.lock().unwrap_or_else(PoisonError::into_inner);
        unusable.retain(|name, _| is_unusable(name));
    }
}

/// Opens and closes workers as destinations come, change, stop, start and go, until told to stop.
pub(in crate::monitor) async fn run(monitor: Arc<Monitor>) {
    let mut registry = monitor.registry.subscribe();
    // What changed while nobody looked.
    monitor.open_workers();
    let mut stopped = registry.borrow().stops().buffers.clone();
    loop {
        tokio::select! {
            () = monitor.stop.cancelled() => return,
            changed = registry.changed() => if changed.is_err() { return },
        }
        monitor.open_workers();
        let now = registry.borrow_and_update().stops().buffers.clone();
        for started in stopped.difference(&now) {
            monitor
                .attempts
                .spawn(monitor.clone().restore(started.clone()));
        }
        stopped = now;
    }
}

impl Monitor {
    /// Brings the workers in line with the snapshot.
    pub(in crate::monitor) fn open_workers(self: &Arc<Self>) {
        let snapshot = self.registry.get();
        for worker in self.workers.all() {
            let now = snapshot.destination(worker.name());
            let stays = now.is_some_and(|now| *now == worker.destination);
            if !stays || snapshot.stops().holds_to(worker.name()) {
                worker.stop.cancel();
                self.workers.remove(worker.name());
            }
        }
        for destination in snapshot
            .destinations()
            .filter(|destination| destination.active)
            .filter(|destination| !snapshot.stops().holds_to(&destination.name))
        {
            if self.workers.get(&destination.name).is_none() {
                self.open_worker(destination.clone());
            }
        }
        self.workers.forget_unless(|name| {
            snapshot.destination(name).is_some() && self.workers.get(name).is_none()
        });
    }

    fn open_worker(self: &Arc<Self>, destination: Arc<Destination>) {
        let name = destination.name.clone();
        let worker = match DestinationWorker::new(
            destination,
            &self.clients,
            &self.room,
            self.stop.child_token(),
        ) {
            Ok(worker) => Arc::new(worker),
            Err(error) => {
                // Each change of anything comes by here.
                if self.workers.is_news(&name, &error.to_string()) {
                    error!(destination = %name, "Destination {name} cannot be used, its lanes wait: {error}");
                }
                return;
            }
        };
        let place = worker.sender.place();
        info!(destination = %name, "Delivering to {place}");
        if worker.sender.is_test_url() {
            warn!(
                destination = %name,
                "The URL of {name} holds /webhook-test/: n8n answers there only once after each click on Listen; use \
                 the production URL with /webhook/"
            );
        }
        self.workers.put(worker.clone());
        let (monitor, stop) = (self.clone(), worker.stop.clone());
        let sweep = move || Sweep::Lanes(worker.clone()).run(monitor.clone());
        self.loops
            .start(Loop::Lanes, Some(name.to_string()), stop, sweep);
    }

    /// The lanes of a buffer that was started again need not wait any longer.
    async fn restore(self: Arc<Self>, buffer: Name) {
        for worker in self.workers.all() {
            if let Err(error) = self
                .store
                .lanes()
                .put_all_back(&buffer, worker.name())
                .await
            {
                warn!(buffer = %buffer, error = %error, "Could not bring the lanes of buffer {buffer} forward, they come within a minute: {error}");
            }
            worker.hints.look_everywhere();
        }
    }

    /// How a lease for this worker is taken.
    pub(in crate::monitor) fn lease_rules(&self, worker: &DestinationWorker) -> LeaseRules {
        let limits = &self.registry.defaults().buffer.window;
        LeaseRules {
            length: worker.destination.timeout + LEASE_MARGIN,
            max_messages: limits.max_messages,
            max_bytes: limits.max_bytes,
        }
    }
}
