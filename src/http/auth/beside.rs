//! What an answer tells whoever asked beside what was asked for: what is left to them, and the cookie of their session.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use super::allowance::Allowance;

/// What an answer tells whoever asked beside what was asked for.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) allowance: Allowance,
    /// The cookie of their session, where it is to be set anew.
    pub(super) cookie: Option<HeaderValue>,
}

impl Beside {
    pub(super) fn is_nothing(&self) -> bool {
        !self.allowance.is_limited() && self.cookie.is_none()
    }

    pub(super) fn tell(self, headers: &mut HeaderMap) {
        self.allowance.tell(headers);
        if let Some(cookie) = self.cookie {
            headers.append(SET_COOKIE, cookie);
        }
    }
}
