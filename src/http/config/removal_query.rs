//! How a removal is asked for: what becomes of that which still stands there.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::core::life::Asked;
use crate::http::endpoint::Endpoint;
use crate::http::error::ApiError;
use crate::spec::shown::Removed;

/// The query of a removal.
#[derive(Deserialize, IntoParams)]
pub(in super::super) struct RemovalQuery {
    /// What stands there is delivered first. It excludes `discard`.
    #[serde(default)]
    drain: bool,
    /// What stands there is dropped.
    #[serde(default)]
    discard: bool,
}

impl Endpoint {
    /// It removes something as [`RemovalQuery`] says; `not_yet` tells what a drain still waits for.
    pub(in crate::http) fn removes(self, not_yet: &str) -> Self {
        self.query::<RemovalQuery>(&["drain", "discard"])
            .answers::<Removed>(200, "It is gone.")
            .answers::<Removed>(202, not_yet)
            .refusing(&[404, 409])
    }
}

impl RemovalQuery {
    pub(in super::super) fn parse(
        query: Result<Query<Self>, QueryRejection>,
    ) -> Result<Asked, ApiError> {
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
