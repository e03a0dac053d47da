//! When a schedule is due: a cron expression in a time zone.

use chrono::DateTime;
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::batch::Millis;

/// A moment from which every expression that ever comes is found to come.
const LONG_AGO: Millis = 946_684_800_000;

/// The moments of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    cron: Cron,
    zone: Tz,
    mark: String,
}

/// Why an expression cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CronError {
    /// It is none.
    #[error(
        "{0}; it has five fields, or six with the seconds first, or is @hourly, @daily, @weekly, @monthly or @yearly"
    )]
    Broken(String),
    /// There is no such day, such as the 30th of February.
    #[error("never comes")]
    Never,
}

impl Times {
    /// Reads an expression of five or six fields, or a word such as `@daily`.
    ///
    /// # Errors
    /// When it is none, or never comes.
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, CronError> {
        let parser = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(expression)
            .map_err(|error| CronError::Broken(error.to_string()))?;
        let mark = mark(expression, zone);
        let times = Self { cron, zone, mark };
        times.after(LONG_AGO).ok_or(CronError::Never)?;
        Ok(times)
    }

    /// The first moment after this one.
    pub fn after(&self, at: Millis) -> Option<Millis> {
        let at = DateTime::from_timestamp_millis(i64::try_from(at).ok()?)?;
        let at = at.with_timezone(&self.zone);
        let next = self.cron.find_next_occurrence(&at, false).ok()?;
        Millis::try_from(next.timestamp_millis()).ok()
    }

    /// The first of the moments after this one.
    pub fn upcoming(&self, at: Millis) -> impl Iterator<Item = Millis> {
        std::iter::successors(self.after(at), |&at| self.after(at))
    }

    /// The zone that the expression is read in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// A word that is the same for the same expression in the same zone, whatever else a schedule says: what was planned
    /// by these moments is known by it.
    pub fn mark(&self) -> &str {
        &self.mark
    }
}

fn mark(expression: &str, zone: Tz) -> String {
    let words: Vec<_> = expression.split_whitespace().collect();
    let digest = Sha256::digest(format!("{} {}", words.join(" "), zone.name()));
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests;
