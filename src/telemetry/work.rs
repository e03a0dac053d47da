//! Metrics of the work of all daemons, as this one sees it.

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::metrics::GaugeBy;
use crate::store::work::{Kind, Work};

/// Who works, what is late, and what stands still.
#[derive(Debug, Default)]
pub(super) struct WorkMetrics {
    monitors: Gauge,
    overdue: GaugeBy,
    standing: GaugeBy,
}

impl WorkMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "monitors_alive",
            "Monitors that gave a sign of life within 10 s",
            self.monitors.clone(),
        );
        registry.register(
            "overdue_seconds",
            "How long ago the oldest was due",
            self.overdue.clone(),
        );
        registry.register(
            "standing",
            "1 for what was due 10 s ago and more while no monitor worked it off",
            self.standing.clone(),
        );
    }

    pub(super) fn set(&self, work: &Work) {
        self.monitors.set(whole(work.living_monitors().count()));
        let standing = work.standing();
        for kind in Kind::ALL {
            let label = [("what", kind.as_str())];
            let overdue = work.overdue(kind).unwrap_or_default();
            let stands = standing.contains(&kind);
            self.overdue
                .get_or_create(&label)
                .set(whole(overdue.as_secs()));
            self.standing.get_or_create(&label).set(i64::from(stands));
        }
    }
}

/// A number as a gauge takes it.
pub(super) fn whole(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
