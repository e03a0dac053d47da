//! The settings of the monitor daemon.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::api::{default_host, listen_address};
use super::limits::window_rules;
use super::redis::RedisConfig;
use super::retention::RetentionConfig;
use super::webhook::WebhookConfig;
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

#[derive(Deserialize)]
struct RawMonitor {
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
    #[serde(default = "default_host")]
    host: String,
    #[serde(default)]
    monitor_port: u16,
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

impl MonitorConfig {
    /// Reads the settings of the monitor daemon.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawMonitor = vars.read()?;
        Ok(Self {
            listen: (raw.monitor_port > 0).then(|| listen_address(&raw.host, raw.monitor_port)),
            redis: RedisConfig::from_vars(vars)?,
            webhook: WebhookConfig::from_vars(vars)?,
            payload: payload(&raw)?,
            retry: retry(&raw)?,
            rules: window_rules(vars)?,
            retention: RetentionConfig::from_vars(vars)?,
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

fn payload(raw: &RawMonitor) -> Result<PayloadRules> {
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
    Ok(PayloadRules {
        messages_field: raw.messages_field.clone(),
        timezone,
    })
}

fn retry(raw: &RawMonitor) -> Result<RetryPolicy> {
    let retry = RetryPolicy {
        max_retries: raw.max_retries,
        first: positive_seconds("RETRY_FIRST", raw.retry_first)?,
        cap: positive_seconds("RETRY_CAP", raw.retry_cap)?,
        waits: Vec::new(),
    };
    ensure!(
        retry.first <= retry.cap,
        "RETRY_FIRST must not be over RETRY_CAP"
    );
    Ok(retry)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        assert_eq!(config.retry.max_retries, 12);
        assert_eq!(config.retry.first, Duration::from_secs(1));
        assert_eq!(config.retry.cap, Duration::from_secs(300));
        assert_eq!(config.payload.messages_field, "messages");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("TIMEZONE", "Brasil"),
            ("MESSAGES_FIELD", "user"),
            ("RETRY_FIRST", "301"),
            ("RETRY_CAP", "0"),
            ("MAX_RETRIES", "-1"),
            ("MONITOR_PORT", "x"),
            ("MAX_MESSAGES", "x"),
            ("HISTORY_AGE", "x"),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).err().unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }
}
