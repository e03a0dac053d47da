//! The metrics that both daemons show.

use super::{Metrics, show_zeros};
use crate::core::window::CloseReason;
use crate::telemetry::failures;
use crate::telemetry::labels::words;

impl Metrics {
    pub(super) fn register_common(&mut self) {
        show_zeros(&self.batches, "reason", words::<CloseReason>());
        let registry = &mut self.registry;
        failures::register(registry, &self.loop_restarts);
        registry.register("batches", "Batches made, by reason", self.batches.clone());
        registry.register(
            "windows_open",
            "Open windows in Redis",
            self.windows.clone(),
        );
        registry.register(
            "lanes_waiting",
            "Lanes in Redis with a batch on them",
            self.lanes.clone(),
        );
        registry.register(
            "later_waiting",
            "What waits in Redis for a time of its own",
            self.waiting.clone(),
        );
        registry.register(
            "dead_letters",
            "Dead letters in Redis",
            self.dead_letters.clone(),
        );
        registry.register(
            "redis_up",
            "1 when Redis answered this scrape",
            self.redis_up.clone(),
        );
        registry.register(
            "stopped",
            "What an operator has stopped: 1 for everything, how many buffers and destinations",
            self.stopped.clone(),
        );
        self.work.register(registry);
    }
}
