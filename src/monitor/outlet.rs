//! An outlet: one destination at work, with its sender, its room and breaker, and a sweep of its lanes.
//!
//! It is made anew when its destination changes, so that a batch in a lane goes by the newest settings and what was
//! learnt about the old ones is forgotten. A destination that is off, or cannot be used, has none: its lanes wait.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::Monitor;
use super::gate::Gate;
use super::mark::Mark;
use super::sweeper::Sweep;
use crate::core::chat::Name;
use crate::core::destination::Destination;
use crate::delivery::{Clients, Sender};
use crate::loops::Loop;
use crate::spec::SpecError;
use crate::store::lanes::LeaseRules;

/// How much longer a lease lasts than an attempt can: time to settle it. Were it shorter, a second monitor could begin
/// while the first is still at it.
pub(super) const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// One destination at work.
pub(super) struct Outlet {
    pub(super) destination: Arc<Destination>,
    pub(super) sender: Sender,
    pub(super) gate: Arc<Gate>,
    /// How the sweep of its lanes goes round.
    pub(super) mark: Mark,
    /// Look at the lanes again: something may fall due sooner than known.
    pub(super) lanes_changed: Notify,
    /// Attempts that were let in by the pace are given back: more may begin sooner than it said.
    pub(super) given_back: Notify,
    /// Begin nothing new here.
    pub(super) stop: CancellationToken,
}

impl Outlet {
    fn new(
        destination: Arc<Destination>,
        clients: &Clients,
        stop: CancellationToken,
    ) -> Result<Self, SpecError> {
        Ok(Self {
            sender: Sender::new(&destination, clients)?,
            gate: Gate::new(destination.concurrency, destination.pace.is_some()),
            mark: Mark::default(),
            lanes_changed: Notify::new(),
            given_back: Notify::new(),
            destination,
            stop,
        })
    }

    pub(super) fn name(&self) -> &Name {
        &self.destination.name
    }
}

/// All destinations at work.
#[derive(Default)]
pub(super) struct Outlets(RwLock<HashMap<Name, Arc<Outlet>>>);

impl Outlets {
    pub(super) fn get(&self, name: &Name) -> Option<Arc<Outlet>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Outlet>> {
        let outlets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        outlets.values().cloned().collect()
    }

    /// How many destinations are taken for down.
    pub(super) fn down(&self) -> usize {
        let all = self.all();
        all.iter().filter(|outlet| outlet.gate.is_open()).count()
    }

    /// Something may have fallen due on any lane.
    pub(super) fn look_again(&self) {
        for outlet in self.all() {
            outlet.lanes_changed.notify_one();
        }
    }

    fn put(&self, outlet: Arc<Outlet>) {
        let mut outlets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        outlets.insert(outlet.name().clone(), outlet);
    }

    fn remove(&self, name: &Name) {
        let mut outlets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        outlets.remove(name);
    }
}

/// Opens and closes outlets as destinations come, change, stop, start and go, until told to stop.
pub(super) async fn run(monitor: Arc<Monitor>) {
    let mut registry = monitor.registry.subscribe();
    // What changed while nobody looked.
    monitor.open_outlets();
    let mut stopped = registry.borrow().stops().buffers.clone();
    loop {
        tokio::select! {
            () = monitor.stop.cancelled() => return,
            changed = registry.changed() => if changed.is_err() { return },
        }
        monitor.open_outlets();
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
    /// Brings the outlets in line with the snapshot.
    pub(super) fn open_outlets(self: &Arc<Self>) {
        let snapshot = self.registry.get();
        for outlet in self.outlets.all() {
            let now = snapshot.destination(outlet.name());
            let stays = now.is_some_and(|now| *now == outlet.destination);
            if !stays || snapshot.stops().holds_to(outlet.name()) {
                outlet.stop.cancel();
                self.outlets.remove(outlet.name());
            }
        }
        for destination in snapshot
            .destinations()
            .filter(|destination| destination.active)
            .filter(|destination| !snapshot.stops().holds_to(&destination.name))
        {
            if self.outlets.get(&destination.name).is_none() {
                self.open_outlet(destination.clone());
            }
        }
    }

    fn open_outlet(self: &Arc<Self>, destination: Arc<Destination>) {
        let name = destination.name.clone();
        let outlet = match Outlet::new(destination, &self.clients, self.stop.child_token()) {
            Ok(outlet) => Arc::new(outlet),
            Err(error) => {
                error!(destination = %name, "Destination {name} cannot be used, its lanes wait: {error}");
                return;
            }
        };
        let place = outlet.sender.place();
        info!(destination = %name, "Delivering to {place}");
        if outlet.sender.is_test_url() {
            warn!(
                destination = %name,
                "The URL of {name} holds /webhook-test/: n8n answers there only once after each click on Listen; use \
                 the production URL with /webhook/"
            );
        }
        self.outlets.put(outlet.clone());
        let (monitor, stop) = (self.clone(), outlet.stop.clone());
        let sweep = move || Sweep::Lanes(outlet.clone()).run(monitor.clone());
        self.loops
            .start(Loop::Lanes, Some(name.to_string()), stop, sweep);
    }

    /// The lanes of a buffer that was started again need not wait any longer.
    async fn restore(self: Arc<Self>, buffer: Name) {
        for outlet in self.outlets.all() {
            if let Err(error) = self.store.restore(&buffer, outlet.name()).await {
                warn!(buffer = %buffer, error = %error, "Could not bring the lanes of buffer {buffer} forward, they come within a minute: {error}");
            }
            outlet.lanes_changed.notify_one();
        }
    }

    /// How a lease for this outlet is taken.
    pub(super) fn lease_rules(&self, outlet: &Outlet) -> LeaseRules {
        let limits = &self.registry.defaults().buffer.window;
        LeaseRules {
            length: outlet.destination.timeout + LEASE_MARGIN,
            max_messages: limits.max_messages,
            max_bytes: limits.max_bytes,
        }
    }
}
