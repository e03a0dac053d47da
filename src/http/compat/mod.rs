//! The systems that Lull replaces, as their clients call them: each under its own paths, on top of what Lull has.

pub(super) mod buffer;
mod buffer_service;
mod celery;

use super::endpoint::Endpoint;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = [
        buffer::endpoints(),
        buffer_service::endpoints(),
        celery::endpoints(),
    ];
    all.into_iter().flatten().collect()
}
