//! What is left to whoever sends a request: told with the answer, and taken from once more where a post holds several
//! messages, because only then can they be counted.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::Auth;
use super::limits::{Caller, Left};
use super::refusal::Refusal;
use crate::http::Api;

/// What is left to the caller of a request, where that is limited.
#[derive(Clone, Default)]
pub(in crate::http) struct Allowance(Option<Arc<Counted>>);

struct Counted {
    auth: Auth,
    caller: Caller,
    left: Mutex<Left>,
}

impl Allowance {
    pub(super) fn new(auth: &Auth, caller: Caller, left: Left) -> Self {
        Self(Some(Arc::new(Counted {
            auth: auth.clone(),
            caller,
            left: Mutex::new(left),
        })))
    }

    /// Counts the messages of a post, all or none. The first was counted with the request.
    ///
    /// # Errors
    /// When there are more than are left.
    pub(in crate::http) fn count_messages(&self, count: usize) -> Result<(), Refusal> {
        let Some(counted) = &self.0 else {
            return Ok(());
        };
        let Some(limits) = counted.auth.0.limits.as_ref().filter(|_| count > 1) else {
            return Ok(());
        };
        let taken = limits.take_messages(&counted.caller, count);
        let (left, counts) = match taken {
            Ok(left) => (left, Ok(())),
            Err(left) => (left, Err(Refusal::TooManyMessages(count))),
        };
        *counted.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
        counts
    }

    /// Tells the caller.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(counted) = &self.0 {
            let left = counted.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.tell(headers);
        }
    }

    /// Whether anything is limited.
    pub(super) fn is_limited(&self) -> bool {
        self.0.is_some()
    }
}

impl FromRequestParts<Api> for Allowance {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
