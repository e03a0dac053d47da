//! What the key of a due index tells.

use super::{Due, Shard};
use crate::core::chat::Name;

/// Matches the indexes of lanes, in all shards.
pub(crate) const LANE_INDEXES: &str = "lull:{[0-9][0-9]}:due:*";

/// The shard and the destination of an index of lanes; `None` for any other key.
pub(crate) fn destination_of_index(key: &str) -> Option<(Shard, Name)> {
    match index_of(key)? {
        (shard, Due::Lanes(destination)) => Some((shard, destination)),
        _ => None,
    }
}

/// The destinations that have lanes in a shard, by when the first of them is due, or sooner: an index of indexes.
pub(crate) fn lanes(shard: Shard) -> String {
    shard.key("lanes")
}

/// The inverse of [`Due::key`], with which scripts name an index: that of lanes for both bands of it; `None` for any
/// other key.
pub(crate) fn index_of(key: &str) -> Option<(Shard, Due)> {
    let (shard, rest) = key.strip_prefix("lull:{")?.split_once('}')?;
    let due = match rest {
        ":due" => Due::Windows,
        ":later" => Due::Later,
        rest => Due::Lanes(Name::from_stored(rest.strip_prefix(":due:")?).ok()?),
    };
    Some((Shard::from_index(shard.parse().ok()?)?, due))
}
