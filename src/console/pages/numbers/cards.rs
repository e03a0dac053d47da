//! What the page of numbers shows: five things, each with its picture, its sum and its table.

use chrono::{DateTime, Utc};

use super::Range;
use super::chart::Chart;
use super::counted::{Bounds, Measured, Sample, Samples, Step, grouped, since_counted};
use crate::console::shell::Shell;

/// What a table says where nobody counted.
const NOBODY: &str = "–";

/// One of the five.
pub(super) struct Card {
    pub(super) title: String,
    /// What it is, where its name does not say so.
    pub(super) detail: String,
    pub(super) total: String,
    /// Why, and how often.
    pub(super) reasons: Vec<(String, u64)>,
    pub(super) chart: Chart,
    /// What the upper edge of the picture stands for.
    pub(super) top: String,
    /// What is shown of it, each with the class of its colour.
    pub(super) kinds: Vec<(&'static str, String)>,
    /// The newest first.
    pub(super) rows: Vec<Row>,
    /// When the picture begins and ends.
    pub(super) ends: [String; 2],
    /// Nothing was counted in all this time.
    pub(super) is_empty: bool,
}

/// A row of a table.
pub(super) struct Row {
    pub(super) at: String,
    pub(super) time: String,
    pub(super) cells: Vec<String>,
}

/// How the five are made: of the steps of the pictures and of those of the tables.
struct Making<'a> {
    shell: &'a Shell,
    range: Range,
    fine: Vec<Step>,
    coarse: Vec<Step>,
    bounds: &'a Bounds,
    total: &'a Sample,
}

/// A kind of what is counted: its class, its name, and how many there were.
type Kind<'a> = (&'static str, &'a str, fn(&Sample) -> Option<u64>);

pub(super) fn cards(shell: &Shell, range: Range, samples: &Samples) -> Vec<Card> {
    let (fine, coarse) = range.steps();
    let zone = shell.clock.zone;
    let making = Making {
        shell,
        range,
        fine: grouped(&samples.items, fine, zone),
        coarse: grouped(&samples.items, coarse, zone),
        bounds: &samples.bounds,
        total: &samples.total,
    };
    vec![
        making.incoming(),
        making.out(),
        making.late(),
        making.bot(),
        making.refused(),
    ]
}

