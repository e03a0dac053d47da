//! A follow-up: what is asked of a chat that has fallen silent, and at which hours.

use std::time::Duration;

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use thiserror::Error;

use super::batch::Millis;
use super::chat::Name;

const MINUTE: Millis = 60_000;
const DAY_MINUTES: u32 = 24 * 60;
/// No opening is farther away, whatever clocks or a calendar jump over.
const FARTHEST_OPENING: Millis = 4 * 24 * 60;

/// When a chat of a buffer is followed up, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The silence after a delivery.
    pub after: Duration,
    /// Where it goes.
    pub destination: Name,
    /// What its body is made by; without, by what the destination has.
    pub template: Option<String>,
    /// The hours at which it may go out; without, at any.
    pub between: Option<Between>,
    /// How many there are, one after another, until something is said.
    pub most: u32,
}

impl FollowUp {
    /// The first moment from `now` at which one may go out.
    pub fn opening(&self, now: Millis) -> Millis {
        let between = self.between.as_ref();
        between.map_or(now, |between| between.opening(now))
    }
}

/// Hours of the day in a time zone, such as `08:00-20:00`; `20:00-08:00` are those of the night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    /// In minutes since midnight.
    from: u32,
    to: u32,
    zone: Tz,
}

/// Hours that are none.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "must be two different times of the day, such as 08:00-20:00, or 20:00-08:00 for the night"
)]
pub struct BetweenError;

