//! The metrics that monitor shows.

use super::{Metrics, show_zeros};
use crate::core::batch::Outcome;
use crate::telemetry::labels::{FoundBy, words};

impl Metrics {
    pub(super) fn register_monitor(&mut self) {
        show_zeros(&self.found, "by", words::<FoundBy>());
        show_zeros(&self.attempts, "outcome", Outcome::words());
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
        registry.register("attempts", "Attempts, by outcome", self.attempts.clone());
        registry.register(
            "lateness_seconds",
            "From deadline to first attempt",
            self.lateness.clone(),
        );
        registry.register(
            "delivery_seconds",
            "Time an attempt took",
            self.delivery.clone(),
        );
        registry.register(
            "attempts_in_flight",
            "Attempts on their way",
            self.in_flight.clone(),
        );
        registry.register(
            "breakers_open",
            "Destinations that are taken for down",
            self.breakers_open.clone(),
        );
        let dropped = self.dead_letters_dropped.clone();
        registry.register(
            "dead_letters_dropped",
            "Dead letters that a limit took away",
            dropped,
        );
    }
}
