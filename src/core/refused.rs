//! Why requests are refused, as metrics count it. Where a field of a message is at fault, its name is the word.

use strum::{IntoStaticStr, VariantArray};

/// The fields of a message, each of which can be at fault.
pub const MESSAGE_FIELDS: [&str; 6] = ["user", "message", "ttl", "message_id", "send_at", "delay"];

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum RefusedFor {
    /// The body is no JSON object and no form.
    Body,
    /// A field that nobody reads.
    Unknown,
    /// A field that is null.
    Null,
    /// A path or query that cannot be.
    Request,
    /// A body over `MAX_BODY_BYTES`.
    TooLarge,
    /// A body that came too slowly.
    TooSlow,
    /// All bodies on their way are over `MAX_BODIES_BYTES`.
    Bodies,
    /// Neither JSON nor a form.
    ContentType,
    /// What the path names is not there.
    NotFound,
    /// There is no such buffer, or it takes nothing.
    Buffer,
    /// A post that is none of the buffer's gateway.
    Gateway,
    /// A gateway's post that does not prove where it comes from.
    Proof,
    /// No key, or a wrong one.
    Key,
    /// A key that does not reach so far.
    Scope,
    /// Too many requests.
    Rate,
    /// A web page of another origin, without a key.
    Origin,
    /// A buffer, destination or schedule that cannot be.
    Spec,
    /// It does not go with what is there.
    Conflict,
    /// Too many webhooks that come with messages, or listeners.
    TooMany,
    /// Redis is about to be full.
    Full,
    /// As many chats are open as may be.
    OpenChats,
    /// As many batches wait for destinations as may.
    Lanes,
    /// As many messages wait for their time as may.
    Later,
    /// As many chats are paused as may be.
    Paused,
    /// Redis was away, or refused.
    Redis,
    /// It is stored, but not on enough replicas yet.
    Replicas,
}

impl RefusedFor {
    /// The word for it in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
