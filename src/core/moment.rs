//! Moments as they are written for people and programs.

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
