//! Why somebody does not come in.

use std::sync::Arc;

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use thiserror::Error;

use super::need::Need;
use super::tokens::TokenError;
use crate::core::api_key::Principal;
use crate::core::code::Code;
use crate::core::refused::RefusedFor;
use crate::http::error::Refused;

/// Why somebody does not come in.
#[derive(Clone, Debug, Error)]
pub(in crate::http) enum Refusal {
    /// No key came, and one is needed.
    #[error(
        "this needs a key: send it as Authorization: Bearer <key>, or in X-API-Key; lull key new makes one"
    )]
    NoKey,
    /// None of what came is a key.
    #[error("this key is not known: was it revoked or changed, or does api have other API_KEYS?")]
    WrongKey,
    /// A link by which a browser comes in, and no longer a good one.
    #[error(
        "this link is over: it is good once, for five minutes, and as long as the key for which it was made is known here; lull console prints another"
    )]
    LinkOver,
    /// What came is a token, and not a good one.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The key is good for other things.
    #[error("{} may not do this: it needs the scope {needs}", principal.name)]
    OutOfReach {
        /// Whose key it is.
        principal: Arc<Principal>,
        /// What it lacks.
        needs: &'static str,
    },
    /// The caller's bucket is empty.
    #[error("too many requests: send it again after the seconds of Retry-After")]
    TooMany,
    /// A post holds more messages than are left in the caller's bucket.
    #[error(
        "this post holds {0} messages, more than are left to you now, and nothing of it was stored: send it again after the seconds of Retry-After"
    )]
    TooManyMessages(usize),
    /// No session can begin now.
    #[error(
        "no session can begin now: Redis was not there since api started, or the token has more than 3,000 characters; try again, or with a key"
    )]
    NoSession,
    /// A web page of another origin would bring messages without a key.
    #[error(
        "this comes from a web page of another origin, and without a key: send a key, or name the origin in ALLOWED_ORIGINS"
    )]
    ForeignOrigin,
}

impl Refusal {
    pub(super) fn out_of_reach(principal: &Arc<Principal>, need: Need) -> Self {
        Self::OutOfReach {
            principal: principal.clone(),
            needs: need.scope(),
        }
    }

    /// How metrics count it.
    pub(in crate::http) fn reason(&self) -> RefusedFor {
        match self {
            Self::NoKey | Self::WrongKey | Self::LinkOver | Self::Token(_) | Self::NoSession => {
                RefusedFor::Key
            }
            Self::OutOfReach { .. } => RefusedFor::Scope,
            Self::TooMany | Self::TooManyMessages(_) => RefusedFor::Rate,
            Self::ForeignOrigin => RefusedFor::Origin,
        }
    }

    /// What programs are told.
    pub(in crate::http) fn code(&self) -> Code {
        match self {
            Self::NoKey => Code::KeyMissing,
            Self::WrongKey | Self::LinkOver => Code::KeyUnknown,
            Self::Token(_) => Code::TokenInvalid,
            Self::NoSession => Code::StorageUnavailable,
            Self::OutOfReach { .. } => Code::ScopeMissing,
            Self::TooMany | Self::TooManyMessages(_) => Code::RateLimited,
            Self::ForeignOrigin => Code::ForeignOrigin,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Refused::new(self.code(), self.to_string()).into_response();
        if response.status() == StatusCode::UNAUTHORIZED {
            let way = HeaderValue::from_static(match self {
                Self::Token(_) => "Bearer realm=\"lull\", error=\"invalid_token\"",
                _ => "Bearer realm=\"lull\"",
            });
            response.headers_mut().insert(WWW_AUTHENTICATE, way);
        }
        response
    }
}
