//! How much may wait: in open chats, on lanes, for its time; and how many chats may be paused.

use anyhow::Result;
use serde::Deserialize;

use super::Vars;

/// The most of something that may wait; 0 is any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How many in all.
    pub count: u64,
    /// All bytes of them.
    pub bytes: Bytes,
    /// How many in one buffer.
    pub per_buffer: u64,
}

/// The most bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// So many; 0 is any number.
    Set(u64),
    /// Of what Redis may use one part in so many, and of `WITHOUT` where that has no limit.
    PartOf(u64),
}

impl Bytes {
    /// What is shared out where neither a setting nor Redis says how much there is.
    const WITHOUT: u64 = 4 * 1024 * 1024 * 1024;

    /// How many they are where Redis may use so many.
    pub fn of(self, memory: Option<u64>) -> u64 {
        match self {
            Self::Set(bytes) => bytes,
            Self::PartOf(parts) => memory.unwrap_or(Self::WITHOUT) / parts.max(1),
        }
    }
}

/// How much may wait, of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundsConfig {
    /// Open chats.
    pub windows: Bound,
    /// Batches on lanes.
    pub lanes: Bound,
    /// Messages for later.
    pub later: Bound,
    /// Paused chats, in all; 0: any number.
    pub paused: u64,
    /// Paused chats of one buffer; 0: any number.
    pub paused_per_buffer: u64,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawBounds {
    #[serde(default = "many")]
    max_open_chats: u64,
    #[serde(default = "half")]
    max_open_chats_per_buffer: u64,
    max_open_chats_bytes: Option<u64>,
    #[serde(default = "many")]
    max_on_lanes: u64,
    #[serde(default = "half")]
    max_on_lanes_per_buffer: u64,
    max_on_lanes_bytes: Option<u64>,
    #[serde(default = "many")]
    max_later: u64,
    #[serde(default = "quarter")]
    max_later_per_buffer: u64,
    max_later_bytes: Option<u64>,
    #[serde(default = "many")]
    max_paused: u64,
    #[serde(default = "half")]
    max_paused_per_buffer: u64,
}

fn many() -> u64 {
    1_000_000
}

fn half() -> u64 {
    500_000
}

fn quarter() -> u64 {
    250_000
}

impl BoundsConfig {
    /// Reads `MAX_OPEN_CHATS`, `MAX_ON_LANES` and `MAX_LATER`, each alone, with `_BYTES` and with `_PER_BUFFER`; and
    /// `MAX_PAUSED`, alone and with `_PER_BUFFER`.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawBounds = vars.read()?;
        let bound = |count, bytes: Option<u64>, parts, per_buffer| Bound {
            count,
            bytes: bytes.map_or(Bytes::PartOf(parts), Bytes::Set),
            per_buffer,
        };
        Ok(Self {
            windows: bound(
                raw.max_open_chats,
                raw.max_open_chats_bytes,
                2,
                raw.max_open_chats_per_buffer,
            ),
            lanes: bound(
                raw.max_on_lanes,
                raw.max_on_lanes_bytes,
                2,
                raw.max_on_lanes_per_buffer,
            ),
            later: bound(
                raw.max_later,
                raw.max_later_bytes,
                4,
                raw.max_later_per_buffer,
            ),
            paused: raw.max_paused,
            paused_per_buffer: raw.max_paused_per_buffer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = BoundsConfig::from_vars(&vars(&[])).unwrap();

        for (bound, per_buffer, with, without) in [
            (config.windows, 500_000, 32, 2048),
            (config.lanes, 500_000, 32, 2048),
            (config.later, 250_000, 16, 1024),
        ] {
            assert_eq!((bound.count, bound.per_buffer), (1_000_000, per_buffer));
            assert_eq!(bound.bytes.of(Some(64 * MIB)), with * MIB);
            assert_eq!(bound.bytes.of(None), without * MIB);
        }
        assert_eq!(
            (config.paused, config.paused_per_buffer),
            (1_000_000, 500_000)
        );
    }

    #[test]
    fn what_is_set_wins_over_what_redis_has() {
        let config = BoundsConfig::from_vars(&vars(&[("MAX_ON_LANES_BYTES", "7")])).unwrap();

        assert_eq!(config.lanes.bytes.of(Some(64 * MIB)), 7);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for of in ["MAX_OPEN_CHATS", "MAX_ON_LANES", "MAX_LATER", "MAX_PAUSED"] {
            for which in ["", "_BYTES", "_PER_BUFFER"] {
                let name = format!("{of}{which}");
                if name == "MAX_PAUSED_BYTES" {
                    continue;
                }
                for value in ["-1", "many", "64MB"] {
                    let error = BoundsConfig::from_vars(&vars(&[(&name, value)])).unwrap_err();
                    assert!(format!("{error:#}").contains(&name), "{name}: {error:#}");
                }
            }
        }
    }
}
