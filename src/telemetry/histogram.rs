//! A histogram that nobody waits for: each bucket is an atomic number, and can be read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// How often something took how long. Clones count together.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Upper bounds, in s.
    bounds: &'static [f64],
    /// One for each bound, and one for what is beyond all.
    counts: Box<[AtomicU64]>,
    micros: AtomicU64,
}

impl Histogram {
    /// One with these upper bounds, in s, in order.
    pub fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Inner {
            bounds,
            counts,
            micros: AtomicU64::new(0),
        }))
    }

    /// Something took so long.
    pub fn observe(&self, took: Duration) {
        let Inner { bounds, counts, .. } = &*self.0;
        let seconds = took.as_secs_f64();
        let bucket = bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many lay within each bound and beyond the one before; the last: beyond all.
    pub fn counts(&self) -> Vec<u64> {
        let counts = self.0.counts.iter();
        counts.map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// How long all took together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.0.micros.load(Ordering::Relaxed))
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = self.0.bounds.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(self.counts()).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(self.sum().as_secs_f64(), count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_as_long_as_a_bound_lies_within_it() {
        let histogram = Histogram::new(&[0.5, 1.0]);
        for millis in [1, 500, 501, 1_000, 1_001] {
            histogram.observe(Duration::from_millis(millis));
        }

        assert_eq!(histogram.counts(), [2, 2, 1]);
        assert_eq!(histogram.sum(), Duration::from_millis(3_003));
    }
}
