//! The destination `default`, which the environment describes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use chrono_tz::Tz;
use serde::Deserialize;

use super::{Vars, positive_seconds, seconds, time_with_unit};
use crate::core::chat::Name;
use crate::core::destination::{Body, Destination, Kind, Method};
use crate::core::payload::PayloadRules;
use crate::core::retry::{RetryPolicy, WITHIN};
use crate::spec::destination::{LONGEST_TIMEOUT, MOST_CONCURRENCY};
use crate::spec::retry::RetrySpec;
use crate::spec::{BufferSpec, DestinationSpec};

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawWebhook {
    webhook_url: Option<String>,
    webhook_secret: Option<String>,
    webhook_headers: Option<String>,
    #[serde(default = "webhook_timeout")]
    webhook_timeout: f64,
    #[serde(default = "concurrency")]
    concurrency: usize,
    #[serde(default = "messages_field")]
    messages_field: String,
    #[serde(default = "timezone")]
    timezone: String,
    retry_for: Option<String>,
    #[serde(default)]
    max_retries: u32,
    #[serde(default = "retry_first")]
    retry_first: f64,
    #[serde(default = "retry_cap")]
    retry_cap: f64,
    #[serde(default = "max_retry_after")]
    max_retry_after: f64,
}

fn webhook_timeout() -> f64 {
    DestinationSpec::default().timeout
}

fn concurrency() -> usize {
    DestinationSpec::default().concurrency
}

fn messages_field() -> String {
    DestinationSpec::default().messages_field
}

fn timezone() -> String {
    BufferSpec::default().timezone
}

fn retry_first() -> f64 {
    RetrySpec::default().first
}

fn retry_cap() -> f64 {
    RetrySpec::default().cap
}

fn max_retry_after() -> f64 {
    RetrySpec::default().max_retry_after
}

/// Reads `WEBHOOK_URL`, its companions, `CONCURRENCY`, `MESSAGES_FIELD`, `TIMEZONE`, the `RETRY_` settings, `MAX_RETRIES`
/// and `MAX_RETRY_AFTER`; `None` without a `WEBHOOK_URL`.
///
/// # Errors
/// Names the variable that is wrong.
pub fn default_destination(vars: &Vars) -> Result<Option<Destination>> {
    let raw: RawWebhook = vars.read()?;
    let timeout = positive_seconds("WEBHOOK_TIMEOUT", raw.webhook_timeout)?;
    ensure!(
        raw.webhook_timeout <= LONGEST_TIMEOUT,
        "WEBHOOK_TIMEOUT must be at most {LONGEST_TIMEOUT} seconds"
    );
    ensure!(
        (1..=MOST_CONCURRENCY).contains(&raw.concurrency),
        "CONCURRENCY={} must be from 1 to {MOST_CONCURRENCY}",
        raw.concurrency
    );
    ensure!(
        PayloadRules::allows_messages_field(&raw.messages_field),
        "MESSAGES_FIELD={} is the name of another field of the payload",
        raw.messages_field
    );
    let (headers, zone, retry) = (headers(&raw)?, zone(&raw)?, retry(&raw)?);
    let secrets = secrets(raw.webhook_secret.as_deref())?;
    Ok(raw.webhook_url.map(|url| Destination {
        name: Name::default_name(),
        url,
        kind: Kind::Http,
        method: Method::Post,
        headers,
        body: Body::Payload {
            messages_field: raw.messages_field,
            zone: Some(zone),
            fields: None,
        },
        timeout,
        retry,
        secrets,
        concurrency: raw.concurrency,
        active: true,
        guarded: false,
        split: false,
        pace: None,
    }))
}

/// The variable that a field of the destination `default` comes from.
pub fn variable_of(field: &str) -> &'static str {
    match field {
        "headers" => "WEBHOOK_HEADERS",
        "secrets" => "WEBHOOK_SECRET",
        _ => "WEBHOOK_URL",
    }
}

/// Reads `TIMEZONE`.
///
/// # Errors
/// When it is no zone.
pub(super) fn default_zone(vars: &Vars) -> Result<Tz> {
    zone(&vars.read()?)
}

fn zone(raw: &RawWebhook) -> Result<Tz> {
    raw.timezone.parse().ok().with_context(|| {
        format!(
            "TIMEZONE={} is not a time zone by its IANA name, such as America/Sao_Paulo",
            raw.timezone
        )
    })
}

