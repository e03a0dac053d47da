//! What a Redis means that answers, but does not do what it was asked.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::StoreError;

/// Codes of a Redis that cannot be worked with as it is now, while another may be at its address already: it copies
/// another, or has lost it; it cannot write to its disk, or to enough copies; it still reads its files; it no longer
/// knows us. `OOM` is none: what drains it is taken all the same.
const LASTING: [&str; 7] = [
    "READONLY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "LOADING",
    "NOAUTH",
];

/// Codes of a node that has not done what it was asked, as it lies elsewhere, or moves there at this moment.
const ELSEWHERE: [&str; 4] = ["MOVED", "ASK", "TRYAGAIN", "READONLY"];

/// Whether nothing of so many commands was done, as what they are about lies elsewhere: then they may be asked again.
pub(super) fn is_elsewhere(error: &RedisError, commands: usize) -> bool {
    let refusals = error.clone().into_server_errors();
    refusals.is_some_and(|all| {
        all.len() == commands && all.iter().all(|(_, it)| ELSEWHERE.contains(&it.code()))
    })
}

/// Whether a node only says that something lies on another.
pub(super) fn is_moved(error: &RedisError) -> bool {
    error.code() == Some("MOVED")
}

/// The same of the answer to one command.
pub(super) fn is_value_elsewhere(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if ELSEWHERE.contains(&error.code()))
}

/// Whether a command needs a script that the node does not have (any more).
pub(super) fn is_value_unloaded(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == "NOSCRIPT")
}

/// The first refusal of a pipeline, which is like all of them; their code is not told otherwise, and in words they are
/// pages of the same.
pub(super) fn first(error: RedisError) -> RedisError {
    let first = error.clone().into_server_errors();
    let first = first.and_then(|all| all.first().map(|(_, first)| first.clone()));
    first.map_or(error, RedisError::from)
}

/// Whether another connection may lead to a Redis that can be worked with.
pub(super) fn is_lasting(error: &RedisError) -> bool {
    error.code().is_some_and(|code| LASTING.contains(&code))
}

/// Whether it is of writes only, and what is there may be read.
pub(super) fn is_of_writes(error: &RedisError) -> bool {
    matches!(
        error.code(),
        Some("READONLY" | "MISCONF" | "NOREPLICAS" | "OOM")
    )
}

/// Whether Redis has as many clients as it takes, which it says without a code of its own.
pub(super) fn is_crowd(error: &RedisError) -> bool {
    error.to_string().contains("max number of clients")
}

/// Whether the login is wrong.
pub(super) fn is_login(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
        || error.to_string().contains("WRONGPASS")
}

/// Whether Redis answered that this user may not do that.
pub(super) fn is_denied(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(error)
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
            || error.kind() == ErrorKind::Server(ServerErrorKind::ResponseError))
}
