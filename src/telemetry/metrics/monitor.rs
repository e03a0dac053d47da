//! The metrics that monitor shows.

use std::fmt;
use std::sync::OnceLock;

use super::{Metrics, show_zeros};
use crate::core::batch::Outcome;
use crate::core::chat::Name;
use crate::telemetry::by_name::{MOST_FROM_START, told_apart};
use crate::telemetry::labels::{FoundBy, words};

type Look = Box<dyn Fn() -> Vec<(Name, bool)> + Send + Sync>;

/// How to look at the destinations, in a process with a monitor.
#[derive(Default)]
pub(super) struct Destinations(OnceLock<Look>);

impl Destinations {
    /// The destinations, and whether each is taken for down; none: there is no monitor here.
    pub(super) fn look(&self) -> Option<Vec<(Name, bool)>> {
        self.0.get().map(|look| look())
    }
}

impl fmt::Debug for Destinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destinations").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(super) fn register_monitor(&mut self) {
        show_zeros(&self.found, "by", words::<FoundBy>());
        let registry = &mut self.registry;
        registry.register(
            "windows_found",
            "Windows closed, by what found them first",
            self.found.clone(),
        );
        registry.register(
            "events_received",
            "Expired events heard",
            self.events.clone(),
        );
        registry.register(
            "events_dropped",
            "Expired events left to the sweep",
            self.events_dropped.clone(),
        );
        registry.register(
            "attempts",
            "Attempts, by destination and outcome",
            self.attempts.clone(),
        );
        registry.register(
            "lateness_seconds",
            "From deadline to first attempt",
            self.lateness.clone(),
        );
        registry.register(
            "delivery_seconds",
            "Time an attempt took, by destination",
            self.delivery.clone(),
        );
        registry.register(
            "attempts_in_flight",
            "Attempts on their way",
            self.in_flight.clone(),
        );
        let dropped = self.dead_letters_dropped.clone();
        registry.register(
            "dead_letters_dropped",
            "Dead letters that a limit took away",
            dropped,
        );
    }

    /// Whoever shows the metrics looks at the destinations by this, and sees whether each is taken for down: in `lull up`
    /// that is api.
    pub fn look_at_destinations(
        &self,
        look: impl Fn() -> Vec<(Name, bool)> + Send + Sync + 'static,
    ) {
        // The first has it: a process has one monitor.
        let _ = self.destinations.0.set(Box::new(look));
    }

    /// Has metrics of these destinations from their start, and of others none any more.
    pub(super) fn keep_destinations<'a>(&self, destinations: impl IntoIterator<Item = &'a Name>) {
        let names = told_apart(destinations);
        let outcomes: Vec<_> = Outcome::words().map(|word| [word]).collect();
        self.attempts.keep(names.iter().copied());
        self.attempts.show(names.iter().copied(), &outcomes);
        self.delivery.keep(names.iter().copied());
        let first = names.into_iter().take(MOST_FROM_START);
        self.delivery.show(first, &[[]]);
    }
}