fn retry(raw: &RawWebhook) -> Result<RetryPolicy> {
    let within = raw.retry_for.as_deref();
    let within = within.map_or(Ok(WITHIN), |text| time_with_unit("RETRY_FOR", text))?;
    let retry = RetryPolicy {
        max_retries: (raw.max_retries > 0).then_some(raw.max_retries),
        within: (!within.is_zero()).then_some(within),
        first: positive_seconds("RETRY_FIRST", raw.retry_first)?,
        cap: positive_seconds("RETRY_CAP", raw.retry_cap)?,
        waits: Vec::new(),
        longest_asked: seconds("MAX_RETRY_AFTER", raw.max_retry_after)?,
    };
    ensure!(
        retry.first <= retry.cap,
        "RETRY_FIRST must not be over RETRY_CAP"
    );
    Ok(retry)
}

fn secrets(text: Option<&str>) -> Result<Vec<String>> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let secrets = text.split(',').map(str::trim);
    let secrets: Vec<_> = secrets.filter(|secret| !secret.is_empty()).collect();
    ensure!(
        !secrets.is_empty(),
        "WEBHOOK_SECRET is set, but there is no secret in it"
    );
    Ok(secrets.into_iter().map(str::to_owned).collect())
}

fn headers(raw: &RawWebhook) -> Result<BTreeMap<String, String>> {
    // The error of the parser would quote the value, which may be a token.
    let headers = serde_json::from_str(raw.webhook_headers.as_deref().unwrap_or("{}")).ok();
    headers.context(
        r#"WEBHOOK_HEADERS must be a JSON object of texts, such as {"Authorization": "Bearer …"}"#,
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::vars;
    use super::*;

    fn destination(pairs: &[(&str, &str)]) -> Result<Destination> {
        let mut all = vec![("WEBHOOK_URL", "http://n8n/webhook/x")];
        all.extend(pairs);
        Ok(default_destination(&vars(&all))?.unwrap())
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let destination = destination(&[]).unwrap();

        assert_eq!(destination.timeout, Duration::from_secs(30));
        assert_eq!(destination.concurrency, 256);
        assert!(destination.secrets.is_empty() && destination.headers.is_empty());
        assert_eq!(destination.retry.max_retries, None);
        assert_eq!(
            destination.retry.within,
            Some(Duration::from_secs(24 * 3600))
        );
        assert_eq!(destination.retry.longest_asked, Duration::from_secs(3600));
        assert_eq!(destination.retry.first, Duration::from_secs(1));
        assert_eq!(destination.retry.cap, Duration::from_secs(300));
        assert!(
            matches!(destination.body, Body::Payload { messages_field, .. } if messages_field == "messages")
        );
    }

    #[test]
    fn a_budget_of_time_has_a_unit_or_is_in_seconds_and_zero_is_for_ever() {
        for (text, seconds) in [("90", Some(90)), ("2h", Some(7200)), ("0", None)] {
            let retry = destination(&[("RETRY_FOR", text)]).unwrap().retry;
            assert_eq!(retry.within, seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn without_a_url_there_is_none() {
        assert_eq!(default_destination(&vars(&[])).unwrap(), None);
    }

    #[test]
    fn several_secrets_stand_between_commas() {
        let destination = destination(&[("WEBHOOK_SECRET", "whsec_a, whsec_b,")]).unwrap();

        assert_eq!(destination.secrets, ["whsec_a", "whsec_b"]);
    }

    #[test]
    fn a_wrong_setting_is_named_and_a_secret_is_not_told() {
        for (name, value) in [
            ("WEBHOOK_TIMEOUT", "0"),
            ("WEBHOOK_TIMEOUT", "4000"),
            ("CONCURRENCY", "0"),
            ("CONCURRENCY", "10001"),
            ("TIMEZONE", "Brasil"),
            ("MESSAGES_FIELD", "user"),
            ("RETRY_FIRST", "301"),
            ("RETRY_CAP", "0"),
            ("MAX_RETRIES", "-1"),
            ("RETRY_FOR", "soon"),
            ("RETRY_FOR", "-1"),
            ("MAX_RETRY_AFTER", "-1"),
            ("WEBHOOK_SECRET", ", ,"),
            ("WEBHOOK_HEADERS", r#"["tok3n"]"#),
            ("WEBHOOK_HEADERS", "Authorization: tok3n"),
            ("WEBHOOK_HEADERS", r#"{"tok3n": 5}"#),
        ] {
            let error = format!("{:#}", destination(&[(name, value)]).err().unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
            assert!(!error.contains("tok3n"), "{error}");
        }
    }
}
