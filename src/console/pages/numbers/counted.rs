//! What all daemons counted, as the API answers it, and the same in longer steps.

use std::collections::BTreeMap;

use chrono::{DateTime, Offset, Utc};
use chrono_tz::Tz;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::core::samples::shares::within;

/// As in `GET /api/samples`.
#[derive(Debug, Deserialize)]
pub(super) struct Samples {
    pub(super) bounds: Bounds,
    pub(super) total: Sample,
    pub(super) items: Vec<Step>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Bounds {
    pub(super) lateness: Vec<f64>,
    pub(super) delivery: Vec<f64>,
}

/// What was counted in a step.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Step {
    #[serde(deserialize_with = "moment")]
    pub(super) at: DateTime<Utc>,
    #[serde(flatten)]
    pub(super) counted: Sample,
}

/// What was counted; of what is none, nobody counted.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Sample {
    pub(super) r#in: Option<Posted>,
    pub(super) refused: Option<BTreeMap<String, u64>>,
    pub(super) out: Option<Attempts>,
    pub(super) lateness: Option<Measured>,
    pub(super) delivery: Option<Measured>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Posted {
    pub(super) total: u64,
    pub(super) taken: u64,
    changed: u64,
    typing: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Attempts {
    pub(super) total: u64,
    pub(super) delivered: u64,
    pub(super) retry: u64,
    pub(super) rejected: u64,
}

/// How often something lay within each bound and beyond the one before, and beyond all.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Measured {
    counts: Vec<u64>,
}

impl Posted {
    /// What changes something that waits, or holds it.
    pub(super) fn changes(&self) -> u64 {
        self.changed + self.typing
    }

    /// What is nothing for the bot.
    pub(super) fn dropped(&self) -> u64 {
        self.total
            .saturating_sub(self.taken)
            .saturating_sub(self.changes())
    }

    fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.taken += other.taken;
        self.changed += other.changed;
        self.typing += other.typing;
    }
}

impl Attempts {
    fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.delivered += other.delivered;
        self.retry += other.retry;
        self.rejected += other.rejected;
    }
}

impl Measured {
    /// The bound of such a share, s. None: there was nothing; the last bound and more is told as infinity.
    pub(super) fn within(&self, bounds: &[f64], share: f64) -> Option<f64> {
        if self.counts.iter().all(|count| *count == 0) {
            return None;
        }
        Some(within(bounds, &self.counts, share).unwrap_or(f64::INFINITY))
    }

    fn add(&mut self, other: &Self) {
        self.counts
            .resize(self.counts.len().max(other.counts.len()), 0);
        for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
            *sum += count;
        }
    }
}

impl Sample {
    /// How many requests were refused; none: nobody counted.
    pub(super) fn refused(&self) -> Option<u64> {
        self.refused.as_ref().map(|it| it.values().sum())
    }

    fn is_counted(&self) -> bool {
        self.r#in.is_some() || self.out.is_some()
    }

    fn add(&mut self, other: &Self) {
        if let Some(other) = &other.r#in {
            self.r#in.get_or_insert_default().add(other);
        }
        if let Some(other) = &other.out {
            self.out.get_or_insert_default().add(other);
        }
        if let Some(other) = &other.lateness {
            self.lateness.get_or_insert_default().add(other);
        }
        if let Some(other) = &other.delivery {
            self.delivery.get_or_insert_default().add(other);
        }
        if let Some(other) = &other.refused {
            let refused = self.refused.get_or_insert_default();
            for (why, count) in other {
                *refused.entry(why.clone()).or_default() += count;
            }
        }
    }
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(from)?;
    let at = DateTime::parse_from_rfc3339(&text);
    at.map(|at| at.to_utc()).map_err(D::Error::custom)
}

/// The same in steps of so many seconds, which begin where a clock of the zone begins them. Each is called by its first step.
pub(super) fn grouped(steps: &[Step], seconds: i64, zone: Tz) -> Vec<Step> {
    let mut groups: Vec<(i64, Step)> = Vec::new();
    for step in steps {
        let local = step.at.with_timezone(&zone);
        let offset = i64::from(local.offset().fix().local_minus_utc());
        let number = (step.at.timestamp() + offset).div_euclid(seconds);
        match groups.last_mut() {
            Some((last, group)) if *last == number => group.counted.add(&step.counted),
            _ => groups.push((number, step.clone())),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Those since somebody first counted.
pub(super) fn since_counted(groups: &[Step]) -> &[Step] {
    let first = groups.iter().position(|it| it.counted.is_counted());
    first.map_or(&[], |first| &groups[first..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: &str, taken: u64, counts: &[u64]) -> Step {
        Step {
            at: at.parse().unwrap(),
            counted: Sample {
                r#in: Some(Posted {
                    total: taken + 1,
                    taken,
                    ..Posted::default()
                }),
                lateness: Some(Measured {
                    counts: counts.to_vec(),
                }),
                refused: Some(BTreeMap::from([("key".to_owned(), 2)])),
                ..Sample::default()
            },
        }
    }

    #[test]
    fn days_begin_where_the_zone_begins_them_and_shares_are_of_all_together() {
        let nobody = Step {
            at: "2026-11-26T02:45:00Z".parse().unwrap(),
            counted: Sample::default(),
        };
        let steps = [
            nobody,
            step("2026-11-27T02:45:00Z", 1, &[9, 0, 0]),
            step("2026-11-27T03:00:00Z", 2, &[3, 0, 0]),
            step("2026-11-27T03:15:00Z", 4, &[0, 0, 1]),
        ];

        let days = grouped(&steps, 86_400, chrono_tz::America::Sao_Paulo);

        assert_eq!(days.len(), 3);
        let days = since_counted(&days);
        assert_eq!(days.len(), 2);
        let last = &days[1].counted;
        let posted = last.r#in.as_ref().unwrap();
        assert_eq!((posted.taken, posted.dropped()), (6, 2));
        assert_eq!(last.refused(), Some(4));
        let late = last.lateness.as_ref().unwrap();
        assert_eq!(late.within(&[0.1, 1.0], 0.5), Some(0.1));
        assert_eq!(late.within(&[0.1, 1.0], 0.99), Some(f64::INFINITY));
        assert_eq!(Measured::default().within(&[0.1], 0.5), None);
    }
}
