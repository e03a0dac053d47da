//! The settings of the monitor daemon.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Vars;
use super::api::{default_host, listen_address};
use super::buffer::default_buffer;
use super::export::history_export;
use super::guard::GuardConfig;
use super::idempotency::seen_for;
use super::messages::messages;
use super::rabbit::RabbitConfig;
use super::redis::RedisConfig;
use super::retention::RetentionConfig;
use super::webhook::default_destination;
use crate::core::broker_url::BrokerUrl;
use crate::core::destination::Destination;
use crate::spec::{Buffer, Defaults, Messages};

/// Everything the monitor daemon is told.
#[derive(Clone)]
pub struct MonitorConfig {
    /// Where to answer health and metrics, as `host:port`; `None`: nowhere.
    pub listen: Option<String>,
    /// Where Redis is.
    pub redis: RedisConfig,
    /// The destination `default`.
    pub destination: Destination,
    /// The buffer `default`; its limits hold for all, and batches that wait behind each other are joined up to them.
    pub buffer: Buffer,
    /// The queue of messages that leave one by one.
    pub messages: Messages,
    /// Where URLs that callers give may lead.
    pub guard: GuardConfig,
    /// `IDEMPOTENCY_WINDOW`: how long a message id counts as seen, at least.
    pub seen_for: Duration,
    /// `HISTORY_EXPORT`: the file that settlements are written into; none: nowhere.
    pub history_export: Option<PathBuf>,
    /// How much is kept of what is over.
    pub retention: RetentionConfig,
    /// Most attempts at a time over all destinations; none: as many as the files allow that this process may have open.
    pub max_attempts: Option<usize>,
    /// `RABBITMQ_URL`: the broker of destinations that name none.
    pub broker: Option<BrokerUrl>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawMonitor {
    #[serde(default = "default_host")]
    host: String,
    #[serde(default)]
    monitor_port: u16,
    max_attempts: Option<usize>,
}

impl MonitorConfig {
    /// Reads the settings of the monitor daemon.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawMonitor = vars.read()?;
        ensure!(raw.max_attempts != Some(0), "MAX_ATTEMPTS must be above 0");
        Ok(Self {
            listen: (raw.monitor_port > 0).then(|| listen_address(&raw.host, raw.monitor_port)),
            redis: RedisConfig {
                // It tells no client of anything.
                wait_replicas: 0,
                ..RedisConfig::from_vars(vars)?
            },
            destination: default_destination(vars)?.context(
                "WEBHOOK_URL must be set: where batches are POSTed, such as https://n8n.example.com/webhook/bot",
            )?,
            buffer: default_buffer(vars)?,
            messages: messages(vars)?,
            guard: GuardConfig::from_vars(vars)?,
            seen_for: seen_for(vars)?,
            history_export: history_export(vars)?,
            retention: RetentionConfig::from_vars(vars)?,
            max_attempts: raw.max_attempts,
            broker: RabbitConfig::from_vars(vars)?.map(|rabbit| rabbit.url),
        })
    }

    /// What the environment describes of buffers and destinations.
    pub fn defaults(&self) -> Defaults {
        Defaults {
            buffer: self.buffer.clone(),
            destination: Some(self.destination.clone()),
            messages: self.messages.clone(),
        }
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

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;
    use crate::core::window::WindowRules;

    fn config(pairs: &[(&str, &str)]) -> Result<MonitorConfig> {
        let mut all = vec![("REDIS_HOST", "h"), ("WEBHOOK_URL", "http://n8n/webhook/x")];
        all.extend(pairs);
        MonitorConfig::from_vars(&vars(&all))
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = config(&[]).unwrap();

        assert_eq!(config.listen, None);
        assert_eq!(config.buffer.window, WindowRules::default());
    }

    #[test]
    fn a_missing_url_is_named() {
        let error = MonitorConfig::from_vars(&vars(&[("REDIS_HOST", "h")]));
        let error = error.err().unwrap().to_string();

        assert!(error.starts_with("WEBHOOK_URL must be set"), "{error}");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("TIMEZONE", "Brasil"),
            ("MONITOR_PORT", "x"),
            ("MAX_ATTEMPTS", "0"),
            ("MAX_ATTEMPTS", "many"),
            ("MAX_MESSAGES", "x"),
            ("HISTORY_AGE", "x"),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).err().unwrap());
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }
}
