//! When a message is to leave, where it says so itself: `send_at`, a moment, or `delay`, seconds from now.

use std::time::Duration;

use chrono::DateTime;
use serde_json::value::RawValue;

use crate::core::batch::Millis;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, number_of, take};

/// No message may be to leave later than this.
pub const FARTHEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The fields of a body that say when it leaves.
pub(crate) const FIELDS: [&str; 2] = [SEND_AT, DELAY];
const SEND_AT: &str = "send_at";
const DELAY: &str = "delay";
/// A number of this size or more is of milliseconds: as seconds it would be the year 5138, and as milliseconds a
/// smaller one was in 1973.
const LEAST_MILLIS: f64 = 1e11;

/// When a message is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this moment; at once, if that has passed. Not yet held against [`FARTHEST`].
    At(Millis),
    /// So long from now, at most [`FARTHEST`].
    In(Duration),
}

impl When {
    /// Takes the fields out of a body that say when it leaves.
    ///
    /// # Errors
    /// When one is no such value, or both are there.
    pub fn take(fields: &mut RawObject) -> Result<Option<Self>, BadInput> {
        let send_at = take(fields, SEND_AT);
        let delay = take(fields, DELAY);
        match (send_at, delay) {
            (None, None) => Ok(None),
            (Some(raw), None) => moment(&raw).map(Self::At).map(Some),
            (None, Some(raw)) => from_now(&raw).map(Self::In).map(Some),
            (Some(_), Some(_)) => Err(BadInput::field(
                DELAY,
                "and send_at contradict each other: send one of them",
            )),
        }
    }
}

/// The refusal of a moment beyond [`FARTHEST`].
pub fn too_far() -> BadInput {
    BadInput::field(SEND_AT, "must be at most a year (365 days) ahead")
}

fn moment(raw: &RawValue) -> Result<Millis, BadInput> {
    let text = serde_json::from_str::<String>(raw.get()).ok();
    let written = text.and_then(|text| DateTime::parse_from_rfc3339(text.trim()).ok());
    if let Some(moment) = written {
        // What was before 1970 is as much in the past as 1970.
        return Ok(Millis::try_from(moment.timestamp_millis()).unwrap_or_default());
    }
    let seconds = number_of(raw).map(|number| {
        if number >= LEAST_MILLIS {
            number / 1000.0
        } else {
            number
        }
    });
    let since = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let moment = since.and_then(|since| Millis::try_from(since.as_millis()).ok());
    moment.ok_or_else(|| {
        BadInput::field(
            SEND_AT,
            "must be a moment, such as 2026-01-31T12:00:00-03:00, or the seconds or milliseconds since 1970",
        )
    })
}

fn from_now(raw: &RawValue) -> Result<Duration, BadInput> {
    let delay = number_of(raw).and_then(|delay| Duration::try_from_secs_f64(delay).ok());
    delay.filter(|delay| *delay <= FARTHEST).ok_or_else(|| {
        let most = FARTHEST.as_secs();
        let why = format!("must be a number of seconds from 0 to {most}, a year");
        BadInput::field(DELAY, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn when(body: &str) -> Result<Option<When>, String> {
        let mut fields = json_fields(body.as_bytes()).unwrap();
        When::take(&mut fields).map_err(|error| error.to_string())
    }

    #[test]
    fn a_moment_is_written_out_or_counted_since_1970() {
        for (raw, ms) in [
            (r#""2026-01-31T12:00:00-03:00""#, 1_769_871_600_000),
            (r#""2026-01-31T15:00:00.25Z""#, 1_769_871_600_250),
            ("1769871600", 1_769_871_600_000),
            ("1769871600.25", 1_769_871_600_250),
            (r#""1769871600""#, 1_769_871_600_000),
            ("1769871600250", 1_769_871_600_250),
            (r#""1969-01-31T12:00:00Z""#, 0),
            ("0", 0),
        ] {
            let body = format!(r#"{{"send_at":{raw}}}"#);
            assert_eq!(when(&body), Ok(Some(When::At(ms))), "{raw}");
        }
        for bad in [
            r#""tomorrow""#,
            r#""2026-01-31""#,
            r#""2026-01-31T12:00:00""#,
            r#""""#,
            "-1",
            "true",
            "[]",
            "1e300",
        ] {
            let error = when(&format!(r#"{{"send_at":{bad}}}"#)).unwrap_err();
            assert!(error.starts_with("send_at must be a moment"), "{bad}");
        }
    }

    #[test]
    fn a_delay_is_seconds_up_to_a_year() {
        let delay = |raw: &str| when(&format!(r#"{{"delay":{raw}}}"#));

        assert_eq!(
            delay("1.5"),
            Ok(Some(When::In(Duration::from_millis(1500))))
        );
        assert_eq!(delay(r#""0""#), Ok(Some(When::In(Duration::ZERO))));
        assert_eq!(delay("31536000"), Ok(Some(When::In(FARTHEST))));
        for bad in ["31536001", "-1", "true", r#""soon""#] {
            let error = delay(bad).unwrap_err();
            assert!(error.starts_with("delay must be a number"), "{bad}");
        }
    }

    #[test]
    fn null_says_nothing_and_both_say_too_much() {
        assert_eq!(when(r#"{"send_at":null,"delay":null}"#), Ok(None));
        assert!(
            when(r#"{"send_at":1,"delay":1}"#)
                .unwrap_err()
                .starts_with("delay and send_at contradict")
        );
    }
}
