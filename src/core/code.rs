//! Why something was refused, as a word for programs: each code with its HTTP status and what it means.

use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Makes the enum of codes, so that none is without its word, its status and its place in the list of all.
macro_rules! codes {
    ($(#[doc = $doc:literal] $code:ident = $status:literal $word:literal,)*) => {
        /// Why something was refused, for programs. Each code has one HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub enum Code {
            $(#[doc = $doc] #[serde(rename = $word)] $code,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The code as it is written.
            pub fn word(self) -> &'static str {
                match self { $(Self::$code => $word,)* }
            }

            /// What it means, for people.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$code => $doc.trim_ascii(),)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }
        }
    };
}

// Its words come out of a macro, where the derived schema does not find them.
impl ToSchema for Code {}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.iter().map(|code| code.word());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(words))
            .description(Some("Why something was refused, for programs; it stays."))
            .into()
    }
}

codes! {
    /// The body is not JSON, or no object where one is asked for.
    InvalidJson = 400 "invalid_json",
    /// The body has more levels than are taken.
    TooDeep = 400 "too_deep",
    /// The body is JSON, but was sent under the content type of a form.
    JsonAsForm = 400 "json_as_form",
    /// The body is not in its charset.
    WrongCharset = 400 "wrong_charset",
    /// A field that must be there is not, or is null.
    MissingField = 400 "missing_field",
    /// A field has a value that it cannot have.
    InvalidField = 400 "invalid_field",
    /// A field that nobody reads, such as a misspelt one, or a body for a request that takes none.
    UnknownField = 400 "unknown_field",
    /// A part of path or query has a value that it cannot have.
    InvalidRequest = 400 "invalid_request",
    /// The query has a parameter that nobody reads, such as a misspelt one.
    UnknownParameter = 400 "unknown_parameter",
    /// No key came, and one is needed.
    KeyMissing = 401 "key_missing",
    /// What came is none of the keys.
    KeyUnknown = 401 "key_unknown",
    /// What came is a token that is not believed.
    TokenInvalid = 401 "token_invalid",
    /// The post does not prove that it comes from the buffer's gateway.
    ProofFailed = 401 "proof_failed",
    /// The key is good for other things.
    ScopeMissing = 403 "scope_missing",
    /// A web page of another origin sends a message without a key.
    ForeignOrigin = 403 "foreign_origin",
    /// There is nothing at this path.
    NoSuchPath = 404 "no_such_path",
    /// There is no such buffer, or it takes nothing.
    NoSuchBuffer = 404 "no_such_buffer",
    /// What the path names is not there.
    NotFound = 404 "not_found",
    /// The path takes other methods; the header `Allow` says which.
    MethodNotAllowed = 405 "method_not_allowed",
    /// The body has not come within `REQUEST_TIMEOUT`.
    TooSlow = 408 "too_slow",
    /// It does not go with what is there.
    Conflict = 409 "conflict",
    /// Not all that was said in the batch is kept (any more), so that it cannot be sent again as it was.
    NotKept = 409 "not_kept",
    /// The body is over `MAX_BODY_BYTES`.
    TooLarge = 413 "too_large",
    /// The body is neither JSON nor a form, or in a charset that nobody knows.
    WrongContentType = 415 "wrong_content_type",
    /// The body is compressed in another way than gzip, deflate or br.
    WrongContentEncoding = 415 "wrong_content_encoding",
    /// The post is none of the buffer's gateway.
    NotOfGateway = 422 "not_of_gateway",
    /// The bucket of this key or address is empty, or holds less than the messages of this post.
    RateLimited = 429 "rate_limited",
    /// More webhooks came with messages than are kept.
    TooManyWebhooks = 429 "too_many_webhooks",
    /// As many listen to what happens as may.
    TooManyListeners = 429 "too_many_listeners",
    /// Lull itself has failed; what was sent may or may not be stored.
    InternalError = 500 "internal_error",
    /// Redis cannot be reached, or is silent; what was sent may or may not be stored.
    StorageUnavailable = 503 "storage_unavailable",
    /// The bodies on their way are as large as all may be together; nothing was stored.
    TooManyBodies = 503 "too_many_bodies",
    /// As many chats are open as may be, and the message would open another; nothing was stored.
    TooManyOpenChats = 503 "too_many_open_chats",
    /// As many chats of this buffer are open as may be, and the message would open another; nothing was stored.
    TooManyOpenChatsInBuffer = 503 "too_many_open_chats_in_buffer",
    /// What waits in open chats has as many bytes as it may; nothing was stored.
    TooMuchInOpenChats = 503 "too_much_in_open_chats",
    /// As many batches wait for their destinations as may; nothing was stored.
    TooManyOnLanes = 503 "too_many_on_lanes",
    /// As many batches of this buffer wait for their destinations as may; nothing was stored.
    TooManyOnLanesInBuffer = 503 "too_many_on_lanes_in_buffer",
    /// What waits for its destination has as many bytes as it may; nothing was stored.
    TooMuchOnLanes = 503 "too_much_on_lanes",
    /// As many messages wait for their time as may; nothing was stored.
    TooManyForLater = 503 "too_many_for_later",
    /// As many messages of this buffer wait for their time as may; nothing was stored.
    TooManyForLaterInBuffer = 503 "too_many_for_later_in_buffer",
    /// What waits for its time has as many bytes as it may; nothing was stored.
    TooMuchForLater = 503 "too_much_for_later",
    /// As many chats are paused as may be; nothing was changed.
    TooManyPaused = 503 "too_many_paused",
    /// As many chats of this buffer are paused as may be; nothing was changed.
    TooManyPausedInBuffer = 503 "too_many_paused_in_buffer",
    /// Redis has no room, or hardly any; nothing was stored.
    StorageFull = 503 "storage_full",
    /// Redis cannot write to its disk, which is full or failing; nothing was stored.
    StorageDiskFailed = 503 "storage_disk_failed",
    /// It is stored, but not on `REDIS_WAIT_REPLICAS` replicas yet; sent again with its id, it counts once.
    NotOnReplicas = 503 "not_on_replicas",
}
