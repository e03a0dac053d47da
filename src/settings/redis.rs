//! Where Redis is.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::Vars;
use super::redis_url::{self, Kind, Servers};
use super::secrets::SecretsConfig;

pub use super::redis_url::Server;

/// More replicas than anybody waits for.
const MOST_REPLICAS: u32 = 16;

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
    /// The login at the Sentinels, if there are any.
    pub sentinel_login: SentinelLogin,
    /// `REDIS_WAIT_REPLICAS`: so many replicas must have what a client is told of.
    pub wait_replicas: u32,
    /// `SECRETS_KEY`: what is configured is encrypted there with it.
    pub secrets: SecretsConfig,
}

/// How to log in at Sentinels. It is never Redis's own login.
#[derive(Clone, Default)]
pub struct SentinelLogin {
    /// `REDIS_SENTINEL_USERNAME`.
    pub username: Option<String>,
    /// `REDIS_SENTINEL_PASSWORD`.
    pub password: Option<String>,
}

/// Where Redis listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `REDIS_URL` of one server.
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
    /// `REDIS_URL=redis+cluster://…`, or `REDIS_CLUSTER_NODES`: any of these nodes tells of the others.
    Cluster {
        /// Some nodes.
        nodes: Vec<Server>,
        /// Whether to speak TLS with all nodes.
        tls: bool,
    },
    /// `REDIS_URL=redis+sentinel://…`, or `REDIS_SENTINELS` and `REDIS_SENTINEL_MASTER`: they tell where the master is.
    Sentinels {
        /// The Sentinels.
        sentinels: Vec<Server>,
        /// What they call the master.
        master: String,
        /// Whether to speak TLS, with them and with the master.
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
    redis_cluster_nodes: Option<String>,
    redis_sentinels: Option<String>,
    redis_sentinel_master: Option<String>,
    redis_sentinel_username: Option<String>,
    redis_sentinel_password: Option<String>,
    redis_username: Option<String>,
    redis_password: Option<String>,
    redis_db: Option<i64>,
    #[serde(default)]
    redis_tls: bool,
    #[serde(default)]
    redis_wait_replicas: u32,
}

fn default_port() -> u16 {
    6379
}

/// Whether these variables name a Redis.
pub(super) fn is_named(vars: &Vars) -> bool {
    let names = [
        "REDIS_URL",
        "REDIS_HOST",
        "REDIS_CLUSTER_NODES",
        "REDIS_SENTINELS",
    ];
    names.iter().any(|name| vars.get(name).is_some())
}

impl RedisConfig {
    /// Reads `REDIS_URL`, or what says the same in parts, and `SECRETS_KEY`. What a URL says for itself wins over the
    /// single settings, and they fill its gaps.
    ///
    /// # Errors
    /// When no Redis is named, or a setting cannot be read.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let mut raw: RawRedis = vars.read()?;
        let address = match raw.redis_url.take() {
            Some(url) => match redis_url::parse(&url)? {
                Some(servers) => raw.of_servers(servers)?,
                None => Address::Url(url),
            },
            None => raw.of_parts()?,
        };
        if let (Address::Cluster { .. }, Some(db @ 1..)) = (&address, raw.redis_db) {
            bail!(
                "the database is {db} (REDIS_DB), but a Redis Cluster has only database 0: leave it out"
            );
        }
        let wait_replicas = raw.redis_wait_replicas;
        ensure!(
            wait_replicas <= MOST_REPLICAS,
            "REDIS_WAIT_REPLICAS must be a number from 0 to {MOST_REPLICAS}"
        );
        Ok(Self {
            address,
            username: raw.redis_username,
            password: raw.redis_password,
            db: raw.redis_db,
            sentinel_login: SentinelLogin {
                username: raw.redis_sentinel_username,
                password: raw.redis_sentinel_password,
            },
            wait_replicas,
            secrets: SecretsConfig::from_vars(vars)?,
        })
    }
}

impl RawRedis {
    fn of_parts(&mut self) -> Result<Address> {
        ensure!(
            self.redis_cluster_nodes.is_none() || self.redis_sentinels.is_none(),
            "REDIS_CLUSTER_NODES and REDIS_SENTINELS are both set: Redis is either a cluster or a master with Sentinels"
        );
        let tls = self.redis_tls;
        if let Some(nodes) = &self.redis_cluster_nodes {
            let nodes = redis_url::list(Kind::Cluster, nodes);
            let nodes = nodes.context("REDIS_CLUSTER_NODES cannot be read")?;
            return Ok(Address::Cluster { nodes, tls });
        }
        if let Some(sentinels) = &self.redis_sentinels {
            let sentinels = redis_url::list(Kind::Sentinel, sentinels);
            return Ok(Address::Sentinels {
                sentinels: sentinels.context("REDIS_SENTINELS cannot be read")?,
                master: self.master(None)?,
                tls,
            });
        }
        match self.redis_host.take() {
            Some(host) => Ok(Address::Host {
                host,
                port: self.redis_port,
                tls,
            }),
            None => bail!(
                "REDIS_URL or REDIS_HOST must be set (or REDIS_CLUSTER_NODES, or REDIS_SENTINELS): Lull keeps everything in Redis"
            ),
        }
    }

    fn of_servers(&mut self, servers: Servers) -> Result<Address> {
        self.redis_username = servers.username.or(self.redis_username.take());
        self.redis_password = servers.password.or(self.redis_password.take());
        self.redis_db = servers.db.or(self.redis_db);
        let tls = servers.tls;
        Ok(match servers.kind {
            Kind::Cluster => Address::Cluster {
                nodes: servers.all,
                tls,
            },
            Kind::Sentinel => Address::Sentinels {
                sentinels: servers.all,
                master: self.master(servers.master)?,
                tls,
            },
        })
    }

    fn master(&mut self, named: Option<String>) -> Result<String> {
        let master = named.or(self.redis_sentinel_master.take());
        master.context(
            "what the Sentinels call the master is not said: set REDIS_SENTINEL_MASTER, or write it behind the servers, as in redis+sentinel://s1:26379/mymaster",
        )
    }
}
