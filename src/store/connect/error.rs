//! Why nobody gets to Redis at start.

use redis::RedisError;
use thiserror::Error;

use super::OLDEST_MAJOR;
use crate::store::StoreError;
use crate::store::nodes::{Sentinels, Unfound};

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
    #[error("{place} is a Sentinel, and keeps no data: set REDIS_URL={url}{more}")]
    Sentinel {
        /// Host and port.
        place: String,
        /// The setting that goes by it and the others.
        url: String,
        /// What is to be known of it.
        more: String,
    },
    /// The Sentinels know no master of that name.
    #[error(
        "the Sentinel at {place} watches no {master} but {others}: set REDIS_SENTINEL_MASTER, or the end of REDIS_URL, to the name that it has there"
    )]
    UnknownMaster {
        /// Host and port.
        place: String,
        /// What it was asked for.
        master: String,
        /// What it watches.
        others: String,
    },
    /// A Sentinel lets nobody in like that.
    #[error(
        "the Sentinel at {place} refused the login: {error}; check REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD, which are not those of Redis"
    )]
    SentinelLogin {
        /// Host and port.
        place: String,
        /// Its words.
        error: RedisError,
    },
    /// It is no Sentinel.
    #[error(
        "{place} answers, but not as a Sentinel: {error}; check REDIS_SENTINELS, or the servers in REDIS_URL"
    )]
    NoSentinel {
        /// Host and port.
        place: String,
        /// Its words.
        error: RedisError,
    },
    /// No Sentinel leads to the master, or not yet.
    #[error("the Sentinels at {places} lead to no master: {why}")]
    NoMaster {
        /// Host and port of each.
        places: String,
        /// What came instead.
        why: String,
    },
    /// It belongs to no cluster.
    #[error(
        "Redis at {place} is no node of a Redis Cluster (cluster-enabled no): set REDIS_URL=redis://… or REDIS_HOST for a single Redis"
    )]
    NoCluster {
        /// Host and port.
        place: String,
    },
    /// It does not let us wait for its replicas.
    #[error("Redis at {place} does not take WAIT, by which REDIS_WAIT_REPLICAS goes: {error}")]
    Wait {
        /// Host and port.
        place: String,
        /// Redis's words.
        error: StoreError,
    },
    /// A cluster has one database.
    #[error("REDIS_DB is {db}, but a Redis Cluster has only database 0: leave REDIS_DB out")]
    Database {
        /// What is set.
        db: i64,
    },
}

impl ConnectError {
    /// Whether it may be better in a moment.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Absent { .. } | Self::NoMaster { .. })
    }

    /// Why Sentinels led to no master.
    pub(super) fn unfound(sentinels: &Sentinels, why: Unfound) -> Self {
        match why {
            Unfound::Unknown { place, others } => Self::UnknownMaster {
                place,
                master: sentinels.master().to_owned(),
                others: match others.is_empty() {
                    true => "nothing at all".to_owned(),
                    false => others.join(", "),
                },
            },
            Unfound::Login { place, error } => Self::SentinelLogin { place, error },
            Unfound::Foreign { place, error } => Self::NoSentinel { place, error },
            Unfound::Waiting(why) => Self::NoMaster {
                places: sentinels.places(),
                why,
            },
        }
    }
}
