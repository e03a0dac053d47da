//! Getting to Redis at start.

use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisError,
};
use thiserror::Error;
use tracing::{info, warn};

use super::config::sealing::Sealing;
use super::links::Links;
use super::nodes::Nodes;
use super::refusal::is_login;
use super::{Result, Store, StoreError};
use crate::settings::redis::{Address, RedisConfig};

/// The oldest Redis that has what the scripts use (script flags); Valkey answers with a number above it.
const OLDEST_MAJOR: u32 = 7;
/// Without it a host that vanished without a word would be waited for by the kernel's patience, a quarter of an hour.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// A setting is wrong; waiting would not help.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The address cannot be understood.
    #[error("REDIS_URL is not an address of Redis: {0}")]
    Address(RedisError),
    /// Redis is there and lets nobody in like that.
    #[error("Redis at {place} refused the login: {error}; check REDIS_USERNAME and REDIS_PASSWORD")]
    Login {
        /// Host and port.
        place: String,
        /// Redis's words.
        error: RedisError,
    },
    /// It does not answer, or not yet.
    #[error("Redis at {place} does not answer: {error}")]
    Absent {
        /// Host and port.
        place: String,
        /// What came instead of an answer.
        error: StoreError,
    },
    /// The server is too old.
    #[error(
        "Redis at {place} is version {version}; Lull needs Redis {OLDEST_MAJOR}.0 or newer, or Valkey"
    )]
    Version {
        /// Host and port.
        place: String,
        /// What it says it is.
        version: String,
    },
    /// It is a Sentinel, which keeps no data.
    #[error(
        "{place} is a Sentinel, and keeps no data: give Lull the address of the master that it watches"
    )]
    Sentinel {
        /// Host and port.
        place: String,
    },
    /// A cluster has one database.
    #[error("REDIS_DB is {db}, but a Redis Cluster has only database 0: leave REDIS_DB out")]
    Database {
        /// What is set.
        db: i64,
    },
}

/// What a server says it is.
struct Server {
    version: String,
    /// `standalone`, `cluster` or `sentinel`; empty where it does not say.
    mode: String,
}

