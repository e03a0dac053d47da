//! How a removal is asked for, what becomes of that which still stands there, and how one is answered that takes longer.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::endpoint::Endpoint;
use super::error::ApiError;
use crate::core::life::Asked;

/// The query of a removal.
#[derive(Deserialize, IntoParams)]
pub(super) struct RemovalQuery {
    /// What stands there is delivered first. It excludes `discard`.
    #[serde(default)]
    drain: bool,
    /// What stands there is dropped.
    #[serde(default)]
    discard: bool,
}

/// The answer to a removal.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Removed {
    /// Whether it is gone; false: it is still being drained.
    pub(super) success: bool,
    /// For people.
    pub(super) message: &'static str,
    /// Of a buffer: the windows that were closed or dropped. Of a destination: the lanes that were dropped, or that
    /// are still there.
    pub(super) chats: u64,
    /// Of a buffer: the messages in those windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<u64>,
    /// Of a buffer: the messages that waited for a time of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) later: Option<u64>,
    /// Of a destination: the batches that were dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) batches: Option<u64>,
}

impl Endpoint {
    /// It removes something as [`RemovalQuery`] says; `not_yet` tells what a drain still waits for.
    pub(super) fn removes(self, not_yet: &str) -> Self {
        self.query::<RemovalQuery>(&["drain", "discard"])
            .answers::<Removed>(200, "It is gone.")
            .answers::<Removed>(202, not_yet)
            .refusing(&[404, 409])
    }
}

impl RemovalQuery {
    pub(super) fn parse(query: Result<Query<Self>, QueryRejection>) -> Result<Asked, ApiError> {
        let Query(query) = query?;
        match (query.drain, query.discard) {
            (false, false) => Ok(Asked::Empty),
            (true, false) => Ok(Asked::Drain),
            (false, true) => Ok(Asked::Discard),
            (true, true) => Err(ApiError::parameter(
                "drain",
                "drain and discard contradict each other: send one of them",
            )),
        }
    }
}

/// The answer to a removal for which something is still to be delivered.
pub(super) fn still_draining(chats: u64) -> Response {
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
