//! Where Redis is.

use anyhow::{Result, bail};
use serde::Deserialize;

use super::Vars;
use super::secrets::SecretsConfig;

/// Where Redis is and how to log in.
#[derive(Clone)]
pub struct RedisConfig {
    /// Where it listens.
    pub address: Address,
    /// `REDIS_USERNAME`.
    pub username: Option<String>,
    /// `REDIS_PASSWORD`.
    pub password: Option<String>,
    /// `REDIS_DB`.
    pub db: Option<i64>,
    /// `SECRETS_KEY`: what is configured is encrypted there with it.
    pub secrets: SecretsConfig,
}

/// Where Redis listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `REDIS_URL`.
    Url(String),
    /// `REDIS_HOST`, `REDIS_PORT` and `REDIS_TLS`.
    Host {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
        /// Whether to speak TLS.
        tls: bool,
    },
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawRedis {
    redis_url: Option<String>,
    redis_host: Option<String>,
    #[serde(default = "default_port")]
    redis_port: u16,
    redis_username: Option<String>,
    redis_password: Option<String>,
    redis_db: Option<i64>,
    #[serde(default)]
    redis_tls: bool,
}

fn default_port() -> u16 {
    6379
}

impl RedisConfig {
    /// Reads `REDIS_URL`, or `REDIS_HOST` and its companions, and `SECRETS_KEY`.
    ///
    /// # Errors
    /// When neither of the first two is set, or one cannot be read.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawRedis = vars.read()?;
        let address = match (raw.redis_url, raw.redis_host) {
            (Some(url), _) => Address::Url(url),
            (None, Some(host)) => Address::Host {
                host,
                port: raw.redis_port,
                tls: raw.redis_tls,
            },
            (None, None) => {
                bail!("REDIS_URL or REDIS_HOST must be set: Lull keeps everything in Redis")
            }
        };
        Ok(Self {
            address,
            username: raw.redis_username,
            password: raw.redis_password,
            db: raw.redis_db,
            secrets: SecretsConfig::from_vars(vars)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn a_host_stands_alone() {
        let config =
            RedisConfig::from_vars(&vars(&[("REDIS_HOST", "project_lull-redis")])).unwrap();

        let host = "project_lull-redis".to_owned();
        assert_eq!(
            config.address,
            Address::Host {
                host,
                port: 6379,
                tls: false
            }
        );
    }

    #[test]
    fn a_url_wins_over_a_host() {
        let config =
            RedisConfig::from_vars(&vars(&[("REDIS_HOST", "h"), ("REDIS_URL", "redis://u")]))
                .unwrap();

        assert_eq!(config.address, Address::Url("redis://u".to_owned()));
    }

    #[test]
    fn without_either_the_error_names_both() {
        let error = RedisConfig::from_vars(&vars(&[]))
            .err()
            .unwrap()
            .to_string();

        assert!(
            error.contains("REDIS_URL or REDIS_HOST must be set"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_port_is_named() {
        let error = RedisConfig::from_vars(&vars(&[("REDIS_HOST", "h"), ("REDIS_PORT", "many")]))
            .err()
            .unwrap();

        assert!(format!("{error:#}").contains("REDIS_PORT"), "{error:#}");
    }
}
