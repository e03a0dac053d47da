//! What each route asks of whoever comes: the one table of it.

use axum::extract::MatchedPath;
use axum::http::{Method, Request};

use crate::core::chat::Name;
use crate::core::scopes::Scopes;

/// What a request asks of whoever sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Need {
    /// Nothing: it tells nothing that matters, or proves itself.
    Nothing,
    /// To bring messages for the buffer `default`.
    Ingest,
    /// To bring messages for every buffer: the message brings its own.
    IngestAll,
    /// To bring messages for a buffer that the handler finds; it asks, unless the buffer's own proof stands for a key.
    IngestNamed,
    /// To bring messages that leave one by one: without keys only from this machine, as they reach people.
    Queue,
    /// To look.
    Read,
    /// To change.
    Admin,
}

use Need::{Admin, Ingest, IngestAll, IngestNamed, Nothing, Queue, Read};

/// A route, what it asks of GET, and what of every other method.
pub(in crate::http) type Row = (&'static str, Need, Need);

/// Every route of the api. The busiest stand first, as they are looked for in this order.
pub(in crate::http) const ROUTES: &[Row] = &[
    ("/api/message", Read, Ingest),
    ("/message", Read, Ingest),
    ("/", Read, Ingest),
    // GET is the question of a gateway, which proves itself by the buffer's secret.
    ("/api/webhook/{buffer}", Nothing, IngestNamed),
    ("/api/webhook/{buffer}/{token}", Nothing, IngestNamed),
    ("/api/webhook", Read, IngestNamed),
    ("/api/buffers/{name}/messages", Read, IngestNamed),
    ("/api/v1/message", Read, IngestAll),
    ("/webhook", Read, Ingest),
    ("/api/typing", Read, Ingest),
    ("/api/health", Nothing, Read),
    // It tells what this program can do, and nothing of what it does.
    ("/api/openapi.json", Nothing, Read),
    ("/docs", Nothing, Read),
    ("/docs/{file}", Nothing, Read),
    ("/api/docs", Nothing, Read),
    ("/api/docs/{file}", Nothing, Read),
    ("/redoc", Nothing, Read),
    ("/redoc/{file}", Nothing, Read),
    ("/metrics", Read, Read),
    ("/api/chats", Read, Admin),
    ("/api/chats/{user}", Read, Admin),
    ("/api/chats/{user}/flush", Read, Admin),
    ("/api/chats/{user}/pause", Read, Admin),
    ("/api/chats/{user}/resume", Read, Admin),
    ("/api/messages", Read, Queue),
    ("/api/messages/{id}", Read, Admin),
    ("/api/messages/sent", Read, Admin),
    ("/api/messages/forwarded", Read, Admin),
    ("/api/messages/dead-letter", Read, Admin),
    ("/api/messages/received", Read, Admin),
    ("/api/messages/later", Read, Admin),
    ("/api/messages/later/{id}", Read, Admin),
    ("/api/history", Read, Admin),
    ("/api/dead-letter/revive", Read, Admin),
    ("/api/dead-letter/{id}", Read, Admin),
    ("/api/dead-letter/{id}/revive", Read, Admin),
    ("/api/control", Read, Admin),
    ("/api/audit", Read, Admin),
    ("/api/buffers", Read, Admin),
    ("/api/buffers/{name}", Read, Admin),
    // It changes and sends nothing.
    ("/api/buffers/{name}/try", Read, Read),
    ("/api/destinations", Read, Admin),
    ("/api/destinations/{name}", Read, Admin),
    ("/api/destinations/{name}/test", Read, Admin),
    ("/api/schedules", Read, Admin),
    ("/api/schedules/{name}", Read, Admin),
    ("/api/schedules/{name}/toggle", Read, Admin),
    ("/api/schedules/{name}/run", Read, Admin),
    ("/api/schedules/{name}/runs", Read, Admin),
    ("/api/buffer-configs", Read, Admin),
    ("/api/buffer-configs/{id}", Read, Admin),
    ("/api/forwarding-configs", Read, Admin),
    ("/api/forwarding-configs/{id}", Read, Admin),
    ("/api/settings/timezone", Read, Admin),
];

impl Need {
    /// What a request asks. A route that is not in the table asks for the most.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let Some(path) = request.extensions().get::<MatchedPath>() else {
            return Admin;
        };
        let gets = matches!(*request.method(), Method::GET | Method::HEAD);
        Self::of_route(path.as_str(), gets)
    }

    /// The same of a route, for GET or for every other method.
    pub(in crate::http) fn of_route(path: &str, gets: bool) -> Self {
        let row = ROUTES.iter().find(|(route, ..)| *route == path);
        match row {
            Some((_, get, _)) if gets => *get,
            Some((_, _, other)) => *other,
            None => Admin,
        }
    }

    /// The scope that gives it, as it is written.
    pub(in crate::http) fn scope(self) -> &'static str {
        match self {
            Nothing => "",
            Ingest => "ingest or ingest@default",
            IngestAll => "ingest",
            IngestNamed => "ingest, for this buffer",
            Queue => "ingest or ingest@messages",
            Read => "read",
            Admin => "admin",
        }
    }

    /// Whether these scopes give it.
    pub(super) fn is_met_by(self, scopes: &Scopes) -> bool {
        match self {
            Nothing => true,
            Ingest => scopes.brings_to(&Name::default_name()),
            Queue => scopes.brings_to(&Name::messages_name()),
            IngestAll => scopes.brings_to_all(),
            // Which buffer is meant is not known here.
            IngestNamed => false,
            Read => scopes.reads(),
            Admin => scopes.changes(),
        }
    }

    /// Whether it is about messages that come in.
    pub(super) fn is_ingest(self) -> bool {
        matches!(self, Ingest | IngestAll | IngestNamed)
    }
}
