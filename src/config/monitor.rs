//! The settings of the monitor daemon.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::api::{default_host, listen_address};
use super::limits::window_rules;
use super::redis::RedisConfig;
use super::{Vars, positive_seconds};
use crate::domain::retry::RetryPolicy;
use crate::domain::window::WindowRules;
use crate::wire::payload::PayloadRules;

/// Everything the monitor daemon is told.
#[derive(Clone)]
pub struct MonitorConfig {
    /// Where to answer health and metrics, as `host:port`; `None`: nowhere.
    pub listen: Option<String>,
    /// Where Redis is.
    pub redis: RedisConfig,
    /// The destination.
    pub webhook: WebhookConfig,
    /// How payloads look.
    pub payload: PayloadRules,
    /// When a batch is tried again.
    pub retry: RetryPolicy,
    /// Batches that wait behind each other are joined up to these limits.
    pub rules: WindowRules,
    /// How much is kept of what is over.
    pub retention: RetentionConfig,
}

/// The destination `default`.
#[derive(Clone)]
pub struct WebhookConfig {
    /// `WEBHOOK_URL`.
    pub url: String,
    /// `WEBHOOK_SECRET`: the keys to sign with, in the `whsec_` form.
    pub secrets: Vec<String>,
    /// `WEBHOOK_HEADERS`: headers to send along.
    pub headers: BTreeMap<String, String>,
    /// `WEBHOOK_TIMEOUT`: the longest an attempt may take.
    pub timeout: Duration,
    /// `CONCURRENCY`: attempts in flight.
    pub concurrency: usize,
}

/// How much is kept of what is over.
#[derive(Clone, Copy, Debug)]
pub struct RetentionConfig {
    /// `HISTORY_COUNT`: settled attempts.
    pub history_count: u64,
    /// `HISTORY_AGE`: the oldest of them.
    pub history_age: Duration,
    /// `DEAD_LETTER_COUNT`: dead letters.
    pub dead_letter_count: u64,
    /// `DEAD_LETTER_AGE`: the oldest of them.
    pub dead_letter_age: Duration,
}

#[derive(Deserialize)]
struct RawMonitor {
    webhook_url: Option<String>,
    webhook_secret: Option<String>,
    webhook_headers: Option<String>,
    #[serde(default = "webhook_timeout")]
    webhook_timeout: f64,
    #[serde(default = "messages_field")]
    messages_field: String,
    #[serde(default = "timezone")]
    timezone: String,
    #[serde(default = "max_retries")]
    max_retries: u32,
    #[serde(default = "retry_first")]
    retry_first: f64,
    #[serde(default = "retry_cap")]
    retry_cap: f64,
    #[serde(default = "concurrency")]
    concurrency: usize,
    #[serde(default = "history_count")]
    history_count: u64,
    #[serde(default = "history_age")]
    history_age: f64,
    #[serde(default = "dead_letter_count")]
    dead_letter_count: u64,
    #[serde(default = "dead_letter_age")]
    dead_letter_age: f64,
    #[serde(default = "default_host")]
    host: String,
    #[serde(default)]
    monitor_port: u16,
}

fn webhook_timeout() -> f64 {
    30.0
}

fn messages_field() -> String {
    "messages".to_owned()
}

fn timezone() -> String {
    "UTC".to_owned()
}

fn max_retries() -> u32 {
    12
}

fn retry_first() -> f64 {
    1.0
}

fn retry_cap() -> f64 {
    300.0
}

fn concurrency() -> usize {
    256
}

fn history_count() -> u64 {
    20_000
}

fn history_age() -> f64 {
    7.0 * 86_400.0
}

fn dead_letter_count() -> u64 {
    20_000
}

fn dead_letter_age() -> f64 {
    30.0 * 86_400.0
}

/// More attempts in flight than this would only exhaust ports and file handles.
const MOST_CONCURRENCY: usize = 10_000;
/// A longer attempt would keep its chat waiting behind a dead connection.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

