//! How a browser comes in: what it shows, whether its page is ours, and who it is by its session.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Method};

use super::Auth;
use super::need::Need;
use super::principal::Pass;
use super::refusal::Refusal;
use super::session::{Shown, TRIES};
use crate::core::api_key::{Principal, digest};
use crate::http::error::ApiError;

const HOST: &str = "host";
const ORIGIN: &str = "origin";
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// A session that begins: the cookie that stands for it, and who it is.
pub(in crate::http) type Begun = (HeaderValue, Arc<Principal>);

/// Who tried too many keys may try another after this.
pub(in crate::http) const AGAIN_AFTER: Duration = Duration::from_secs(60 / TRIES.get() as u64);

impl Auth {
    /// Who sends a request, by the session of its browser.
    pub(super) fn pass_of_session(
        &self,
        method: &Method,
        headers: &HeaderMap,
    ) -> (Pass, Option<HeaderValue>) {
        let Some((session, anew)) = self.0.sessions.of(headers) else {
            return (Pass::Unknown(Refusal::NoKey), None);
        };
        let (keys, ring, tokens) = (&self.0.keys, &self.0.key_ring, &self.0.tokens);
        match session.shown().principal(keys, ring, tokens) {
            None => (Pass::Unknown(Refusal::NoKey), None),
            Some(_) if !is_of_our_page(method, headers) => {
                (Pass::Unknown(Refusal::ForeignOrigin), None)
            }
            Some(principal) => (Pass::Known(principal), anew),
        }
    }

    /// The session of a browser that shows a key or a token, as the cookie that begins it, and who that is.
    ///
    /// # Errors
    /// When this is neither, or does not reach what a browser shows; or too many were tried from this address.
    pub(in crate::http) fn begin_session(
        &self,
        shown: &str,
        address: Option<IpAddr>,
        secure: bool,
    ) -> Result<Begun, Refusal> {
        if !self.0.sessions.may_try(address) {
            return Err(Refusal::TooMany);
        }
        let principal = match self.pass_of(std::iter::once(shown)) {
            Pass::Known(principal) | Pass::Open(Some(principal)) => principal,
            Pass::Unknown(refusal) => return Err(refusal),
            Pass::Open(None) => return Err(Refusal::NoKey),
        };
        let shown = if self.0.tokens.principal(shown).is_some() {
            Shown::Token(shown.to_owned())
        } else {
            Shown::key(&principal.name, &digest(shown))
        };
        self.begin(shown, principal, secure)
    }

    /// The same of one that shows a link, which is good once.
    ///
    /// # Errors
    /// When it is none, was taken already or is over, or too many were tried from this address; or Redis does not answer.
    pub(in crate::http) async fn begin_session_by_link(
        &self,
        link: &str,
        address: Option<IpAddr>,
        secure: bool,
    ) -> Result<Begun, ApiError> {
        if !self.0.sessions.may_try(address) {
            return Err(Refusal::TooMany.into());
        }
        let (keys, ring, tokens) = (&self.0.keys, &self.0.key_ring, &self.0.tokens);
        let linked = ring.take_link(link).await?;
        let shown = linked.map(|key| Shown::key(&key.name, &key.digest));
        let known = shown.and_then(|shown| Some((shown.principal(keys, ring, tokens)?, shown)));
        let (principal, shown) = known.ok_or(Refusal::LinkOver)?;
        Ok(self.begin(shown, principal, secure)?)
    }

    fn begin(
        &self,
        shown: Shown,
        principal: Arc<Principal>,
        secure: bool,
    ) -> Result<Begun, Refusal> {
        if !Need::Read.is_met_by(&principal.scopes) {
            return Err(Refusal::out_of_reach(&principal, Need::Read));
        }
        let cookie = self.0.sessions.begun(shown, secure);
        Ok((cookie.ok_or(Refusal::NoSession)?, principal))
    }
}

/// Ends every session of a browser.
pub(in crate::http) fn ended() -> [HeaderValue; 2] {
    [
        HeaderValue::from_static(
            "__Host-lull=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
        ),
        HeaderValue::from_static("lull=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"),
    ]
}

/// Whether a page of our own sends this, as the browser tells; or, of what only looks, nobody's page. A browser that does not
/// tell (before 2023) sends `Origin` with what changes anything.
pub(in crate::http) fn is_of_our_page(method: &Method, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    if let Some(site) = text(SEC_FETCH_SITE) {
        return site == "same-origin" || (method.is_safe() && site == "none");
    }
    let own = || {
        let (_, authority) = text(ORIGIN)?.split_once("://")?;
        Some(authority.eq_ignore_ascii_case(text(HOST)?))
    };
    method.is_safe() || own().unwrap_or_default()
}

/// Whether the browser came by HTTPS: its page says so, or whoever stands before us. Who lies gets a cookie that is of no use.
pub(in crate::http) fn is_by_https(headers: &HeaderMap) -> bool {
    let begins = |name: &str, with: &[u8]| {
        let value = headers.get(name).map(HeaderValue::as_bytes);
        value.is_some_and(|value| value.to_ascii_lowercase().starts_with(with))
    };
    begins(ORIGIN, b"https://") || begins(FORWARDED_PROTO, b"https")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        is_of_our_page(method, &headers)
    }

    #[test]
    fn only_our_own_pages_change_anything() {
        let (get, post) = (&Method::GET, &Method::POST);
        let site = |site| [("sec-fetch-site", site)];

        assert!(ours(post, &site("same-origin")) && ours(get, &site("same-origin")));
        assert!(ours(get, &site("none")) && !ours(post, &site("none")));
        for other in ["same-site", "cross-site", "", "SAME-ORIGIN"] {
            assert!(
                !ours(post, &site(other)) && !ours(get, &site(other)),
                "{other}"
            );
        }
        let old = |origin| [("host", "lull.example"), ("origin", origin)];
        assert!(ours(post, &old("https://lull.example")));
        for other in [
            "https://evil.example",
            "null",
            "https://lull.example.evil",
            "lull.example",
        ] {
            assert!(!ours(post, &old(other)), "{other}");
        }
        assert!(ours(get, &[]) && !ours(post, &[]));
    }
}
