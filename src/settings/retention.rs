//! How much is kept of what is over.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::{Vars, positive_seconds};

/// How much is kept of what is over.
#[derive(Clone, Copy, Debug)]
pub struct RetentionConfig {
    /// `HISTORY_COUNT`: batches that were tried, and as many messages that were received; 0 = nothing is kept.
    pub history_count: u64,
    /// `HISTORY_AGE`: the oldest of them.
    pub history_age: Duration,
    /// `HISTORY_PAYLOADS`: whether what was said, sent and answered is kept with them.
    pub history_payloads: bool,
    /// `DEAD_LETTER_COUNT`: dead letters.
    pub dead_letter_count: u64,
    /// `DEAD_LETTER_AGE`: the oldest of them.
    pub dead_letter_age: Duration,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawRetention {
    #[serde(default = "default_count")]
    history_count: u64,
    #[serde(default = "history_age")]
    history_age: f64,
    #[serde(default = "default_payloads")]
    history_payloads: String,
    #[serde(default = "default_count")]
    dead_letter_count: u64,
    #[serde(default = "dead_letter_age")]
    dead_letter_age: f64,
}

fn default_count() -> u64 {
    20_000
}

fn default_payloads() -> String {
    "full".to_owned()
}

fn history_age() -> f64 {
    7.0 * 86_400.0
}

fn dead_letter_age() -> f64 {
    30.0 * 86_400.0
}

impl RetentionConfig {
    /// Reads `HISTORY_COUNT`, `HISTORY_AGE`, `HISTORY_PAYLOADS`, `DEAD_LETTER_COUNT` and `DEAD_LETTER_AGE`.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawRetention = vars.read()?;
        let history_payloads = match raw.history_payloads.as_str() {
            "full" => true,
            "none" => false,
            other => bail!("HISTORY_PAYLOADS={other} must be full or none"),
        };
        ensure!(
            raw.dead_letter_count > 0,
            "DEAD_LETTER_COUNT must be above 0: a batch given up on is kept"
        );
        Ok(Self {
            history_count: raw.history_count,
            history_age: positive_seconds("HISTORY_AGE", raw.history_age)?,
            history_payloads,
            dead_letter_count: raw.dead_letter_count,
            dead_letter_age: positive_seconds("DEAD_LETTER_AGE", raw.dead_letter_age)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = RetentionConfig::from_vars(&vars(&[])).unwrap();

        assert_eq!(
            (config.history_count, config.dead_letter_count),
            (20_000, 20_000)
        );
        assert!(config.history_payloads);
        assert_eq!(config.history_age, Duration::from_secs(604_800));
        assert_eq!(config.dead_letter_age, Duration::from_secs(2_592_000));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for name in [
            "HISTORY_PAYLOADS",
            "HISTORY_AGE",
            "DEAD_LETTER_COUNT",
            "DEAD_LETTER_AGE",
        ] {
            let error = RetentionConfig::from_vars(&vars(&[(name, "0")])).unwrap_err();
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
    }
}
