//! Whether who was let in may stay: an answer without end is let in once, and its key may be revoked meanwhile.

use axum::http::{HeaderMap, Method};

use super::keys::given;
use super::need::Need;
use super::refusal::Refusal;
use super::{Auth, Pass};

/// What somebody was let in with, to be looked at again.
pub(in crate::http) struct Stay {
    auth: Auth,
    headers: HeaderMap,
    need: Need,
}

impl Stay {
    /// That of a request with these headers.
    pub(in crate::http) fn of(auth: &Auth, headers: &HeaderMap, need: Need) -> Self {
        Self {
            auth: auth.clone(),
            headers: headers.clone(),
            need,
        }
    }

    /// Whether the same request would be let in now.
    pub(in crate::http) fn may_go_on(&self) -> bool {
        let pass = match self.auth.pass_of(given(&self.headers)) {
            Pass::Unknown(Refusal::NoKey) => {
                self.auth.pass_of_session(&Method::GET, &self.headers).0
            }
            pass => pass,
        };
        match pass {
            Pass::Known(principal) => self.need.is_met_by(&principal.scopes),
            Pass::Open(_) | Pass::Unknown(_) => self.auth.opens(self.need),
        }
    }
}
