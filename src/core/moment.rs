//! Moments as they are written for people and programs.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;

use super::batch::Millis;

/// A moment in RFC 3339, to the millisecond.
pub fn rfc3339(at: Millis, zone: Tz) -> String {
    let at = i64::try_from(at)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default();
    let at = at.with_timezone(&zone);
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same in UTC, as all answers of the API have it.
pub fn utc(at: Millis) -> String {
    rfc3339(at, Tz::UTC)
}

/// A duration as scripts and stored numbers count it, ms.
pub fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// A duration in seconds, as answers show it: to the millisecond, without what binary fractions would add.
pub fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_told_to_the_millisecond() {
        for (ms, told) in [(1_586, "1.586"), (600_000, "600.0"), (0, "0.0")] {
            let seconds = seconds(Duration::from_millis(ms));
            assert_eq!(format!("{seconds:?}"), told);
        }
    }
}
