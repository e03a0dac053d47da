//! Sessions: a browser shows a key or a token once, and is known by a cookie from then on. Scripts cannot read it, no other
//! site can send it, and it dies with its key. Every `api` of one Redis knows it, and none has to remember it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue, Method};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::keys::Keys;
use super::tokens::Tokens;
use crate::core::api_key::{Principal, digest};
use crate::http::now;
use crate::registry::chat_tokens::ChatTokens;
use crate::registry::key_ring::KeyRing;
use crate::server::network_of;

/// What a session is called where it must not leave HTTPS, and elsewhere.
const NAMES: [&str; 2] = ["__Host-lull", "lull"];
/// A session ends when nothing was asked for so long, s.
const IDLE: u64 = 12 * 3600;
/// And after this, whatever was asked, s.
const WHOLE: u64 = 7 * 24 * 3600;
/// What was asked is noted in the cookie this often, s.
const NOTED_EVERY: u64 = 600;
/// Bytes of a key's digest that a session remembers.
const MARK: usize = 8;
/// Browsers keep no longer cookie.
const LONGEST: usize = 4000;
/// Keys that one address may try in a minute.
const TRIES: NonZeroU32 = NonZeroU32::new(5).expect("it is not 0");
/// What the proof of a session is made for.
const PURPOSE: &str = "a session";

const HOST: &str = "host";
const ORIGIN: &str = "origin";
const SEC_FETCH_SITE: &str = "sec-fetch-site";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// A browser that showed a key or a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::http) struct Session {
    shown: Shown,
    /// When, s since 1970.
    began: u64,
    /// When something was last asked, s since 1970.
    asked: u64,
}

/// What was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Shown {
    /// A key: its name, and how its digest begins.
    Key(String, [u8; MARK]),
    /// A token, which tells itself until when it is good.
    Token(String),
}

/// All that is needed to know a session.
pub(super) struct Sessions {
    proofs: ChatTokens,
    tries: DefaultKeyedRateLimiter<Option<IpAddr>>,
}

impl Sessions {
    pub(super) fn new(proofs: ChatTokens) -> Self {
        Self {
            proofs,
            tries: RateLimiter::keyed(Quota::per_minute(TRIES)),
        }
    }

    /// Whether somebody at this address may try another key now.
    pub(super) fn may_try(&self, address: Option<IpAddr>) -> bool {
        self.tries.check_key(&address.map(network_of)).is_ok()
    }

    /// Forgets who has not tried for long.
    pub(super) fn forget(&self) {
        self.tries.retain_recent();
        self.tries.shrink_to_fit();
    }

    /// The cookie of a session that begins now; none: Redis was never there to agree on what proves it, or the token is too long.
    pub(super) fn begun(
        &self,
        shown: &str,
        who: &Principal,
        is_token: bool,
        secure: bool,
    ) -> Option<HeaderValue> {
        let now = now() / 1000;
        let shown = if is_token {
            Shown::Token(shown.to_owned())
        } else {
            Shown::Key(who.name.to_string(), mark(shown))
        };
        let session = Session {
            shown,
            began: now,
            asked: now,
        };
        self.cookie(&session, secure)
    }

    /// The session of a request, and its cookie anew if it is time to note that something was asked.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<(Session, Option<HeaderValue>)> {
        let (value, secure) = cookie(headers)?;
        let session = self.read(value, now() / 1000)?;
        let asked = now() / 1000;
        if asked.saturating_sub(session.asked) < NOTED_EVERY {
            return Some((session, None));
        }
        let session = Session { asked, ..session };
        let anew = self.cookie(&session, secure);
        Some((session, anew))
    }

    fn cookie(&self, session: &Session, secure: bool) -> Option<HeaderValue> {
        let text = serde_json::to_vec(session).ok()?;
        let proof = self.proofs.proof(PURPOSE, &text)?;
        let (text, proof) = (URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(proof));
        if text.len() > LONGEST {
            return None;
        }
        let (name, only) = if secure {
            (NAMES[0], "; Secure")
        } else {
            (NAMES[1], "")
        };
        let age = IDLE.min((session.began + WHOLE).saturating_sub(session.asked));
        let set = format!(
            "{name}={text}.{proof}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{only}"
        );
        HeaderValue::try_from(set).ok()
    }

    fn read(&self, value: &str, now: u64) -> Option<Session> {
        let (text, proof) = value.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        let expected = self.proofs.proof(PURPOSE, &text)?;
        if !bool::from(expected.as_slice().ct_eq(&proof)) {
            return None;
        }
        let session: Session = serde_json::from_slice(&text).ok()?;
        let lives = now < session.began + WHOLE && now < session.asked + IDLE;
        lives.then_some(session)
    }
}

impl Session {
    /// Who holds what was shown, if it still opens anything.
    pub(super) fn principal(
        &self,
        keys: &Keys,
        ring: &KeyRing,
        tokens: &Tokens,
    ) -> Option<Arc<Principal>> {
        match &self.shown {
            Shown::Key(name, mark) => {
                let known = keys.remembered(name, mark).cloned();
                known.or_else(|| ring.remembered(name, mark))
            }
            Shown::Token(token) => tokens.principal(token)?.ok(),
        }
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

/// The value of the cookie, and whether it is the one of HTTPS.
fn cookie(headers: &HeaderMap) -> Option<(&str, bool)> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| {
        let place = NAMES.iter().position(|known| *known == name)?;
        Some((value, place == 0))
    })
}

fn mark(key: &str) -> [u8; MARK] {
    let mut mark = [0; MARK];
    mark.copy_from_slice(&digest(key)[..MARK]);
    mark
}

/// How often whoever tried too often may try again.
pub(in crate::http) const AGAIN_AFTER: Duration = Duration::from_secs(60 / TRIES.get() as u64);
