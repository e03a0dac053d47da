//! The headers that a caller may have sent along to a webhook of its own.

use std::collections::BTreeMap;

use crate::spec::SpecError;
use crate::spec::scalars::scalars;

/// Most headers that a caller may have sent along, and the most bytes of each, with its name.
const MOST_HEADERS: usize = 64;
const LONGEST_HEADER: usize = 8 * 1024;
/// Most characters of a header's name that a refusal quotes.
const SHOWN: usize = 64;
/// What a caller cannot say: it is between Lull and the next host, or tells that which host and which body it is.
const OF_THE_CALL: [&str; 14] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

scalars! {
    /// See [`check_headers`].
    pub(super) CallerHeaders = {
        "type": "object", "propertyNames": { "type": "string", "pattern": "^[A-Za-z0-9_-]+$" }, "maxProperties": 64,
        "additionalProperties": { "type": "string", "pattern": r"^[^\x00-\x08\x0a-\x1f\x7f]*$" },
        "description": "Headers by name, of at most 8 KiB each; none that begins with `webhook-`, and none that says how the call is made: `Host`, `Connection`, `Upgrade`, `Transfer-Encoding`, `Content-Length` and their like.",
    };
}

/// Headers that say how the call itself is made are Lull's, and so many and such long ones nobody needs.
pub(super) fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), SpecError> {
    let refused = |why: String| Err(SpecError::new("headers", why));
    if headers.len() > MOST_HEADERS {
        let count = headers.len();
        return refused(format!(
            "are {count}, and at most {MOST_HEADERS} are allowed"
        ));
    }
    for (name, value) in headers {
        if OF_THE_CALL.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return refused(format!("{name}: is set by Lull, leave it out"));
        }
        if name.len() + value.len() > LONGEST_HEADER {
            let begin: String = name.chars().take(SHOWN).collect();
            return refused(format!("{begin}: is longer than {LONGEST_HEADER} bytes"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(headers: impl IntoIterator<Item = (String, String)>) -> String {
        let headers = headers.into_iter().collect();
        check_headers(&headers).unwrap_err().to_string()
    }

    #[test]
    fn what_says_how_a_call_is_made_is_refused_by_name() {
        for name in OF_THE_CALL {
            let name = name.to_uppercase();
            let error = error([(name.clone(), "x".to_owned())]);
            assert!(error.starts_with(&format!("headers: {name}: ")), "{error}");
        }
    }

    #[test]
    fn so_many_and_such_long_ones_are_refused() {
        let many = |count| (0..count).map(|number| (format!("x-{number}"), "a".to_owned()));
        let long = |length: usize| [("x-long".to_owned(), "a".repeat(length - "x-long".len()))];

        assert!(check_headers(&many(64).collect()).is_ok());
        assert!(error(many(65)).contains("at most 64"));
        assert!(check_headers(&long(8192).into_iter().collect()).is_ok());
        assert!(error(long(8193)).starts_with("headers: x-long: "));
    }
}
