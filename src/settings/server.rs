//! What an HTTP server lets its clients do.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::{Vars, positive_seconds};

/// A client that has sent nothing of what it wants for so long wants nothing.
const LONGEST_HEAD: Duration = Duration::from_secs(10);

/// How many clients a server has at a time, and how long it waits for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Most connections at a time.
    pub connections: usize,
    /// A request that has not come as a whole within this is refused; so is one whose answer is not being read.
    pub request: Duration,
    /// A connection with nothing on it for so long is closed.
    pub keep_alive: Duration,
}

// Many systems give a process 1,024 files, and Redis needs a few.
const CONNECTIONS: usize = 1000;
const REQUEST: f64 = 30.0;
// Longer than proxies keep theirs: whoever closes first must not be the one that is about to be asked.
const KEEP_ALIVE: f64 = 180.0;

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            request: Duration::from_secs_f64(REQUEST),
            keep_alive: Duration::from_secs_f64(KEEP_ALIVE),
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawServer {
    #[serde(default = "connections")]
    max_connections: usize,
    #[serde(default = "request")]
    request_timeout: f64,
    #[serde(default = "keep_alive")]
    keep_alive: f64,
}

fn connections() -> usize {
    CONNECTIONS
}

fn request() -> f64 {
    REQUEST
}

fn keep_alive() -> f64 {
    KEEP_ALIVE
}

impl ServerConfig {
    /// Reads `MAX_CONNECTIONS`, `REQUEST_TIMEOUT` and `KEEP_ALIVE`.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawServer = vars.read()?;
        ensure!(raw.max_connections > 0, "MAX_CONNECTIONS must be above 0");
        Ok(Self {
            connections: raw.max_connections,
            request: limit("REQUEST_TIMEOUT", raw.request_timeout)?,
            keep_alive: limit("KEEP_ALIVE", raw.keep_alive)?,
        })
    }

    /// The headers of a request must have come within this.
    pub fn head(&self) -> Duration {
        self.request.min(LONGEST_HEAD)
    }
}

fn limit(name: &str, seconds: f64) -> Result<Duration> {
    ensure!(
        seconds.is_nan() || seconds <= 3600.0,
        "{name}={seconds} is over an hour; it is in seconds"
    );
    positive_seconds(name, seconds)
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn headers_have_ten_seconds_or_as_long_as_the_whole_request() {
        let config = |value| ServerConfig::from_vars(&vars(&[("REQUEST_TIMEOUT", value)])).unwrap();

        assert_eq!(config("60").head(), Duration::from_secs(10));
        assert_eq!(config("0.5").head(), Duration::from_millis(500));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("MAX_CONNECTIONS", "0"),
            ("MAX_CONNECTIONS", "many"),
            ("REQUEST_TIMEOUT", "0"),
            ("REQUEST_TIMEOUT", "NaN"),
            ("KEEP_ALIVE", "-1"),
            ("KEEP_ALIVE", "1e9"),
        ] {
            let error = ServerConfig::from_vars(&vars(&[(name, value)])).unwrap_err();
            assert!(
                format!("{error:#}").contains(name),
                "{name}={value}: {error:#}"
            );
        }
    }
}
