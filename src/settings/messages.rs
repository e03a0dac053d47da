//! The queue `messages`, a buffer and a destination that the environment describes: messages that leave one by one at
//! a pace, in one order (IMS).

use std::time::Duration;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::buffer::default_buffer;
use super::webhook::default_destination;
use super::{Vars, time_with_unit};
use crate::core::chat::Name;
use crate::core::destination::{Body, Destination, Pace, Target};
use crate::core::window::WindowRules;
use crate::spec::pace::PaceSpec;
use crate::spec::{Buffer, Messages};

/// The header that holds the key of whoever calls.
const AUTH_HEADER: &str = "x-ins-auth-key";

/// What a call says of its one message.
const BODY: &str = r#"{"id":{{ first.id }},"to":{{ user }},"phone_number":{{ user }},"content":{{ first.message }}}"#;

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawMessages {
    #[serde(default = "scheduler_interval")]
    scheduler_interval: String,
    #[serde(default = "scheduler_batch_size")]
    scheduler_batch_size: usize,
    #[serde(default = "scheduler_auto_start")]
    scheduler_auto_start: bool,
    webhook_auth_key: Option<String>,
}

fn scheduler_interval() -> String {
    "2m".to_owned()
}

fn scheduler_batch_size() -> usize {
    2
}

fn scheduler_auto_start() -> bool {
    true
}

/// Reads the `SCHEDULER_` settings and `WEBHOOK_AUTH_KEY`; where the messages go and how they are retried is as for
/// `default`.
///
/// # Errors
/// Names the variable that is wrong.
pub fn messages(vars: &Vars) -> Result<Messages> {
    let raw: RawMessages = vars.read()?;
    let pace = pace(&raw)?;
    let destination = default_destination(vars)?;
    Ok(Messages {
        buffer: buffer(default_buffer(vars)?),
        destination: destination.map(|like| to_messages(like, pace, raw.webhook_auth_key)),
        starts_by_itself: raw.scheduler_auto_start,
    })
}

fn buffer(like: Buffer) -> Buffer {
    let name = Name::messages_name();
    Buffer {
        window: WindowRules {
            default_ttl: Duration::ZERO,
            ..like.window
        },
        destinations: [Target {
            split: true,
            ..Target::whole(name.clone())
        }]
        .into(),
        name,
        ordered: true,
        ..like
    }
}

fn to_messages(like: Destination, pace: Pace, key: Option<String>) -> Destination {
    let mut headers = like.headers;
    if let Some(key) = key {
        headers.retain(|name, _| !name.eq_ignore_ascii_case(AUTH_HEADER));
        headers.insert(AUTH_HEADER.to_owned(), key);
    }
    // Of another type the template would make another body.
    headers.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
    Destination {
        name: Name::messages_name(),
        headers,
        body: Body::Template(BODY.to_owned()),
        split: true,
        pace: Some(pace),
        ..like
    }
}

fn pace(raw: &RawMessages) -> Result<Pace> {
    let pace = PaceSpec {
        every: time_with_unit("SCHEDULER_INTERVAL", &raw.scheduler_interval)?.as_secs_f64(),
        batch: raw.scheduler_batch_size,
    };
    match pace.check() {
        Ok(pace) => Ok(pace),
        Err(error) if error.field == "pace.batch" => bail!("SCHEDULER_BATCH_SIZE {}", error.why),
        Err(error) => bail!("SCHEDULER_INTERVAL {}", error.why),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Messages> {
        let mut all = vec![("WEBHOOK_URL", "http://n8n/webhook/x")];
        all.extend(pairs);
        messages(&vars(&all))
    }

    #[test]
    fn two_messages_leave_every_two_minutes_by_themselves_and_one_by_one() {
        let messages = read(&[]).unwrap();
        let destination = messages.destination.unwrap();

        let pace = destination.pace.unwrap();
        assert_eq!((pace.every, pace.batch), (Duration::from_secs(120), 2));
        assert!(messages.starts_by_itself && messages.buffer.ordered && destination.split);
        assert_eq!(destination.url, "http://n8n/webhook/x");
    }

    #[test]
    fn an_interval_has_a_unit_or_is_in_seconds() {
        for (text, seconds) in [
            ("90s", 90.0),
            ("1h", 3600.0),
            ("1m 30s", 90.0),
            ("0.5", 0.5),
        ] {
            let destination = read(&[("SCHEDULER_INTERVAL", text)]).unwrap().destination;
            let pace = destination.unwrap().pace.unwrap();
            assert_eq!(pace.every, Duration::from_secs_f64(seconds), "{text}");
        }
    }

    #[test]
    fn the_key_goes_along_with_the_headers_of_every_call() {
        let headers = r#"{"X-Ins-Auth-Key":"old","a":"b","Content-Type":"text/plain"}"#;
        let pairs = [("WEBHOOK_HEADERS", headers), ("WEBHOOK_AUTH_KEY", "k")];

        let headers = read(&pairs).unwrap().destination.unwrap().headers;

        let headers: Vec<_> = headers.into_iter().collect();
        let expected = [("a", "b"), ("x-ins-auth-key", "k")];
        assert_eq!(
            headers,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("SCHEDULER_INTERVAL", "soon"),
            ("SCHEDULER_INTERVAL", "0"),
            ("SCHEDULER_INTERVAL", "-1"),
            ("SCHEDULER_INTERVAL", "50ms"),
            ("SCHEDULER_BATCH_SIZE", "0"),
            ("SCHEDULER_BATCH_SIZE", "10001"),
            ("SCHEDULER_AUTO_START", "perhaps"),
        ] {
            let error = format!("{:#}", read(&[(name, value)]).err().unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }
}
