//! The metrics that both daemons show.

use super::{GaugeBy, Metrics, show_zeros};
use crate::core::window::CloseReason;
use crate::telemetry::failures;
use crate::telemetry::labels::words;

impl Metrics {
    pub(super) fn register_common(&mut self) {
        show_zeros(&self.batches, "reason", words::<CloseReason>());
        let registry = &mut self.registry;
        failures::register(registry, &self.loop_restarts);
        registry.register(
            "history_lines_written",
            "Lines about settlements that were written into the file of HISTORY_EXPORT",
            self.exported.written.clone(),
        );
        registry.register(
            "history_lines_lost",
            "Lines that could not be written there",
            self.exported.lost.clone(),
        );
        registry.register("batches", "Batches made, by reason", self.batches.clone());
        let build = GaugeBy::default();
        build
            .get_or_create(&[("version", env!("CARGO_PKG_VERSION"))])
            .set(1);
        registry.register(
            "build_info",
            "What this daemon is built of: always 1",
            build,
        );
    }
}
