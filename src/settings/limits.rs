//! The limits of a window. Both daemons read them: api closes full windows by them, monitor joins batches up to them.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

use super::{Vars, positive_seconds, seconds};
use crate::core::window::{MIN_TTL, WindowRules};
use crate::spec::LONGEST;

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawLimits {
    #[serde(default = "default_ttl")]
    default_ttl: f64,
    #[serde(default = "max_ttl")]
    max_ttl: f64,
    #[serde(default = "max_wait")]
    max_wait: f64,
    #[serde(default = "max_messages")]
    max_messages: u64,
    #[serde(default = "max_window_bytes")]
    max_window_bytes: u64,
}

fn default_ttl() -> f64 {
    WindowRules::default().default_ttl.as_secs_f64()
}

fn max_ttl() -> f64 {
    WindowRules::default().max_ttl.as_secs_f64()
}

fn max_wait() -> f64 {
    WindowRules::default().max_wait.as_secs_f64()
}

fn max_messages() -> u64 {
    WindowRules::default().max_messages
}

fn max_window_bytes() -> u64 {
    WindowRules::default().max_bytes
}

/// Reads `DEFAULT_TTL`, `MAX_TTL`, `MAX_WAIT`, `MAX_MESSAGES` and `MAX_WINDOW_BYTES`.
///
/// # Errors
/// When one cannot be read, or they contradict each other.
pub fn window_rules(vars: &Vars) -> Result<WindowRules> {
    let raw: RawLimits = vars.read()?;
    for (name, value) in [("MAX_TTL", raw.max_ttl), ("MAX_WAIT", raw.max_wait)] {
        ensure!(
            value.is_nan() || value <= LONGEST,
            "{name}={value} is over ten years; it is in seconds"
        );
    }
    let rules = WindowRules {
        default_ttl: positive_seconds("DEFAULT_TTL", raw.default_ttl)?,
        max_ttl: positive_seconds("MAX_TTL", raw.max_ttl)?,
        max_wait: seconds("MAX_WAIT", raw.max_wait)?,
        max_messages: raw.max_messages,
        max_bytes: raw.max_window_bytes,
        ..WindowRules::default()
    };
    ensure!(
        rules.max_ttl >= MIN_TTL,
        "MAX_TTL must be at least {}",
        MIN_TTL.as_secs_f64()
    );
    if let Err(error) = rules.ttl(Some(raw.default_ttl)) {
        bail!("DEFAULT_TTL={} {error}, which is MAX_TTL", raw.default_ttl);
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        assert_eq!(window_rules(&vars(&[])).unwrap(), WindowRules::default());
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (name, value) in [
            ("DEFAULT_TTL", "0"),
            ("DEFAULT_TTL", "-1"),
            ("DEFAULT_TTL", "NaN"),
            ("DEFAULT_TTL", "100000"),
            ("MAX_TTL", "0.05"),
            ("MAX_TTL", "1e12"),
            ("MAX_WAIT", "-1"),
            ("MAX_WAIT", "inf"),
            ("MAX_MESSAGES", "-5"),
            ("MAX_WINDOW_BYTES", "4MB"),
        ] {
            let error = format!("{:#}", window_rules(&vars(&[(name, value)])).unwrap_err());
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }
}
