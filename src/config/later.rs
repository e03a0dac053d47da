//! How much may wait for its time.

use anyhow::Result;
use serde::Deserialize;

use super::Vars;

/// The most messages that may wait for their time; 0 is any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaterConfig {
    /// In all.
    pub messages: u64,
    /// All bytes of them; `None`: by what Redis has.
    pub bytes: Option<u64>,
    /// In one buffer.
    pub per_buffer: u64,
}

#[derive(Deserialize)]
struct RawLater {
    #[serde(default = "max_later")]
    max_later: u64,
    max_later_bytes: Option<u64>,
    #[serde(default = "max_later_per_buffer")]
    max_later_per_buffer: u64,
}

fn max_later() -> u64 {
    1_000_000
}

fn max_later_per_buffer() -> u64 {
    250_000
}

impl LaterConfig {
    /// Reads `MAX_LATER`, `MAX_LATER_BYTES` and `MAX_LATER_PER_BUFFER`.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawLater = vars.read()?;
        Ok(Self {
            messages: raw.max_later,
            bytes: raw.max_later_bytes,
            per_buffer: raw.max_later_per_buffer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = LaterConfig::from_vars(&vars(&[])).unwrap();

        assert_eq!((config.messages, config.per_buffer), (1_000_000, 250_000));
        assert_eq!(config.bytes, None);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for name in ["MAX_LATER", "MAX_LATER_BYTES", "MAX_LATER_PER_BUFFER"] {
            for value in ["-1", "many", "64MB"] {
                let error = LaterConfig::from_vars(&vars(&[(name, value)])).unwrap_err();
                assert!(format!("{error:#}").contains(name), "{name}: {error:#}");
            }
        }
    }
}
