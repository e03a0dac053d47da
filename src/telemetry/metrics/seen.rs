//! What a daemon sees in the moment in which it is asked for its metrics. What it cannot see is not told: an old number
//! would look like a new one.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::GaugeBy;
use crate::core::chat::Name;
use crate::store::lines::Silence;
use crate::store::room::Memory;
use crate::store::status::Counts;
use crate::store::work::{Kind, Work};
use crate::telemetry::by_name::{ByName, label_of};

/// What was seen; nothing: it could not be.
#[derive(Debug, Default)]
pub struct Seen {
    /// What Redis holds.
    pub counts: Option<Counts>,
    /// How what is due is worked off.
    pub work: Option<Work>,
    /// The memory of Redis.
    pub memory: Option<Memory>,
    /// How long ago the oldest batch was closed that waits; zero: none does.
    pub oldest: Option<Duration>,
    /// How much of what an operator has stopped.
    pub stopped: Vec<(&'static str, usize)>,
    /// Of each buffer the line that misses most; only api looks.
    pub silences: Option<Vec<Silence>>,
}

impl Seen {
    pub(super) fn register(&self, registry: &mut Registry) {
        let up = ConstGauge::new(i64::from(self.counts.is_some()));
        registry.register("redis_up", "1 when Redis answered this scrape", up);
        let stopped = GaugeBy::default();
        for &(what, count) in &self.stopped {
            let gauge = stopped.get_or_create(&[("what", what)]);
            gauge.set(whole(count));
        }
        registry.register(
            "stopped",
            "What an operator has stopped: 1 for everything, how many buffers and destinations",
            stopped,
        );
        if let Some(counts) = &self.counts {
            of_counts(registry, counts);
        }
        if let Some(work) = &self.work {
            of_work(registry, work);
        }
        if let Some(share) = self.memory.and_then(Memory::share) {
            registry.register(
                "redis_memory_used_ratio",
                "How much of the memory that Redis may use it uses; above 1 it uses a little more",
                ConstGauge::new(share),
            );
        }
        if let Some(oldest) = self.oldest {
            registry.register(
                "oldest_batch_seconds",
                "How long ago the oldest batch that waits for a destination was made",
                ConstGauge::new(oldest.as_secs_f64()),
            );
        }
        if let Some(silences) = &self.silences {
            of_lines(registry, silences);
        }
    }
}

fn of_counts(registry: &mut Registry, counts: &Counts) {
    let all = [
        ("windows_open", "Open windows in Redis", counts.windows),
        (
            "lanes_waiting",
            "Lanes in Redis with a batch on them",
            counts.lanes,
        ),
        (
            "later_waiting",
            "What waits in Redis for a time of its own",
            counts.waiting,
        ),
        ("dead_letters", "Dead letters in Redis", counts.dead_letters),
    ];
    for (name, help, count) in all {
        registry.register(name, help, ConstGauge::new(count));
    }
}

fn of_work(registry: &mut Registry, work: &Work) {
    let living = ConstGauge::new(whole(work.living_monitors().count()));
    registry.register(
        "monitors_alive",
        "Monitors that gave a sign of life within 10 s",
        living,
    );
    let (overdue, stands) = (GaugeBy::default(), GaugeBy::default());
    let standing = work.standing();
    for kind in Kind::ALL {
        let label = [("what", kind.as_str())];
        let late = work.overdue(kind).unwrap_or_default();
        overdue.get_or_create(&label).set(whole(late.as_secs()));
        let stand = i64::from(standing.contains(&kind));
        stands.get_or_create(&label).set(stand);
    }
    registry.register(
        "overdue_seconds",
        "How long ago the oldest was due",
        overdue,
    );
    registry.register(
        "standing",
        "1 for what was due 10 s ago and more while no monitor worked it off",
        stands,
    );
}

fn of_lines(registry: &mut Registry, silences: &[Silence]) {
    type Numbers = ByName<Gauge<f64, AtomicU64>, 0>;
    let most = |numbers: &Numbers, buffer: &str, number: f64| {
        numbers.with(buffer, &[], |gauge| gauge.set(gauge.get().max(number)));
    };
    let missed = Numbers::new("buffer", [], Gauge::default);
    let silent = Numbers::new("buffer", [], Gauge::default);
    for silence in silences {
        most(&missed, &silence.buffer, silence.missed);
        most(&silent, &silence.buffer, silence.silent.as_secs_f64());
    }
    registry.register(
        "line_missed_posts",
        "Posts that usually come in as long as a line has been silent, of the line of each buffer that misses most",
        missed,
    );
    registry.register(
        "line_silent_seconds",
        "How long ago the last post came through that line",
        silent,
    );
}

/// The destinations, and whether each is taken for down.
pub(super) fn of_breakers(registry: &mut Registry, breakers: &[(Name, bool)]) {
    let open = ByName::<Gauge, 0>::new("destination", [], Gauge::default);
    for (name, is_down) in breakers {
        let down = i64::from(*is_down);
        open.with(label_of(Some(name)), &[], |gauge| gauge.inc_by(down));
    }
    registry.register(
        "breakers_open",
        "1 for a destination that is taken for down; of those that have no name here, how many are",
        open,
    );
}

/// A number as a gauge takes it.
fn whole(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(seen: &Seen) -> String {
        let mut registry = Registry::default();
        seen.register(&mut registry);
        text_of(&registry)
    }

    fn text_of(registry: &Registry) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        text
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let text = shown(&Seen::default());
        let numbers = text.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(numbers.collect::<Vec<_>>(), ["redis_up 0"]);

        let unlimited = Memory {
            used: 5,
            most: None,
        };
        let text = shown(&Seen {
            memory: Some(unlimited),
            ..Seen::default()
        });
        assert!(!text.contains("memory"), "{text}");
    }

    #[test]
    fn of_the_lines_of_a_buffer_the_one_that_misses_most_is_told() {
        let silence = |buffer: &str, missed, seconds| Silence {
            buffer: buffer.to_owned(),
            missed,
            silent: Duration::from_secs(seconds),
        };
        let silences = vec![silence("loja", 2.5, 90), silence("sac", 0.0, 3)];
        let text = shown(&Seen {
            silences: Some(silences),
            ..Seen::default()
        });
        assert!(
            text.contains("line_missed_posts{buffer=\"loja\"} 2.5\n"),
            "{text}"
        );
        assert!(
            text.contains("line_silent_seconds{buffer=\"sac\"} 3.0\n"),
            "{text}"
        );
    }

    #[test]
    fn however_many_destinations_are_down_those_with_a_name_are_few() {
        let down = |number| (Name::parse(&format!("d{number}")).unwrap(), number % 2 == 0);
        let mut registry = Registry::default();
        of_breakers(&mut registry, &(0..1_000).map(down).collect::<Vec<_>>());
        let text = text_of(&registry);
        assert!(
            text.contains("breakers_open{destination=\"d198\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("breakers_open{destination=\"d199\"} 0\n"),
            "{text}"
        );
        assert!(
            text.contains("breakers_open{destination=\"other\"} 400\n"),
            "{text}"
        );
        assert!(!text.contains("d200"), "{text}");
    }
}
