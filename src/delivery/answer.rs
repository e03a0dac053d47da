//! What an answer, or none, means for the batch.

use std::error::Error;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use reqwest::header::HeaderValue;
use reqwest::{Response, StatusCode};

use super::echo::Secrets;
use crate::core::batch::Outcome;
use crate::core::why::Why;
use crate::open_files;

/// Reading the rest of an answer lets the connection be used again; beyond this a new one is cheaper.
const MOST_OF_AN_ANSWER: usize = 64 * 1024;
const WAIT_FOR_AN_ANSWER: Duration = Duration::from_secs(1);
/// How much of an answer is kept.
const HEAD_OF_AN_ANSWER: usize = 1024;

/// 2xx is accepted and 410 says never again. All else may be better later: n8n, for one, answers 404 for seconds at each
/// of its restarts.
pub(super) fn outcome(status: StatusCode, asked: Option<Duration>) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Delivered,
        StatusCode::GONE => Outcome::Rejected,
        _ => Outcome::Retry { asked },
    }
}

/// How long a `Retry-After` asks to wait: seconds or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = SystemTime::from(DateTime::parse_from_rfc2822(text).ok()?);
    Some(at.duration_since(now).unwrap_or_default())
}

/// Why there was no answer. Never the error's own words as a whole: they hold the URL.
pub fn why_none(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return Why::NoAnswer(&timeout.as_secs_f64().to_string()).to_string();
    }
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let cause = cause.to_string();
    let why = if error.is_connect() {
        Why::NoConnection(&cause)
    } else {
        Why::Broken(&cause)
    };
    why.to_string()
}

/// Whether there was no call because no socket was to be had, in this process or on this machine.
pub(super) fn had_no_socket(error: &reqwest::Error) -> bool {
    error.is_connect() && is_out_of_files(error)
}

/// Whether a connection failed because no socket was to be had, in this process or on this machine.
pub(super) fn is_out_of_files(error: &(dyn Error + 'static)) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(open_files::is_out)
        {
            return true;
        }
        cause = error.source();
    }
    // Whoever looks a name up says only that it was not found.
    open_files::are_out()
}

/// Reads an answer to its end, so that its connection can be used again, and answers its beginning without the
/// destination's secrets. The status has
/// already decided: a body that breaks off or never ends changes nothing.
pub(super) async fn read_rest(mut answer: Response, secrets: &Secrets) -> Option<String> {
    let mut beginning = Vec::new();
    let read = async {
        let mut length = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            length += chunk.len();
            let head = HEAD_OF_AN_ANSWER + secrets.longest();
            let room = head.saturating_sub(beginning.len());
            beginning.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if length > MOST_OF_AN_ANSWER {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(WAIT_FOR_AN_ANSWER, read).await;
    let text = String::from_utf8_lossy(&beginning);
    let text = secrets.masked(&text, HEAD_OF_AN_ANSWER).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_accepted_and_only_410_is_final() {
        for code in 100..600 {
            let status = StatusCode::from_u16(code).unwrap();
            let expected = match code {
                200..=299 => Outcome::Delivered,
                410 => Outcome::Rejected,
                _ => Outcome::Retry { asked: None },
            };
            assert_eq!(outcome(status, None), expected, "{code}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let asked = |text: &str| retry_after(&HeaderValue::from_str(text).unwrap(), now);

        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            asked("Sun, 06 Nov 1994 08:49:47 GMT"),
            Some(Duration::from_secs(10))
        );
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:27 GMT"), Some(Duration::ZERO));
        for bad in ["soon", "-1", "1.5", ""] {
            assert_eq!(asked(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_retry_after_breaks_its_reader(
            text in "[ -~]{0,40}|[0-9]{1,24}|[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,7} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
            now in 0..u64::from(u32::MAX),
        ) {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
            let _ = retry_after(&HeaderValue::from_str(&text).unwrap(), now);
        }
    }
}
