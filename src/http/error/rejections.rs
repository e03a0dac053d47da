//! What of a path or query could not be read at all, as a refusal.

use axum::extract::rejection::{PathRejection, QueryRejection};

use super::ApiError;

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}