impl MonitorConfig {
    /// Reads the settings of the monitor daemon.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawMonitor = vars.read()?;
        let Some(url) = raw.webhook_url else {
            bail!(
                "WEBHOOK_URL must be set: where batches are POSTed, such as https://n8n.example.com/webhook/bot"
            );
        };
        let timezone = raw.timezone.parse().ok().with_context(|| {
            format!(
                "TIMEZONE={} is not a time zone by its IANA name, such as America/Sao_Paulo",
                raw.timezone
            )
        })?;
        ensure!(
            PayloadRules::allows_messages_field(&raw.messages_field),
            "MESSAGES_FIELD={} is the name of another field of the payload",
            raw.messages_field
        );
        let timeout = positive_seconds("WEBHOOK_TIMEOUT", raw.webhook_timeout)?;
        ensure!(
            timeout <= LONGEST_TIMEOUT,
            "WEBHOOK_TIMEOUT must be at most {} seconds",
            LONGEST_TIMEOUT.as_secs()
        );
        ensure!(
            (1..=MOST_CONCURRENCY).contains(&raw.concurrency),
            "CONCURRENCY={} must be from 1 to {MOST_CONCURRENCY}",
            raw.concurrency
        );
        let retry = RetryPolicy {
            max_retries: raw.max_retries,
            first: positive_seconds("RETRY_FIRST", raw.retry_first)?,
            cap: positive_seconds("RETRY_CAP", raw.retry_cap)?,
        };
        ensure!(
            retry.first <= retry.cap,
            "RETRY_FIRST must not be over RETRY_CAP"
        );
        ensure!(raw.history_count > 0, "HISTORY_COUNT must be above 0");
        ensure!(
            raw.dead_letter_count > 0,
            "DEAD_LETTER_COUNT must be above 0: a batch given up on is kept"
        );
        Ok(Self {
            listen: (raw.monitor_port > 0).then(|| listen_address(&raw.host, raw.monitor_port)),
            redis: RedisConfig::from_vars(vars)?,
            webhook: WebhookConfig {
                url,
                secrets: secrets(raw.webhook_secret.as_deref()),
                headers: headers(raw.webhook_headers.as_deref())?,
                timeout,
                concurrency: raw.concurrency,
            },
            payload: PayloadRules {
                messages_field: raw.messages_field,
                timezone,
            },
            retry,
            rules: window_rules(vars)?,
            retention: RetentionConfig {
                history_count: raw.history_count,
                history_age: positive_seconds("HISTORY_AGE", raw.history_age)?,
                dead_letter_count: raw.dead_letter_count,
                dead_letter_age: positive_seconds("DEAD_LETTER_AGE", raw.dead_letter_age)?,
            },
        })
    }

    /// The port of health and metrics: all that a healthcheck needs to know.
    ///
    /// # Errors
    /// When `MONITOR_PORT` cannot be read.
    pub fn port(vars: &Vars) -> Result<Option<u16>> {
        let port = vars.read::<RawMonitor>()?.monitor_port;
        Ok((port > 0).then_some(port))
    }
}

fn secrets(text: Option<&str>) -> Vec<String> {
    let secrets = text.unwrap_or_default().split(',').map(str::trim);
    secrets
        .filter(|secret| !secret.is_empty())
        .map(str::to_owned)
        .collect()
}

fn headers(text: Option<&str>) -> Result<BTreeMap<String, String>> {
    // The error of the parser would quote the value, which may be a token.
    let headers = serde_json::from_str(text.unwrap_or("{}")).ok();
    headers.context(
        r#"WEBHOOK_HEADERS must be a JSON object of texts, such as {"Authorization": "Bearer …"}"#,
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<MonitorConfig> {
        let mut all = vec![("REDIS_HOST", "h"), ("WEBHOOK_URL", "http://n8n/webhook/x")];
        all.extend(pairs);
        MonitorConfig::from_vars(&vars(&all))
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = config(&[]).unwrap();

        assert_eq!(config.listen, None);
        assert_eq!(config.webhook.timeout, Duration::from_secs(30));
        assert_eq!(config.webhook.concurrency, 256);
        assert_eq!(config.retry.max_retries, 12);
        assert_eq!(
            (config.retry.first, config.retry.cap),
            (Duration::from_secs(1), Duration::from_secs(300))
        );
        assert_eq!(config.payload.messages_field, "messages");
        assert_eq!(config.retention.history_age, Duration::from_secs(604_800));
    }

    #[test]
    fn a_missing_webhook_is_named() {
        let error = MonitorConfig::from_vars(&vars(&[("REDIS_HOST", "h")]))
            .err()
            .unwrap()
            .to_string();

        assert!(error.starts_with("WEBHOOK_URL must be set"), "{error}");
    }

    #[test]
    fn several_secrets_stand_between_commas() {
        let config = config(&[("WEBHOOK_SECRET", "whsec_a, whsec_b,")]).unwrap();

        assert_eq!(config.webhook.secrets, ["whsec_a", "whsec_b"]);
    }

    #[test]
    fn a_wrong_setting_is_named_and_its_value_not_told_where_it_may_be_secret() {
        for (name, value) in [
            ("TIMEZONE", "Brasil"),
            ("MESSAGES_FIELD", "user"),
            ("WEBHOOK_TIMEOUT", "0"),
            ("WEBHOOK_TIMEOUT", "4000"),
            ("CONCURRENCY", "0"),
            ("CONCURRENCY", "10001"),
            ("RETRY_FIRST", "301"),
            ("MAX_RETRIES", "-1"),
            ("HISTORY_COUNT", "0"),
            ("DEAD_LETTER_COUNT", "0"),
            ("DEAD_LETTER_AGE", "0"),
            ("MONITOR_PORT", "x"),
            ("WEBHOOK_HEADERS", r#"["tok3n"]"#),
            ("WEBHOOK_HEADERS", "Authorization: tok3n"),
            ("WEBHOOK_HEADERS", r#"{"tok3n": 5}"#),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).err().unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
            assert!(!error.contains("tok3n"), "{error}");
        }
    }
}
