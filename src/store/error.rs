//! Why Redis did not do what was asked, and what whoever asked is told of it.

use std::time::Duration;

use redis::RedisError;
use thiserror::Error;

use crate::core::code::Code;

/// Why Redis did not do what was asked.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Nothing was stored, and nothing will be until there is room.
    #[error("Redis is full (maxmemory): {0}")]
    Full(RedisError),
    /// Nothing was stored, and nothing will be until the disk of Redis is well again.
    #[error("Redis cannot write to its disk (full, or failing): {0}")]
    Disk(RedisError),
    /// It may have been stored or not.
    #[error("Redis did not answer within {0:?}")]
    Silent(Duration),
    /// Unreachable, loading, read-only, or refusing.
    #[error("Redis: {0}")]
    Unavailable(RedisError),
    /// A script broke off, for a key holds what Lull did not write, or the script has a fault. What it did until then
    /// stays done.
    #[error("the script {name}: {error}")]
    Script {
        /// That of its file.
        name: &'static str,
        /// Redis's words.
        error: RedisError,
    },
    /// What lies in Redis is not what Lull wrote. Says which kind of thing and never what it holds: errors are logged.
    #[error("unreadable data in Redis: {0}")]
    Unreadable(&'static str),
    /// A buffer, destination or schedule is encrypted with a key that this daemon does not have. Nothing goes by it.
    #[error(
        "{field} in Redis is encrypted with the key {key}, which is not in SECRETS_KEY: give every daemon, and lull, the key that it was written with"
    )]
    Sealed {
        /// Its field in the configuration, such as `destination:bot`.
        field: String,
        /// What the key is called there.
        key: String,
    },
    /// A buffer, destination or schedule that this goes by is not there any more, or was made anew. Nothing was stored.
    #[error("what this was for is not there any more")]
    Gone,
    /// It is stored, but fewer replicas have it than must have it before a client is told so. A repeat changes nothing if
    /// it has an id.
    #[error("stored, but only {on} of {wanted} replicas had it in time")]
    NotOnReplicas {
        /// So many have it.
        on: u32,
        /// `REDIS_WAIT_REPLICAS`.
        wanted: u32,
        /// Whether it was not stored before.
        is_new: bool,
    },
    /// Other clients filled the window again and again between closing and appending.
    #[error("the window stayed full")]
    Contended,
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        match error.code() {
            Some("OOM") => Self::Full(error),
            Some("MISCONF") => Self::Disk(error),
            _ => Self::Unavailable(error),
        }
    }
}

impl StoreError {
    /// Whether it is stored all the same, and was not before.
    pub fn is_stored_now(&self) -> bool {
        matches!(self, Self::NotOnReplicas { is_new: true, .. })
    }

    /// What programs are told.
    pub fn code(&self) -> Code {
        match self {
            Self::Full(_) => Code::StorageFull,
            Self::Disk(_) => Code::StorageDiskFailed,
            Self::NotOnReplicas { .. } => Code::NotOnReplicas,
            _ => Code::StorageUnavailable,
        }
    }

    /// What whoever wanted something stored is told; the rest is for the log.
    pub fn told(&self) -> &'static str {
        match self {
            Self::Full(_) => "storage is full, nothing was stored: try again",
            Self::Disk(_) => {
                "the disk of Redis is full or failing (MISCONF), nothing was stored: make room on it, and try again"
            }
            Self::Sealed { .. } => {
                "what is configured is encrypted with a key that this daemon does not have (SECRETS_KEY), nothing was stored"
            }
            Self::NotOnReplicas { .. } => {
                "stored, but not on enough replicas of Redis yet: send it again (with an id it counts once)"
            }
            _ => "storage is unavailable, nothing is certain to be stored: try again",
        }
    }

    /// After how long it may be tried again.
    pub fn retry_after(&self) -> Duration {
        match self {
            // A full Redis needs longer to drain than a lost one to come back, and a full disk somebody to look at it.
            Self::Full(_) | Self::Disk(_) => Duration::from_secs(5),
            _ => Duration::from_secs(1),
        }
    }
}
