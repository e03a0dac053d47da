//! Everything that brings a message in, whoever asks for it: the api, a consumer of another protocol, a page.

mod accepting;
mod bounds;
mod brought;
mod buffers;
mod changing;
mod error;
mod gathering;
mod hiding;
mod holding;
mod lines;
mod memory_guard;
mod own;
mod pausing;
mod persons;
mod posts;
mod queueing;
mod reading;
mod running;
mod trial;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::core::code::Code;
use crate::delivery::Clients;
use crate::loops::{Loop, Loops};
use crate::registry::Registry;
use crate::settings::bounds::BoundsConfig;
use crate::settings::retention::RetentionConfig;
use crate::store::Store;
use crate::store::history::Retention;
use crate::telemetry::metrics::Metrics;

pub use accepting::{Accepted, Later};
pub use bounds::{Overfull, TooManyPaused};
pub use buffers::NoBuffer;
pub use error::IngestError;
pub use gathering::Gathered;
pub use queueing::{QueueState, Queued};
pub use reading::{Said, prove};
pub use trial::{WouldBe, WouldCall};

use bounds::{Bounds, Pauses};
use brought::Noted;
use lines::Lines;
use memory_guard::MemoryGuard;
use posts::PostLines;

/// All that brings a message in. Clones are one.
#[derive(Clone)]
pub struct Ingest(Arc<Parts>);

struct Parts {
    store: Store,
    registry: Registry,
    metrics: Arc<Metrics>,
    /// What a destination that came with a message is tried with before it is written down.
    clients: Clients,
    noted: Noted,
    post_lines: PostLines,
    /// Through which lines posts come.
    lines: Lines,
    retention: Retention,
    /// Whether what was said is kept of messages that were taken in.
    payloads: bool,
    memory_guard: MemoryGuard,
    bounds: Bounds,
    pauses: Pauses,
}

impl Ingest {
    /// Puts it together; until [`Ingest::start`] it goes by what it looks up when it has to.
    pub fn new(
        bounds: BoundsConfig,
        retention: &RetentionConfig,
        registry: Registry,
        store: Store,
        metrics: Arc<Metrics>,
        clients: Clients,
    ) -> Self {
        let memory_guard = MemoryGuard::new(store.clone());
        Self(Arc::new(Parts {
            pauses: Pauses::new(&bounds, store.clone()),
            bounds: Bounds::new(bounds, &store, &memory_guard),
            memory_guard,
            retention: Retention::of(retention),
            payloads: retention.history_payloads,
            metrics,
            clients,
            noted: Noted::default(),
            post_lines: PostLines::default(),
            lines: Lines::default(),
            registry,
            store,
        }))
    }

    /// Starts what keeps it fresh, as loops that `loops` sees to.
    pub fn start(&self, loops: &Loops, stop: &CancellationToken) {
        let (guard, token) = (self.0.memory_guard.clone(), stop.clone());
        let look = move || guard.clone().keep_fresh(token.clone());
        loops.start(Loop::MemoryGuard, None, stop.clone(), look);
        let (bounds, token) = (self.0.bounds.clone(), stop.clone());
        let count = move || bounds.clone().keep_fresh(token.clone());
        loops.start(Loop::Bounds, None, stop.clone(), count);
        let (lines, store, token) = (self.0.lines.clone(), self.0.store.clone(), stop.clone());
        let tell = move || lines.clone().keep_telling(store.clone(), token.clone());
        loops.start(Loop::Lines, None, stop.clone(), tell);
    }

    /// Why new messages are refused now, if some are.
    pub fn refusing(&self) -> Option<Code> {
        if self.0.memory_guard.is_full() {
            return Some(IngestError::Full.code());
        }
        self.0.bounds.crossed().into_iter().next()
    }
}
