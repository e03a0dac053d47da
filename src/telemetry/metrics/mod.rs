//! Metrics, in the OpenMetrics text that Prometheus reads.

mod api;
mod monitor;
mod shared;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::posts::PostMetrics;
use super::tally::Tally;
use super::work::{WorkMetrics, whole};
use crate::core::samples::shares::{DELIVERY, LATENESS};
use crate::store::status::Counts;
use crate::store::work::Work;

/// The content type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A count by one label.
pub type CounterBy = Family<[(&'static str, &'static str); 1], Counter>;

/// A state by one label.
pub type GaugeBy = Family<[(&'static str, &'static str); 1], Gauge>;

/// Which daemon's metrics to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The api daemon.
    Api,
    /// The monitor daemon.
    Monitor,
}

impl Role {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Monitor => "monitor",
        }
    }
}

/// Everything this process counts. Clones count together.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Messages that are in Redis.
    pub accepted: Counter,
    /// Messages whose id was seen before.
    pub duplicates: Counter,
    /// Messages that a rule dropped, by `reason`: `repeated` or `paused`.
    pub dropped: CounterBy,
    /// Requests refused, by `reason`: the field at fault, or a word of [`RefusedFor`].
    pub refused: CounterBy,
    /// What became of posts, by `buffer`, `result` and `code`.
    pub posts: PostMetrics,
    /// Batches made, by `reason`: what closed the window, or `later`, `schedule`, `run`.
    pub batches: CounterBy,
    /// Windows closed by a monitor, by what `found` them: `event` or `sweep`.
    pub found: CounterBy,
    /// Expired events heard.
    pub events: Counter,
    /// Events that found the channel full; the sweep had them.
    pub events_dropped: Counter,
    /// Attempts, by `outcome`.
    pub attempts: CounterBy,
    /// From a batch's deadline to its first attempt, in s.
    pub lateness: Histogram,
    /// How long attempts took, in s.
    pub delivery: Histogram,
    /// Attempts on their way.
    pub in_flight: Gauge,
    /// Destinations that are taken for down.
    pub breakers_open: Gauge,
    /// Dead letters that had to go because of a limit.
    pub dead_letters_dropped: Counter,
    /// Loops that failed and were begun anew, by `loop`.
    pub loop_restarts: CounterBy,
    /// What is kept in Redis as well, by time.
    pub tally: Tally,
    windows: Gauge,
    lanes: Gauge,
    waiting: Gauge,
    dead_letters: Gauge,
    redis_up: Gauge,
    stopped: GaugeBy,
    work: WorkMetrics,
}

impl Metrics {
    /// Metrics of a process that plays `roles`.
    pub fn new(roles: &[Role]) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("lull"),
            accepted: Counter::default(),
            duplicates: Counter::default(),
            dropped: Family::default(),
            refused: Family::default(),
            posts: PostMetrics::default(),
            batches: Family::default(),
            found: Family::default(),
            events: Counter::default(),
            events_dropped: Counter::default(),
            attempts: Family::default(),
            lateness: Histogram::new(LATENESS),
            delivery: Histogram::new(DELIVERY),
            in_flight: Gauge::default(),
            breakers_open: Gauge::default(),
            dead_letters_dropped: Counter::default(),
            loop_restarts: Family::default(),
            tally: Tally::default(),
            windows: Gauge::default(),
            lanes: Gauge::default(),
            waiting: Gauge::default(),
            dead_letters: Gauge::default(),
            redis_up: Gauge::default(),
            stopped: Family::default(),
            work: WorkMetrics::default(),
        };
        metrics.register_common();
        if roles.contains(&Role::Api) {
            metrics.register_api();
        }
        if roles.contains(&Role::Monitor) {
            metrics.register_monitor();
        }
        metrics
    }

    /// All metrics as text; `counts` is what Redis holds now and `work` how that is worked off, `None` when it does not
    /// answer. `stopped` is how much of what an operator has stopped.
    pub fn text(
        &self,
        counts: Option<Counts>,
        work: Option<&Work>,
        stopped: &[(&'static str, usize)],
    ) -> String {
        self.redis_up.set(i64::from(counts.is_some()));
        for &(what, count) in stopped {
            self.stopped
                .get_or_create(&[("what", what)])
                .set(whole(count));
        }
        if let Some(counts) = counts {
            let gauges = [
                (&self.windows, counts.windows),
                (&self.lanes, counts.lanes),
                (&self.waiting, counts.waiting),
                (&self.dead_letters, counts.dead_letters),
            ];
            for (gauge, count) in gauges {
                gauge.set(whole(count));
            }
        }
        if let Some(work) = work {
            self.work.set(work);
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A count that appears with its first event cannot be seen to rise, and the first is what an alert waits for.
pub fn show_zeros(
    family: &CounterBy,
    label: &'static str,
    values: impl IntoIterator<Item = &'static str>,
) {
    for value in values {
        drop(family.get_or_create(&[(label, value)]));
    }
}

/// Counts one more under a label.
pub fn count(family: &CounterBy, label: &'static str, value: impl Into<&'static str>) {
    family.get_or_create(&[(label, value.into())]).inc();
}
