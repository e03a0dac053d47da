//! What is counted of failures of Lull itself.

use prometheus_client::registry::Registry;

use super::log;
use super::metrics::CounterBy;

pub(super) fn register(registry: &mut Registry, loop_restarts: &CounterBy) {
    registry.register(
        "loop_restarts",
        "Parts of this daemon that failed and were begun anew, by loop",
        loop_restarts.clone(),
    );
    registry.register(
        "log_lines_dropped",
        "Log lines that could not be written, or that nobody took in time",
        log::dropped(),
    );
}
