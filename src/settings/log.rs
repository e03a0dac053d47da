//! How a daemon logs.

use anyhow::{Result, bail};
use serde::Deserialize;

use super::Vars;

/// `LOG_LEVEL` and `LOG_FORMAT`.
#[derive(Clone, Copy, Debug)]
pub struct LogConfig {
    /// What is too fine is left out.
    pub level: tracing::Level,
    /// One JSON object a line instead of text.
    pub json: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawLog {
    #[serde(default = "default_level")]
    log_level: String,
    #[serde(default = "default_format")]
    log_format: String,
}

fn default_level() -> String {
    "info".to_owned()
}

fn default_format() -> String {
    "text".to_owned()
}

impl LogConfig {
    /// Reads `LOG_LEVEL` and `LOG_FORMAT`.
    ///
    /// # Errors
    /// When one has a value that it cannot have.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawLog = vars.read()?;
        let Ok(level) = raw.log_level.parse() else {
            bail!(
                "LOG_LEVEL={} must be error, warn, info, debug or trace",
                raw.log_level
            );
        };
        let json = match raw.log_format.as_str() {
            "text" => false,
            "json" => true,
            other => bail!("LOG_FORMAT={other} must be text or json"),
        };
        Ok(Self { level, json })
    }
}
