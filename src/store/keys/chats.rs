//! What is kept of chats beside their windows and lanes.

use super::Shard;

/// When chats were last heard from.
pub(crate) fn heard(shard: Shard) -> String {
    shard.key("heard")
}

/// Until when chats are paused.
pub(crate) fn paused(shard: Shard) -> String {
    shard.key("paused")
}

/// Who paused those chats, and when.
pub(crate) fn pausers(shard: Shard) -> String {
    shard.key("pausers")
}

/// Numbers by alias; the field is the chat under the alias, which lies in the same shard.
pub(crate) fn aliases(shard: Shard) -> String {
    shard.key("aliases")
}

/// Of each chat when it was last heard from, and who writes there.
pub(crate) fn known(shard: Shard) -> String {
    shard.key("known")
}

/// Chats under what they are found by.
pub(crate) fn people(shard: Shard) -> String {
    shard.key("people")
}

/// What stands there for who wrote in groups that are one chat, by when they last did.
pub(crate) fn writers(shard: Shard) -> String {
    shard.key("writers")
}
