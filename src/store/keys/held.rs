//! The keys of what is counted.

use super::Shard;
use crate::store::work::Kind;

/// How many of a kind wait in a shard, their bytes, and how many of each buffer.
pub(crate) fn held(shard: Shard, kind: Kind) -> String {
    shard.key(format_args!("{}:held", kind.as_str()))
}
