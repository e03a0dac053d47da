//! The settings that only `lull up` has.

use std::path::PathBuf;

use anyhow::Result;
use serde::Deserialize;

use super::Vars;
use super::redis::is_named;

/// What `lull up` has to start itself.
#[derive(Clone, Debug)]
pub struct UpConfig {
    /// No Redis is named: start one.
    pub own_redis: bool,
    /// No webhook is named: receive and print.
    pub own_receiver: bool,
    /// `LULL_DATA`: where the own Redis keeps its files.
    pub data: PathBuf,
    /// `REDIS_SERVER`: the program to start; else `redis-server` or `valkey-server` is looked for.
    pub redis_server: Option<PathBuf>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawUp {
    #[serde(default = "default_data")]
    lull_data: PathBuf,
    redis_server: Option<PathBuf>,
}

fn default_data() -> PathBuf {
    PathBuf::from("data")
}

impl UpConfig {
    /// Reads what `lull up` has to start itself.
    ///
    /// # Errors
    /// When a setting cannot be read.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawUp = vars.read()?;
        Ok(Self {
            own_redis: !is_named(vars),
            own_receiver: vars.get("WEBHOOK_URL").is_none(),
            data: raw.lull_data,
            redis_server: raw.redis_server,
        })
    }
}
