//! Metrics, in the texts that Prometheus reads.

mod api;
pub mod format;
mod monitor;
mod process;
pub mod seen;
mod shared;

use std::sync::OnceLock;
use std::time::SystemTime;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::amqp::AmqpMetrics;
use super::by_name::ByName;
use super::export::{Counts, Export};
use super::histogram::Histogram;
use super::posts::PostMetrics;
use super::tally::Tally;
use crate::core::samples::shares::{DELIVERY, LATENESS};
use format::Format;
use monitor::Destinations;
use seen::Seen;

/// The bounds of how long answers take, in s.
const REQUESTS: [f64; 7] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0];

/// What all metrics of the house begin with.
const PREFIX: &str = "lull";

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
    began: SystemTime,
    /// Messages that are in Redis, by `buffer`.
    pub accepted: ByName<Counter, 0>,
    /// Messages whose id was seen before, by `buffer`.
    pub duplicates: ByName<Counter, 0>,
    /// Messages that a rule dropped, by `buffer` and `reason`: `repeated` or `paused`.
    pub dropped: ByName<Counter, 1>,
    /// Requests refused, by `buffer` and `reason`: the field at fault, or a word of [`RefusedFor`].
    ///
    /// [`RefusedFor`]: crate::core::refused::RefusedFor
    pub refused: ByName<Counter, 1>,
    /// What became of posts, by `buffer`, `result` and `code`.
    pub posts: PostMetrics,
    /// How long requests took to be answered, by `route`, `method` and `status`.
    requests: ByName<Histogram, 2>,
    /// Batches made, by `reason`: what closed the window, or `later`, `schedule`, `run`.
    pub batches: CounterBy,
    /// Windows closed by a monitor, by what `found` them: `event` or `sweep`.
    pub found: CounterBy,
    /// Expired events heard.
    pub events: Counter,
    /// Events that found the channel full; the sweep had them.
    pub events_dropped: Counter,
    /// Attempts, by `destination` and `outcome`.
    pub attempts: ByName<Counter, 1>,
    /// From a batch's deadline to its first attempt.
    pub lateness: Histogram,
    /// How long attempts took, by `destination`.
    pub delivery: ByName<Histogram, 0>,
    /// Attempts on their way.
    pub in_flight: Gauge,
    /// Dead letters that had to go because of a limit.
    pub dead_letters_dropped: Counter,
    /// Lines about settlements, in the file of `HISTORY_EXPORT`.
    pub exported: Counts,
    export: OnceLock<Export>,
    /// Loops that failed and were begun anew, by `loop`.
    pub loop_restarts: CounterBy,
    /// What is kept in Redis as well, by time.
    pub tally: Tally,
    destinations: Destinations,
    /// What is taken from RabbitMQ.
    pub amqp: AmqpMetrics,
}

impl Metrics {
    /// Metrics of a process that plays `roles`.
    pub fn new(roles: &[Role]) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            began: SystemTime::now(),
            accepted: ByName::new("buffer", [], Counter::default),
            duplicates: ByName::new("buffer", [], Counter::default),
            dropped: ByName::new("buffer", ["reason"], Counter::default),
            refused: ByName::new("buffer", ["reason"], Counter::default),
            posts: PostMetrics::default(),
            requests: ByName::new("route", ["method", "status"], || Histogram::new(&REQUESTS)),
            batches: Family::default(),
            found: Family::default(),
            events: Counter::default(),
            events_dropped: Counter::default(),
            attempts: ByName::new("destination", ["outcome"], Counter::default),
            lateness: Histogram::new(&LATENESS),
            delivery: ByName::new("destination", [], || Histogram::new(&DELIVERY)),
            in_flight: Gauge::default(),
            dead_letters_dropped: Counter::default(),
            exported: Counts::default(),
            export: OnceLock::new(),
            loop_restarts: Family::default(),
            tally: Tally::default(),
            destinations: Destinations::default(),
            amqp: AmqpMetrics::default(),
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

    /// Has whoever settles something tell it there, too.
    pub fn export_to(&self, export: Export) {
        // It is done once, at the start of a daemon.
        let _ = self.export.set(export);
    }

    /// Where settlements are told, if anywhere.
    pub fn export(&self) -> Option<&Export> {
        self.export.get()
    }

    /// All metrics as text; `seen` is what the daemon sees at this moment.
    pub fn text(&self, format: Format, seen: &Seen) -> String {
        let mut own = Registry::default();
        process::register(&mut own, self.began);
        let mut looked = Registry::with_prefix(PREFIX);
        seen.register(&mut looked);
        if let Some(destinations) = self.destinations.look() {
            self.keep_destinations(destinations.iter().map(|(name, _)| name));
            seen::of_breakers(&mut looked, &destinations);
        }
        let mut text = String::new();
        for registry in [&self.registry, &looked, &own] {
            // Writing to a string cannot fail.
            let _ = encode_registry(&mut text, registry);
        }
        let _ = encode_eof(&mut text);
        match format {
            Format::OpenMetrics => text,
            Format::Plain => format::plain(&text),
        }
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
