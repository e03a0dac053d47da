//! The metrics that monitor shows.

use super::{Metrics, show_zeros};
use crate::core::batch::Outcome;
use crate::core::chat::Name;
use crate::telemetry::by_name::{MOST_FROM_START, told_apart};
use crate::telemetry::labels::{FoundBy, words};

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

    /// Has metrics of these destinations from their start, and of others none any more.
    pub fn keep_destinations<'a>(&self, destinations: impl IntoIterator<Item = &'a Name>) {
        let names = told_apart(destinations);
        let outcomes: Vec<_> = Outcome::words().map(|word| [word]).collect();
        self.attempts.keep(names.iter().copied());
        self.attempts.show(names.iter().copied(), &outcomes);
        self.delivery.keep(names.iter().copied());
        let first = names.into_iter().take(MOST_FROM_START);
        self.delivery.show(first, &[[]]);
    }
}
