//! Keys of the message ids that count as seen.

use super::Shard;
use crate::store::ids::SETS;

/// Whose turn it is among the sets of ids, those sets, and what an older Lull noted: as the scripts want them, one behind
/// the other.
pub(crate) fn ids(shard: Shard) -> impl Iterator<Item = String> {
    let sets = 1..=SETS;
    let sets = sets.map(move |set| shard.key(format_args!("ids:{set}")));
    std::iter::once(shard.key("ids"))
        .chain(sets)
        .chain([older_ids(shard)])
}

/// Digests of ids by the time they came, of a Lull that knows no sets.
pub(crate) fn older_ids(shard: Shard) -> String {
    shard.key("seen")
}

/// Nothing: it is written where replicas are to be waited for that have all of a shard, and nothing else is written.
pub(crate) fn waited_for(shard: Shard) -> String {
    shard.key("waited_for")
}
