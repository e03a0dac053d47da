//! How a refusal looks: a status, and what was wrong in JSON.

use axum::Json;
use axum::extract::Request;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::header::RETRY_AFTER;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use thiserror::Error;
use tracing::warn;

use super::body::discard;
use super::door::Refusal;
use crate::store::StoreError;
use crate::wire::answer::ErrorAnswer;
use crate::wire::config::SpecError;
use crate::wire::fields::BadInput;

/// Why a request was not done.
#[derive(Debug, Error)]
pub(super) enum ApiError {
    /// The caller must change something.
    #[error(transparent)]
    BadInput(#[from] BadInput),
    /// A path or query that cannot be.
    #[error("{0}")]
    BadRequest(String),
    /// The body is over `MAX_BODY_BYTES`.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Neither JSON nor a form.
    #[error(
        "the header Content-Type must be application/json or application/x-www-form-urlencoded"
    )]
    ContentType,
    /// What the path names is not there.
    #[error("{0}")]
    NotFound(&'static str),
    /// There is no such buffer, or it takes nothing.
    #[error("{0}")]
    NoBuffer(String),
    /// It does not prove where it comes from.
    #[error("{0}")]
    Unproven(String),
    /// It has no key, or none that reaches so far.
    #[error(transparent)]
    Door(#[from] Refusal),
    /// There is no room for more of this kind.
    #[error("{0}")]
    TooMany(String),
    /// A buffer or destination that cannot be.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// It does not go with what is there.
    #[error("{0}")]
    Conflict(String),
    /// Nothing the caller did: it may come again.
    #[error("storage is unavailable, nothing is certain to be stored: try again")]
    Store(#[from] StoreError),
}

impl ApiError {
    /// There is no buffer that is called so.
    pub(super) fn no_buffer(name: &str) -> Self {
        Self::NoBuffer(format!(
            "there is no buffer {name:?}: configure it, or name another"
        ))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BadInput(_) | Self::BadRequest(_) | Self::Spec(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotFound(_) | Self::NoBuffer(_) => StatusCode::NOT_FOUND,
            Self::Unproven(_) => StatusCode::UNAUTHORIZED,
            Self::Door(refusal) => refusal.status(),
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// How metrics count it.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::BadInput(bad) => bad.at_fault(),
            Self::BadRequest(_) => "request",
            Self::TooLarge(_) => "too_large",
            Self::ContentType => "content_type",
            Self::NotFound(_) => "not_found",
            Self::NoBuffer(_) => "buffer",
            Self::Unproven(_) => "proof",
            Self::Door(refusal) => refusal.reason(),
            Self::TooMany(_) => "too_many",
            Self::Spec(_) => "spec",
            Self::Conflict(_) => "conflict",
            Self::Store(_) => "redis",
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Door(refusal) = self {
            return refusal.into_response();
        }
        let mut text = self.to_string();
        let mut seconds = None;
        if let Self::Store(error) = &self {
            warn!(error = %error, "A request failed: {error}");
            // A full Redis needs longer to drain than a lost one to come back.
            seconds = Some(if matches!(error, StoreError::Full(_)) {
                "5"
            } else {
                "1"
            });
            if matches!(error, StoreError::Full(_)) {
                "storage is full, nothing was stored: try again".clone_into(&mut text);
            }
        }
        let answer = refusal(self.status(), &text);
        match seconds {
            Some(seconds) => ([(RETRY_AFTER, seconds)], answer).into_response(),
            None => answer,
        }
    }
}

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

/// A refusal as JSON.
pub(super) fn refusal(status: StatusCode, error: &str) -> Response {
    (status, Json(ErrorAnswer { error })).into_response()
}

pub(super) async fn no_such_path(uri: Uri, request: Request) -> Response {
    discard(request).await;
    let error = format!("there is nothing at {}", uri.path());
    refusal(StatusCode::NOT_FOUND, &error)
}

pub(super) async fn no_such_method(method: Method, uri: Uri, request: Request) -> Response {
    discard(request).await;
    let error = format!(
        "{} does not take {method}; the header Allow says what it takes",
        uri.path()
    );
    refusal(StatusCode::METHOD_NOT_ALLOWED, &error)
}