impl Between {
    /// Reads `08:00-20:00`.
    ///
    /// # Errors
    /// When it is not two times, or the same twice.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, BetweenError> {
        let read = || {
            let (from, to) = text.split_once('-')?;
            let (from, to) = (minutes(from)?, minutes(to)?);
            (from % DAY_MINUTES != to % DAY_MINUTES || to == from + DAY_MINUTES).then_some(Self {
                from: from % DAY_MINUTES,
                to,
                zone,
            })
        };
        read().ok_or(BetweenError)
    }

    /// The first moment from `at` that lies in these hours. Minute by minute, so that it holds whatever the clocks do.
    pub fn opening(&self, at: Millis) -> Millis {
        let next_minute = (at / MINUTE + 1) * MINUTE;
        let minutes = (0..FARTHEST_OPENING).map(|minute| next_minute + minute * MINUTE);
        let mut moments = std::iter::once(at).chain(minutes);
        moments.find(|&at| self.holds(at)).unwrap_or(at)
    }

    fn holds(&self, at: Millis) -> bool {
        let at = i64::try_from(at).ok();
        let Some(at) = at.and_then(DateTime::from_timestamp_millis) else {
            return true;
        };
        let local = at.with_timezone(&self.zone);
        let minute = local.hour() * 60 + local.minute();
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// A time of the day in minutes; `24:00` is its end.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|c| c.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;

    use super::*;

    fn opening(between: &str, zone: Tz, at: &str) -> String {
        let at = DateTime::parse_from_rfc3339(at).unwrap();
        let between = Between::parse(between, zone).unwrap();
        let opening = between.opening(at.timestamp_millis().try_into().unwrap());
        let opening = DateTime::from_timestamp_millis(opening.try_into().unwrap()).unwrap();
        let opening = opening.with_timezone(&zone);
        opening.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    #[test]
    fn within_its_hours_it_is_now_and_else_when_they_begin() {
        for (between, at, expected) in [
            (
                "08:00-20:00",
                "2026-11-22T08:00:00Z",
                "2026-11-22T08:00:00Z",
            ),
            (
                "08:00-20:00",
                "2026-11-22T19:59:59.999Z",
                "2026-11-22T19:59:59.999Z",
            ),
            (
                "08:00-20:00",
                "2026-11-22T20:00:00Z",
                "2026-11-23T08:00:00Z",
            ),
            (
                "08:00-20:00",
                "2026-12-31T23:10:11.5Z",
                "2027-01-01T08:00:00Z",
            ),
            (
                "08:00-20:00",
                "2026-11-22T07:59:59.999Z",
                "2026-11-22T08:00:00Z",
            ),
            (
                "20:00-08:00",
                "2026-11-22T12:00:00Z",
                "2026-11-22T20:00:00Z",
            ),
            (
                "20:00-08:00",
                "2026-11-22T23:59:59Z",
                "2026-11-22T23:59:59Z",
            ),
            (
                "20:00-08:00",
                "2026-11-22T00:00:00Z",
                "2026-11-22T00:00:00Z",
            ),
            (
                "20:00-08:00",
                "2026-11-22T08:00:00Z",
                "2026-11-22T20:00:00Z",
            ),
            (
                "18:00-24:00",
                "2026-11-22T23:59:59Z",
                "2026-11-22T23:59:59Z",
            ),
            (
                "18:00-24:00",
                "2026-11-22T00:00:00Z",
                "2026-11-22T18:00:00Z",
            ),
            (
                "18:00-00:00",
                "2026-11-22T00:00:00Z",
                "2026-11-22T18:00:00Z",
            ),
            (
                "00:00-24:00",
                "2026-11-22T03:00:00Z",
                "2026-11-22T03:00:00Z",
            ),
        ] {
            assert_eq!(opening(between, Tz::UTC, at), expected, "{between} {at}");
        }
    }

    #[test]
    fn the_hours_are_those_of_the_zone_on_both_sides_of_a_change_of_clocks() {
        let (berlin, paulo) = (Tz::Europe__Berlin, Tz::America__Sao_Paulo);
        for (zone, between, at, expected) in [
            (
                paulo,
                "08:00-20:00",
                "2026-11-22T10:59:00Z",
                "2026-11-22T08:00:00-03:00",
            ),
            (
                berlin,
                "08:00-20:00",
                "2026-03-28T22:00:00+01:00",
                "2026-03-29T08:00:00+02:00",
            ),
            (
                berlin,
                "08:00-20:00",
                "2026-10-24T22:00:00+02:00",
                "2026-10-25T08:00:00+01:00",
            ),
            // From 2:00 to 3:00 clocks jump: what begins in between begins behind the jump.
            (
                berlin,
                "02:30-20:00",
                "2026-03-29T00:30:00+01:00",
                "2026-03-29T03:00:00+02:00",
            ),
            // Hours that fall out as a whole are those of the next day.
            (
                berlin,
                "02:15-02:45",
                "2026-03-29T00:30:00+01:00",
                "2026-03-30T02:15:00+02:00",
            ),
            // An hour that comes twice counts twice.
            (
                berlin,
                "02:00-02:30",
                "2026-10-25T02:40:00+02:00",
                "2026-10-25T02:00:00+01:00",
            ),
            (
                berlin,
                "02:00-02:30",
                "2026-10-25T02:40:00+01:00",
                "2026-10-26T02:00:00+01:00",
            ),
            // Clocks went from 0:00 to 1:00 in São Paulo.
            (
                paulo,
                "00:00-06:00",
                "2018-11-03T23:00:00-03:00",
                "2018-11-04T01:00:00-02:00",
            ),
            (
                paulo,
                "22:00-02:00",
                "2019-02-16T12:00:00-02:00",
                "2019-02-16T22:00:00-02:00",
            ),
        ] {
            assert_eq!(opening(between, zone, at), expected, "{between} {at}");
        }
    }

    #[test]
    fn what_is_no_two_times_is_refused() {
        for bad in [
            "",
            "8-20",
            "8:00-20:00",
            "08:00",
            "08:00-08:00",
            "08:00-20:60",
            "08:00-24:01",
            "-",
            "24:00-00:00",
            "08:00-20:00-22:00",
            "+8:00-20:00",
        ] {
            assert_eq!(Between::parse(bad, Tz::UTC), Err(BetweenError), "{bad}");
        }
    }
}
