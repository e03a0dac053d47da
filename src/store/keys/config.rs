//! The keys that belong to no shard; they share a hash tag of their own, so that one script can touch several.

use crate::core::api_key::KeyDigest;
use crate::core::chat::Name;
use crate::core::samples::Step;

/// What is configured: buffers, destinations, and a version.
pub(crate) const CONFIG: &str = "lull:{config}";

/// Of each buffer, destination and schedule the version that began its life, and how it is being removed.
pub(crate) const LIVES: &str = "lull:{config}:lives";

/// Lives that are over, by when.
pub(crate) const OVER: &str = "lull:{config}:over";

/// When buffers and destinations that came with a message were last used.
pub(crate) const USED: &str = "lull:{config}:used";

/// Who brought those that came with a message, and how many.
pub(crate) const BROUGHT: &str = "lull:{config}:brought";

/// Who changed what.
pub(crate) const AUDIT: &str = "lull:{config}:audit";

/// The keys that an operator made.
pub(crate) const API_KEYS: &str = "lull:{config}:keys";

/// A link by which a browser comes in once, by the digest of its text.
pub(crate) fn login_link(digest: &KeyDigest) -> String {
    format!("lull:{{config}}:login:{}", hex::encode(digest))
}

/// The key of the tokens that stand for chats.
pub(crate) const TOKEN_KEY: &str = "lull:{config}:tokens";

/// When the last attempts to a paced destination began.
pub(crate) fn pace(destination: &Name) -> String {
    format!("lull:{{config}}:pace:{destination}")
}

/// The daemons that work on this Redis, each with its last sign of life.
pub(crate) const DAEMONS: &str = "lull:{config}:daemons";

/// How calls to destinations go.
pub(crate) const CALLS: &str = "lull:{config}:calls";

/// The lines that gateways post through.
pub(crate) const LINES: &str = "lull:{config}:lines";

/// What was counted in steps of time, the steps of one length in a hash.
pub(crate) fn samples(step: Step) -> String {
    format!("lull:{{config}}:samples:{}", step.seconds())
}

/// Of each daemon which of its counts were added last, and when.
pub(crate) const SAMPLED: &str = "lull:{config}:samples:told";

/// Revivals of many dead letters: what was asked of each, and how far it is.
pub(crate) const REVIVALS: &str = "lull:{config}:revivals";

/// The same by when somebody else is to carry them on.
pub(crate) const REVIVING: &str = "lull:{config}:reviving";

/// Nothing is kept here: a key that goes by this hash tag.
pub(crate) fn probe(tag: &str) -> String {
    format!("lull:{{{tag}}}:probe")
}

/// The newest time that is known, and how far the clock was set back in all.
pub(crate) const CLOCK: &str = "lull:{config}:clock";
