//! How long a chat is to be paused, as an operator posts it.

use std::time::Duration;

use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, number_of, take};

const PAUSE: Duration = Duration::from_secs(3600);
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long a pause is to be: `for` seconds, an hour where nothing is said.
///
/// # Errors
/// When it is not from a second to a year.
pub fn pause_of(mut fields: RawObject) -> Result<Duration, BadInput> {
    let Some(raw) = take(&mut fields, "for") else {
        return Ok(PAUSE);
    };
    let length = number_of(&raw).and_then(|length| Duration::try_from_secs_f64(length).ok());
    length
        .filter(|length| (SHORTEST_PAUSE..=LONGEST_PAUSE).contains(length))
        .ok_or_else(|| {
            let most = LONGEST_PAUSE.as_secs();
            BadInput::field(
                "for",
                format!("must be a number of seconds from 1 to {most}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    #[test]
    fn a_pause_is_an_hour_or_what_was_asked_for() {
        let length = |body: &str| pause_of(json_fields(body.as_bytes()).unwrap());

        assert_eq!(length("{}").unwrap(), PAUSE);
        assert_eq!(length(r#"{"for":"90"}"#).unwrap(), Duration::from_secs(90));
        for bad in ["0.5", "-1", "31536001", "true", "1e300"] {
            let error = length(&format!(r#"{{"for":{bad}}}"#)).unwrap_err();
            assert!(error.to_string().starts_with("for must be"), "{bad}");
        }
    }
}
