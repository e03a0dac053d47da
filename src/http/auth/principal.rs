//! What came with a request: somebody known, or nobody.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::need::Need;
use super::refusal::Refusal;
use crate::core::api_key::Principal;
use crate::core::chat::Name;
use crate::http::Api;

/// What auth found out about a request.
#[derive(Clone, Debug)]
pub(in crate::http) enum Pass {
    /// The endpoint is open to everybody; somebody known, where a key came all the same.
    Open(Option<Arc<Principal>>),
    /// Somebody known.
    Known(Arc<Principal>),
    /// Nobody known. The buffer's own proof may still stand for a key.
    Unknown(Refusal),
}

impl Pass {
    /// Whether it may bring messages for this buffer.
    pub(in crate::http) fn brings_to(&self, buffer: &Name) -> Result<(), Refusal> {
        match self {
            Self::Open(_) => Ok(()),
            Self::Known(principal) if principal.scopes.brings_to(buffer) => Ok(()),
            Self::Known(principal) => Err(Refusal::out_of_reach(principal, Need::IngestNamed)),
            Self::Unknown(refusal) => Err(refusal.clone()),
        }
    }

    /// Whether it may ask how a chat of this buffer stands.
    pub(in crate::http) fn asks_about(&self, buffer: &Name) -> Result<(), Refusal> {
        match self {
            Self::Known(principal)
                if principal.scopes.reads() || principal.scopes.brings_to(buffer) =>
            {
                Ok(())
            }
            Self::Known(principal) | Self::Open(Some(principal)) => {
                Err(Refusal::out_of_reach(principal, Need::ReadNamed))
            }
            Self::Open(None) => Err(Refusal::NoKey),
            Self::Unknown(refusal) => Err(refusal.clone()),
        }
    }

    /// Whether anybody may come with it at all, wherever to.
    pub(in crate::http) fn is_somebodys(&self) -> Result<(), Refusal> {
        match self {
            Self::Open(_) | Self::Known(_) => Ok(()),
            Self::Unknown(refusal) => Err(refusal.clone()),
        }
    }

    /// What the one who came is called.
    pub(in crate::http) fn name(&self) -> Option<&str> {
        match self {
            Self::Known(principal) | Self::Open(Some(principal)) => Some(&principal.name),
            Self::Open(None) | Self::Unknown(_) => None,
        }
    }
}

impl FromRequestParts<Api> for Pass {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Infallible> {
        let pass = parts.extensions.get::<Self>().cloned();
        Ok(pass.unwrap_or(Self::Unknown(Refusal::NoKey)))
    }
}
