//! What an endpoint asks of whoever calls it.

use crate::core::chat::Name;
use crate::core::scopes::Scopes;

/// What a request asks of whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Need {
    /// Nothing: it tells nothing that matters.
    Nothing,
    /// No key, but a proof that the handler looks at. Who guesses is limited as everybody is.
    Proof,
    /// To bring messages for the buffer `default`.
    Ingest,
    /// To bring messages for every buffer: the message brings its own.
    IngestAll,
    /// To bring messages for a buffer that the handler finds; it asks, unless the buffer's own proof stands for a key.
    IngestNamed,
    /// To bring messages that leave one by one.
    Queue,
    /// To look.
    Read,
    /// To look, or to bring messages for the buffer that the query names. Where the query has a chat's token instead, the
    /// handler finds its buffer, and checks.
    ReadNamed,
    /// To change.
    Admin,
}

/// What can be open to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Messages for buffers that an operator has made: `OPEN_INGEST`.
    Ingest,
    /// Messages whose sender says where they go, and those that reach people: `OPEN_BUFFER_SERVICE`.
    BufferService,
}

use Need::{Admin, Ingest, IngestAll, IngestNamed, Nothing, Proof, Queue, Read, ReadNamed};

impl Need {
    /// The scope that gives it, as it is written.
    pub(in crate::http) fn scope(self) -> &'static str {
        match self {
            Nothing | Proof => "",
            Ingest => "ingest or ingest@default",
            IngestAll => "ingest",
            IngestNamed => "ingest, for this buffer",
            Queue => "ingest or ingest@messages",
            Read => "read",
            ReadNamed => "read, or ingest for this buffer",
            Admin => "admin",
        }
    }

    /// Whether these scopes give it.
    pub(super) fn is_met_by(self, scopes: &Scopes) -> bool {
        match self {
            Nothing | Proof => true,
            Ingest => scopes.brings_to(&Name::default_name()),
            Queue => scopes.brings_to(&Name::messages_name()),
            IngestAll => scopes.brings_to_all(),
            // Which buffer is meant is not known here.
            IngestNamed => false,
            // Who brings messages for its buffer, too: which that is is not known here.
            Read | ReadNamed => scopes.reads(),
            Admin => scopes.changes(),
        }
    }

    /// Which setting opens it to everybody; none: nothing does.
    pub(super) fn opening(self) -> Option<Opening> {
        match self {
            Ingest | IngestNamed => Some(Opening::Ingest),
            IngestAll | Queue => Some(Opening::BufferService),
            Nothing | Proof | Read | ReadNamed | Admin => None,
        }
    }
}
