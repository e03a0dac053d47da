//! The settings of the api daemon.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::Vars;
use super::auth::AuthConfig;
use super::bounds::BoundsConfig;
use super::buffer::default_buffer;
use super::export::history_export;
use super::guard::GuardConfig;
use super::idempotency::seen_for;
use super::messages::messages;
use super::proxies::Proxies;
use super::rabbit::RabbitConfig;
use super::redis::RedisConfig;
use super::retention::RetentionConfig;
use super::server::ServerConfig;
use super::webhook::default_destination;
use crate::core::destination::Destination;
use crate::spec::{Buffer, Defaults, Messages};

/// Everything the api daemon is told.
#[derive(Clone)]
pub struct ApiConfig {
    /// Where to listen, as `host:port`.
    pub listen: String,
    /// Where Redis is.
    pub redis: RedisConfig,
    /// The buffer `default`; its limits hold for all.
    pub buffer: Buffer,
    /// The destination `default`, where api is told of it too: to show it and to try it.
    pub destination: Option<Destination>,
    /// The queue of messages that leave one by one.
    pub messages: Messages,
    /// Most characters of such a message.
    pub message_max_length: usize,
    /// Where the URLs that callers give may lead.
    pub guard: GuardConfig,
    /// `IDEMPOTENCY_WINDOW`: how long a message id counts as seen, at least.
    pub seen_for: Duration,
    /// `HISTORY_EXPORT`: the file that settlements are written into; none: nowhere.
    pub history_export: Option<PathBuf>,
    /// How much is kept of what was taken in.
    pub retention: RetentionConfig,
    /// Who may come in.
    pub auth: AuthConfig,
    /// How much may wait.
    pub bounds: BoundsConfig,
    /// What its server lets clients do.
    pub server: ServerConfig,
    /// The largest body taken.
    pub max_body_bytes: usize,
    /// Most bytes of all bodies on their way; 0: any number.
    pub max_bodies_bytes: usize,
    /// The proxies that calls go by.
    pub proxies: Proxies,
    /// The RabbitMQ that buffers take messages from; none: they take none.
    pub rabbit: Option<RabbitConfig>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawApi {
    #[serde(default = "default_host")]
    host: String,
    #[serde(default = "default_port")]
    port: u16,
    #[serde(default = "max_body_bytes")]
    max_body_bytes: usize,
    max_bodies_bytes: Option<usize>,
    #[serde(default = "message_max_length")]
    message_max_length: usize,
}

/// Sixty-four of the largest bodies at a time.
const MAX_BODIES_BYTES: usize = 64 * 1024 * 1024;

pub(super) fn default_host() -> String {
    "0.0.0.0".to_owned()
}

fn default_port() -> u16 {
    5000
}

fn max_body_bytes() -> usize {
    1024 * 1024
}

fn message_max_length() -> usize {
    160
}

impl ApiConfig {
    /// Reads the settings of the api daemon.
    ///
    /// # Errors
    /// Names the variable that is missing or wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawApi = vars.read()?;
        ensure!(raw.max_body_bytes > 0, "MAX_BODY_BYTES must be above 0");
        let bodies = raw
            .max_bodies_bytes
            .unwrap_or(MAX_BODIES_BYTES.max(raw.max_body_bytes));
        ensure!(
            bodies == 0 || bodies >= raw.max_body_bytes,
            "MAX_BODIES_BYTES must be 0, for no limit, or at least MAX_BODY_BYTES, which is {}",
            raw.max_body_bytes
        );
        ensure!(
            raw.message_max_length > 0,
            "MESSAGE_MAX_LENGTH must be above 0"
        );
        Ok(Self {
            listen: listen_address(&raw.host, raw.port),
            redis: RedisConfig::from_vars(vars)?,
            buffer: default_buffer(vars)?,
            destination: default_destination(vars)?,
            messages: messages(vars)?,
            message_max_length: raw.message_max_length,
            guard: GuardConfig::from_vars(vars)?,
            seen_for: seen_for(vars)?,
            history_export: history_export(vars)?,
            retention: RetentionConfig::from_vars(vars)?,
            auth: AuthConfig::from_vars(vars)?,
            bounds: BoundsConfig::from_vars(vars)?,
            server: ServerConfig::from_vars(vars)?,
            max_body_bytes: raw.max_body_bytes,
            max_bodies_bytes: bodies,
            proxies: Proxies::from_vars(vars),
            rabbit: RabbitConfig::from_vars(vars)?,
        })
    }

    /// What the environment describes of buffers and destinations.
    pub fn defaults(&self) -> Defaults {
        Defaults {
            buffer: self.buffer.clone(),
            destination: self.destination.clone(),
            messages: self.messages.clone(),
        }
    }

    /// The port the daemon would listen on: all that a healthcheck needs to know.
    ///
    /// # Errors
    /// When `PORT` cannot be read.
    pub fn port(vars: &Vars) -> Result<u16> {
        Ok(vars.read::<RawApi>()?.port)
    }
}

/// Host and port as one address; an IPv6 address gets its brackets.
pub(super) fn listen_address(host: &str, port: u16) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn the_defaults_listen_everywhere_on_port_5000() {
        let config = ApiConfig::from_vars(&vars(&[("REDIS_HOST", "h")])).unwrap();

        assert_eq!(config.listen, "0.0.0.0:5000");
        assert_eq!(config.max_body_bytes, 1_048_576);
    }

    #[test]
    fn an_ipv6_host_gets_brackets() {
        assert_eq!(listen_address("::", 5000), "[::]:5000");
        assert_eq!(listen_address("[::1]", 1), "[::1]:1");
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("PORT", "http"),
            ("PORT", "70000"),
            ("MAX_BODY_BYTES", "0"),
            ("MAX_OPEN_CHATS", "many"),
            ("MAX_BODIES_BYTES", "1000"),
            ("MAX_TTL", "x"),
            ("MESSAGE_MAX_LENGTH", "0"),
            ("SCHEDULER_INTERVAL", "x"),
        ] {
            let error = ApiConfig::from_vars(&vars(&[("REDIS_HOST", "h"), (name, value)]))
                .err()
                .unwrap();
            assert!(format!("{error:#}").contains(name), "{name}: {error:#}");
        }
    }
}