impl Store {
    /// Connects to Redis, waiting for it as long as it takes: panels start services in any order.
    /// `patience` is the longest wait for any later answer.
    ///
    /// # Errors
    /// When a setting is wrong, as is a login that was refused before one was taken; an absent Redis is not an error but
    /// is said in the log.
    pub async fn connect(
        config: &RedisConfig,
        patience: Duration,
    ) -> std::result::Result<Self, ConnectError> {
        let mut pause = Duration::from_millis(100);
        loop {
            match Self::attempt(config, patience).boxed().await {
                Ok((store, place, version)) => {
                    info!(redis = %place, version, "Connected to Redis {version} at {place}");
                    return Ok(store);
                }
                Err(ConnectError::Absent { place, error }) => {
                    warn!(redis = %place, "Waiting for Redis at {place}: {error}");
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Connects to Redis, for somebody who would rather hear that it is away than wait.
    ///
    /// # Errors
    /// When a setting is wrong, or Redis is absent.
    pub async fn connect_once(
        config: &RedisConfig,
        patience: Duration,
    ) -> std::result::Result<Self, ConnectError> {
        Ok(Self::attempt(config, patience).boxed().await?.0)
    }

    /// A store in which everything can be done, where it is, and its version.
    async fn attempt(
        config: &RedisConfig,
        patience: Duration,
    ) -> std::result::Result<(Self, String, String), ConnectError> {
        let info = connection_info(config).map_err(ConnectError::Address)?;
        let (place, db) = (info.addr().to_string(), info.redis_settings().db());
        let client = Client::open(info).map_err(ConnectError::Address)?;
        let sealing = Arc::new(Sealing::of(&config.secrets));
        match Self::open(client, &place, patience, sealing).await {
            Ok((store, Server { version, mode })) => {
                check_version(&version, &place)?;
                match mode.as_str() {
                    "sentinel" => Err(ConnectError::Sentinel { place }),
                    "cluster" if db != 0 => Err(ConnectError::Database { db }),
                    _ => Ok((store, place, version)),
                }
            }
            Err(StoreError::Unavailable(error)) if is_login(&error) => {
                Err(ConnectError::Login { place, error })
            }
            Err(error) => Err(ConnectError::Absent { place, error }),
        }
    }

    async fn open(
        client: Client,
        place: &str,
        patience: Duration,
        sealing: Arc<Sealing>,
    ) -> Result<(Self, Server)> {
        let links = Links::open(client, place.to_owned());
        let links = match tokio::time::timeout(patience, links).await {
            Ok(links) => links?,
            Err(_) => return Err(StoreError::Silent(patience)),
        };
        let mut store = Self {
            nodes: Nodes::one(links.clone()),
            clock: Arc::default(),
            ids: Arc::default(),
            patience,
            sealing,
        };
        let server = store.server().await?;
        if server.mode == "cluster" {
            store.nodes = Nodes::cluster(links).await?;
        }
        if server.mode != "sentinel" && check_version(&server.version, "").is_ok() {
            store.load_scripts().await?;
        }
        Ok((store, server))
    }

    /// What the server says it is.
    async fn server(&self) -> Result<Server> {
        let info: String = self.query(redis::cmd("INFO").arg("server")).await?;
        let told = |name: &str| {
            let mut lines = info.lines();
            let told = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            told.map(str::to_owned)
        };
        Ok(Server {
            version: told("redis_version").unwrap_or_else(|| "unknown".to_owned()),
            mode: told("redis_mode").unwrap_or_default(),
        })
    }
}

fn connection_info(config: &RedisConfig) -> redis::RedisResult<ConnectionInfo> {
    let info = match &config.address {
        Address::Url(url) => url.as_str().into_connection_info()?,
        Address::Host {
            host,
            port,
            tls: false,
        } => ConnectionAddr::Tcp(host.clone(), *port).into_connection_info()?,
        Address::Host {
            host,
            port,
            tls: true,
        } => {
            let addr = ConnectionAddr::TcpTls {
                host: host.clone(),
                port: *port,
                insecure: false,
                tls_params: None,
            };
            addr.into_connection_info()?
        }
    };
    // What the URL says for itself wins over the single settings.
    let mut login: RedisConnectionInfo = info
        .redis_settings()
        .clone()
        .set_lib_name("lull", env!("CARGO_PKG_VERSION"));
    if let (None, Some(username)) = (login.username(), &config.username) {
        login = login.set_username(username);
    }
    if let (None, Some(password)) = (login.password(), &config.password) {
        login = login.set_password(password);
    }
    if let (0, Some(db)) = (login.db(), config.db) {
        login = login.set_db(db);
    }
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_user_timeout(TCP_USER_TIMEOUT);
    Ok(info.set_redis_settings(login).set_tcp_settings(tcp))
}

fn check_version(version: &str, place: &str) -> std::result::Result<(), ConnectError> {
    let major = version.split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(major) if major < OLDEST_MAJOR => Err(ConnectError::Version {
            place: place.to_owned(),
            version: version.to_owned(),
        }),
        // Services that hide or rename their version are given the benefit of the doubt.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::secrets::SecretsConfig;

    fn info(address: Address) -> ConnectionInfo {
        let config = RedisConfig {
            address,
            username: None,
            password: Some("from REDIS_PASSWORD".to_owned()),
            db: Some(3),
            secrets: SecretsConfig::default(),
        };
        connection_info(&config).unwrap()
    }

    #[test]
    fn a_host_name_may_hold_underscores() {
        let by_host = info(Address::Host {
            host: "project_lull-redis".to_owned(),
            port: 6379,
            tls: false,
        });
        let by_url = info(Address::Url("redis://project_lull-redis:6379".to_owned()));

        for info in [by_host, by_url] {
            assert_eq!(
                info.addr(),
                &ConnectionAddr::Tcp("project_lull-redis".to_owned(), 6379)
            );
        }
    }

    #[test]
    fn a_url_wins_over_the_single_settings_and_they_fill_its_gaps() {
        let full = info(Address::Url("redis://:secret@h:1/5".to_owned()));
        assert_eq!(
            (full.redis_settings().password(), full.redis_settings().db()),
            (Some("secret"), 5)
        );

        let bare = info(Address::Url("redis://h:1".to_owned()));
        assert_eq!(
            (bare.redis_settings().password(), bare.redis_settings().db()),
            (Some("from REDIS_PASSWORD"), 3)
        );
    }

    #[test]
    fn an_old_redis_is_refused_and_an_unknown_one_is_not() {
        assert!(check_version("6.2.14", "h").is_err());
        for good in ["7.0.15", "8.0.0", "255.255.255", "unknown"] {
            assert!(check_version(good, "h").is_ok(), "{good}");
        }
    }
}
