//! Getting to Redis at start.

mod error;
mod info;
mod stray_sentinel;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use redis::{Client, ErrorKind};
use tracing::{info, warn};

use super::config::sealing::Sealing;
use super::links::Links;
use super::nodes::{Nodes, Sentinel, Sentinels};
use super::refusal::is_login;
use super::{Result, Store, StoreError};
use crate::settings::redis::{Address, RedisConfig};

pub use error::ConnectError;

/// The oldest Redis that has what the scripts use (script flags); Valkey answers with a number above it.
const OLDEST_MAJOR: u32 = 7;
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How the nodes are found.
enum Way {
    /// By an address: one Redis, or a node of a cluster.
    Address(Client),
    /// By any of these nodes of a cluster.
    Cluster(Vec<Client>),
    /// By Sentinels; like this.
    Sentinels(Sentinels, Client),
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
                Err(error) if error.may_pass() => warn!("Waiting for Redis: {error}"),
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
        let way = Way::of(config)?;
        let (client, links) = way.links(patience, config.wait_replicas).await?;
        let place = links.place().to_owned();
        let absent = |error| ConnectError::Absent {
            place: place.clone(),
            error,
        };
        let mut store = Self {
            nodes: Nodes::one(links.clone()),
            clock: Arc::default(),
            ids: Arc::default(),
            patience,
            replicas: config.wait_replicas,
            sealing: Arc::new(Sealing::of(&config.secrets)),
        };
        let Server { version, mode } = store.server().await.map_err(absent)?;
        check_version(&version, &place)?;
        let db = client.get_connection_info().redis_settings().db();
        store.nodes = match (way, mode.as_str()) {
            (_, "sentinel") => return Err(stray_sentinel::error(&client, place).await),
            (_, "cluster") if db != 0 => return Err(ConnectError::Database { db }),
            (Way::Cluster(_), "standalone") => return Err(ConnectError::NoCluster { place }),
            (Way::Sentinels(sentinels, _), _) => Nodes::of_sentinels(sentinels, links),
            (Way::Cluster(seeds), _) => in_cluster(links, seeds).await.map_err(absent)?,
            (Way::Address(seed), "cluster") => {
                in_cluster(links, vec![seed]).await.map_err(absent)?
            }
            (Way::Address(_), _) => Nodes::one(links),
        };
        store.load_scripts().await.map_err(absent)?;
        store.may_wait().await?;
        Ok((store, place, version))
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

async fn in_cluster(links: Arc<Links>, seeds: Vec<Client>) -> Result<Arc<Nodes>> {
    Ok(Nodes::cluster(links, seeds).await?)
}

impl Way {
    fn of(config: &RedisConfig) -> std::result::Result<Self, ConnectError> {
        let open = |info| Client::open(info).map_err(ConnectError::Address);
        let infos = info::of_redis(config).map_err(ConnectError::Address)?;
        let mut clients = Vec::new();
        for info in infos {
            clients.push(open(info)?);
        }
        Ok(match &config.address {
            Address::Cluster { .. } => Self::Cluster(clients),
            Address::Sentinels { master, .. } => {
                let mut sentinels = Vec::new();
                for info in info::of_sentinels(config).map_err(ConnectError::Address)? {
                    sentinels.push(Sentinel::at(open(info)?));
                }
                Self::Sentinels(Sentinels::of(master, sentinels), clients.remove(0))
            }
            Address::Url(_) | Address::Host { .. } => Self::Address(clients.remove(0)),
        })
    }

    /// Connections to the first node that answers, or to the master.
    async fn links(
        &self,
        patience: Duration,
        replicas: u32,
    ) -> std::result::Result<(Client, Arc<Links>), ConnectError> {
        let clients = match self {
            Self::Address(client) => vec![client.clone()],
            Self::Cluster(seeds) => seeds.clone(),
            Self::Sentinels(sentinels, like) => {
                let found = sentinels.find(like).await;
                let address = found.map_err(|why| ConnectError::unfound(sentinels, why))?;
                vec![address.client_like(like).map_err(ConnectError::Address)?]
            }
        };
        let mut last = None;
        for client in clients {
            match open(&client, patience, replicas).await {
                Ok(links) => return Ok((client, links)),
                Err(error) => last = Some(error),
            }
        }
        // There is no setting without a server.
        Err(last.unwrap_or_else(|| ConnectError::Absent {
            place: String::new(),
            error: StoreError::Silent(patience),
        }))
    }
}

async fn open(
    client: &Client,
    patience: Duration,
    replicas: u32,
) -> std::result::Result<Arc<Links>, ConnectError> {
    let place = client.get_connection_info().addr().to_string();
    let links = Links::open(client.clone(), place.clone(), replicas);
    let error = match tokio::time::timeout(patience, links).await {
        Ok(Ok(links)) => return Ok(links),
        Ok(Err(error)) => error,
        Err(_) => {
            let error = StoreError::Silent(patience);
            return Err(ConnectError::Absent { place, error });
        }
    };
    if error.kind() != ErrorKind::Io && stray_sentinel::is_at(client).await {
        return Err(stray_sentinel::error(client, place).await);
    }
    Err(match is_login(&error) {
        true => ConnectError::Login { place, error },
        false => ConnectError::Absent {
            place,
            error: error.into(),
        },
    })
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

    #[test]
    fn an_old_redis_is_refused_and_an_unknown_one_is_not() {
        assert!(check_version("6.2.14", "h").is_err());
        for good in ["7.0.15", "8.0.0", "255.255.255", "unknown"] {
            assert!(check_version(good, "h").is_ok(), "{good}");
        }
    }
}
