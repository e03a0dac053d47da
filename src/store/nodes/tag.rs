//! Hash tags: what stands in braces in a key. All keys with one tag lie on one node of a Redis Cluster, in the hash slot of
//! that tag; so where something lies is known by its tag, and of all slots only as many matter as there are tags.

use std::sync::LazyLock;

use redis::{Arg, Cmd};

use crate::store::keys::{self, SHARDS, Shard};

/// How many tags there are: one for each shard, and one for what is configured.
pub(super) const TAGS: usize = SHARDS as usize + 1;
/// How many hash slots a Redis Cluster has.
pub(super) const SLOTS: u16 = 16_384;
/// How keys with a tag begin.
const BEFORE: &[u8] = b"lull:{";
/// The tag of what is configured.
const CONFIG: &str = "config";

/// The tag of a key, by its number: those of shards are theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store) struct Tag(u8);

impl Tag {
    /// That of what is configured.
    pub(in crate::store) const CONFIG: Self = Self(SHARDS);

    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..=SHARDS).map(Self)
    }

    /// That of a shard.
    pub(in crate::store) fn of_shard(shard: Shard) -> Self {
        Self(u8::try_from(shard.index()).unwrap_or_default())
    }

    /// That of a key; none: it has none of ours.
    pub(in crate::store) fn of_key(key: &[u8]) -> Option<Self> {
        let rest = key.strip_prefix(BEFORE)?;
        let end = rest.iter().position(|byte| *byte == b'}')?;
        match std::str::from_utf8(&rest[..end]).ok()? {
            CONFIG => Some(Self::CONFIG),
            shard => shard.parse().ok().filter(|it| *it < SHARDS).map(Self),
        }
    }

    /// That of the first key of a command; none: it has no key.
    pub(in crate::store) fn of_command(command: &Cmd) -> Option<Self> {
        let mut args = command.args_iter().skip(1);
        args.find_map(|arg| match arg {
            Arg::Simple(arg) => Self::of_key(arg),
            Arg::Cursor => None,
            _ => None,
        })
    }

    /// Its number, and the tag of a number.
    pub(in crate::store) fn number(self) -> u8 {
        self.0
    }

    /// See [`Tag::number`].
    pub(in crate::store) fn of_number(number: u8) -> Self {
        Self(number)
    }

    /// Its place among all.
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Its hash slot.
    pub(super) fn slot(self) -> u16 {
        static SLOT: LazyLock<Vec<u16>> = LazyLock::new(|| {
            let slots = Tag::all().map(|tag| crc16(tag.text().as_bytes()) % SLOTS);
            slots.collect()
        });
        SLOT[self.index()]
    }

    /// A key that goes by it, which nothing is kept under: to find out how its node is.
    pub(in crate::store) fn probe(self) -> String {
        keys::probe(&self.text())
    }

    fn text(self) -> String {
        match self {
            Self::CONFIG => CONFIG.to_owned(),
            Self(shard) => format!("{shard:02}"),
        }
    }
}

/// CRC-16/XMODEM, by which a Redis Cluster finds the slot of a tag (Redis Cluster specification, appendix A).
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        let crc = crc ^ (u16::from(*byte) << 8);
        (0..8).fold(crc, |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_redis() {
        // The check value of the algorithm, and what CLUSTER KEYSLOT says.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(Tag::CONFIG.slot(), 4717);
        assert_eq!(Tag(0).slot(), 13_254);
    }

    #[test]
    fn a_key_and_a_command_lead_to_their_tag() {
        let shard = Shard::from_index(7).unwrap();
        let seven = Tag::of_shard(shard);
        assert_eq!(Tag::of_key(keys::alive(shard).as_bytes()), Some(seven));
        assert_eq!(Tag::of_key(keys::CONFIG.as_bytes()), Some(Tag::CONFIG));
        for other in ["", "lull:wake", "lull:{64}:due", "lull:{a}", "other:{07}"] {
            assert_eq!(Tag::of_key(other.as_bytes()), None, "{other}");
        }
        let read = Cmd::zscore(keys::paused(shard), "ana");
        assert_eq!(Tag::of_command(&read), Some(seven));
        let mut streams = redis::cmd("XREAD");
        streams.arg("COUNT").arg(5).arg("STREAMS");
        streams.arg(keys::history(shard)).arg("0-0");
        assert_eq!(Tag::of_command(&streams), Some(seven));
        assert_eq!(Tag::of_command(&redis::cmd("TIME")), None);
    }
}