impl Making<'_> {
    fn incoming(&self) -> Card {
        let words = &self.shell.words.numbers;
        let posted = self.total.r#in.clone().unwrap_or_default();
        let (taken, total) = (posted.taken, posted.total);
        Card {
            total: words
                .incoming_total
                .with(&[("taken", &taken), ("total", &total)]),
            ..self.counted(
                &words.incoming,
                &[
                    ("s1", &words.taken, |it| it.r#in.as_ref().map(|it| it.taken)),
                    ("s2", &words.changed, |it| {
                        it.r#in.as_ref().map(|it| it.changes())
                    }),
                    ("s3", &words.dropped, |it| {
                        it.r#in.as_ref().map(|it| it.dropped())
                    }),
                ],
            )
        }
    }

    fn out(&self) -> Card {
        let words = &self.shell.words.numbers;
        let out = self.total.out.clone().unwrap_or_default();
        let (delivered, total) = (out.delivered, out.total);
        Card {
            total: words
                .out_total
                .with(&[("delivered", &delivered), ("total", &total)]),
            ..self.counted(
                &words.out,
                &[
                    ("s1", &words.delivered, |it| {
                        it.out.as_ref().map(|it| it.delivered)
                    }),
                    ("warn", &words.retry, |it| {
                        it.out.as_ref().map(|it| it.retry)
                    }),
                    ("bad", &words.rejected, |it| {
                        it.out.as_ref().map(|it| it.rejected)
                    }),
                ],
            )
        }
    }

    fn refused(&self) -> Card {
        let words = &self.shell.words;
        let refused = self.total.refused.clone().unwrap_or_default();
        let mut reasons: Vec<_> = refused
            .iter()
            .map(|(why, count)| (words.refused_for.of(why).to_owned(), *count))
            .collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let kind: Kind<'_> = ("bad", &words.numbers.refused, Sample::refused);
        Card {
            total: words
                .numbers
                .refused_total
                .of(self.total.refused().unwrap_or_default()),
            reasons,
            ..self.counted(&words.numbers.refused, &[kind])
        }
    }

    fn late(&self) -> Card {
        let words = &self.shell.words.numbers;
        let of = |it: &Sample| it.lateness.clone();
        Card {
            detail: words.late_detail.clone(),
            ..self.measured(&words.late, &self.bounds.lateness, of)
        }
    }

    fn bot(&self) -> Card {
        let words = &self.shell.words.numbers;
        let of = |it: &Sample| it.delivery.clone();
        Card {
            detail: words.bot_detail.clone(),
            ..self.measured(&words.bot, &self.bounds.delivery, of)
        }
    }

    /// A card of bars.
    fn counted(&self, title: &str, kinds: &[Kind<'_>]) -> Card {
        let count = |it: &Sample, kind: &Kind<'_>| kind.2(it).unwrap_or_default();
        let counts = |step: &Step| {
            kinds
                .iter()
                .map(|kind| count(&step.counted, kind))
                .collect()
        };
        let steps: Vec<Vec<u64>> = self.fine.iter().map(counts).collect();
        let classes: Vec<_> = kinds.iter().map(|(class, ..)| *class).collect();
        let chart = Chart::bars(&classes, &steps);
        let told = |it: Option<u64>| it.map_or_else(|| NOBODY.to_owned(), |it| it.to_string());
        let cells = |it: &Sample| kinds.iter().map(|kind| told(kind.2(it))).collect();
        Card {
            top: chart.top.to_string(),
            is_empty: chart.bars.is_empty(),
            chart,
            kinds: named(kinds.iter().map(|(class, name, _)| (*class, *name))),
            rows: self.rows(cells),
            ..self.bare(title)
        }
    }

    /// A card of lines: half, and 99 of 100.
    fn measured(
        &self,
        title: &str,
        bounds: &[f64],
        of: impl Fn(&Sample) -> Option<Measured>,
    ) -> Card {
        let words = &self.shell.words.numbers;
        let share = |it: &Sample, share| of(it).and_then(|it| it.within(bounds, share));
        let line = |of| {
            let steps = self.fine.iter();
            steps.map(|it| share(&it.counted, of)).collect()
        };
        let chart = Chart::lines(&[("warn", line(0.99)), ("s1", line(0.5))]);
        let told = |it: Option<f64>| match it {
            Some(bound) => self.length(bound, bounds),
            None => NOBODY.to_owned(),
        };
        let both = |it: &Sample| [0.5, 0.99].map(|of| told(share(it, of)));
        let total = |of| share(self.total, of);
        let sum = match (total(0.5), total(0.99)) {
            (Some(p50), Some(p99)) => {
                let (p50, p99) = (self.length(p50, bounds), self.length(p99, bounds));
                words.measured_total.with(&[("p50", &p50), ("p99", &p99)])
            }
            _ => String::new(),
        };
        Card {
            top: self.length(chart.top, bounds),
            is_empty: sum.is_empty(),
            total: sum,
            chart,
            kinds: named([("s1", words.half.as_str()), ("warn", words.most.as_str())].into_iter()),
            rows: self.rows(|it| both(it).to_vec()),
            ..self.bare(title)
        }
    }

    fn bare(&self, title: &str) -> Card {
        let now = &self.shell.clock.now;
        let begin = self.fine.first().map_or(now, |it| &it.at);
        Card {
            title: title.to_owned(),
            detail: String::new(),
            total: String::new(),
            reasons: Vec::new(),
            chart: Chart::default(),
            top: String::new(),
            kinds: Vec::new(),
            rows: Vec::new(),
            ends: [begin, now].map(|at| self.time(at)),
            is_empty: false,
        }
    }

    fn rows(&self, cells: impl Fn(&Sample) -> Vec<String>) -> Vec<Row> {
        let steps = since_counted(&self.coarse).iter().rev();
        let row = |step: &Step| Row {
            at: step.at.to_rfc3339(),
            time: self.time(&step.at),
            cells: cells(&step.counted),
        };
        steps.map(row).collect()
    }

    /// A moment, as fine as it matters.
    fn time(&self, at: &DateTime<Utc>) -> String {
        let clock = &self.shell.clock;
        match self.range {
            Range::Hour | Range::Day => clock.minute(at),
            Range::Month => clock.date(at),
        }
    }

    /// A bound as people read it: below a second in ms.
    fn length(&self, seconds: f64, bounds: &[f64]) -> String {
        let clock = &self.shell.clock;
        let beyond = bounds.last().copied().unwrap_or_default();
        if seconds.is_infinite() {
            let length = clock.seconds(beyond);
            let words = &self.shell.words.numbers;
            return words.beyond.with(&[("length", &length)]);
        }
        if seconds < 0.1 {
            return format!("{:.0} ms", seconds * 1000.0);
        }
        clock.seconds(seconds)
    }
}

fn named<'a>(kinds: impl Iterator<Item = (&'static str, &'a str)>) -> Vec<(&'static str, String)> {
    kinds
        .map(|(class, name)| (class, name.to_owned()))
        .collect()
}
