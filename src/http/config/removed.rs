//! How the removal of a buffer or a destination is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::admin::Ended;
use crate::core::life::Asked;
use crate::spec::shown::Removed;

/// Of a buffer.
pub(in super::super) fn buffer_removed(asked: Asked, ended: Ended) -> Response {
    let (cleared, later) = match ended {
        Ended::Gone { cleared, later } => (cleared, later),
        Ended::Draining(windows) => return still_draining(windows),
    };
    Json(Removed {
        success: true,
        message: match asked {
            Asked::Empty => "Removed",
            Asked::Drain => "Removed; its open windows are closed and on their way",
            Asked::Discard => "Removed; its open windows are dropped",
        },
        chats: cleared.chats,
        messages: Some(cleared.held),
        later: Some(later),
        batches: None,
    })
    .into_response()
}

/// Of a destination.
pub(in super::super) fn destination_removed(asked: Asked, ended: Ended) -> Response {
    let cleared = match ended {
        Ended::Gone { cleared, .. } => cleared,
        Ended::Draining(lanes) => return still_draining(lanes),
    };
    Json(Removed {
        success: true,
        message: match asked {
            Asked::Empty => "Removed",
            Asked::Drain => "Removed; all its batches were delivered",
            Asked::Discard => "Removed; its batches are dropped",
        },
        chats: cleared.chats,
        messages: None,
        later: None,
        batches: Some(cleared.held),
    })
    .into_response()
}

fn still_draining(chats: u64) -> Response {
    let answer = Removed {
        success: false,
        message: "Not yet: batches are still on their way, and it goes when the last is delivered",
        chats,
        messages: None,
        later: None,
        batches: None,
    };
    (StatusCode::ACCEPTED, Json(answer)).into_response()
}
