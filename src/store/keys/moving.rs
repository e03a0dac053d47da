//! The keys of what is moved when Redis's clock is set back.

use super::Shard;

/// How far a shard was moved in all, what it is being moved by, and what in it was set or moved since.
pub(crate) fn moved(shard: Shard) -> String {
    shard.key("moved")
}

/// The timer and the window behind a member of the index of windows.
pub(crate) fn window_behind(shard: Shard, member: &str) -> (String, String) {
    let key = |what| shard.key(format_args!("{what}:{member}"));
    (key("timer"), key("window"))
}
