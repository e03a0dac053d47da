//! Times as gateways write them.

use crate::core::batch::Millis;

/// A time of so much is in milliseconds: in seconds it would be the year 5138, and a smaller one in milliseconds 1973.
const NO_SECONDS: u64 = 100_000_000_000;

/// A time in milliseconds since 1970: RFC 3339, or seconds or milliseconds, for versions of one gateway differ in that.
pub(super) fn millis(text: &str) -> Option<Millis> {
    if let Ok(number) = text.parse::<u64>() {
        let is_millis = number >= NO_SECONDS;
        return Some(if is_millis { number } else { number * 1000 });
    }
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    time.timestamp_millis().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_however_it_is_written() {
        for time in [
            "1763770000",
            "1763770000000",
            "2025-11-21T21:06:40-03:00",
            "2025-11-22T00:06:40Z",
        ] {
            assert_eq!(millis(time), Some(1_763_770_000_000), "{time}");
        }
        for none in ["", "-1", "soon", "99999999999999999999"] {
            assert_eq!(millis(none), None, "{none}");
        }
    }
}
