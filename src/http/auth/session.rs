//! Sessions: a browser shows a key or a token once, and is known by a cookie from then on. Scripts cannot read it, no other
//! site can send it, and it dies with its key. Every `api` of one Redis knows it, and none has to remember it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::keys::Keys;
use super::tokens::Tokens;
use crate::clock::now;
use crate::core::api_key::{KeyDigest, Principal};
use crate::core::cookie;
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
pub(super) const TRIES: NonZeroU32 = NonZeroU32::new(5).expect("it is not 0");
/// What the proof of a session is made for.
pub(super) const PURPOSE: &str = "a session";

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
pub(super) enum Shown {
    /// A key: its name, and how its digest begins.
    Key(String, [u8; MARK]),
    /// A token, which tells itself until when it is good.
    Token(String),
}

impl Shown {
    /// The key of this name and digest.
    pub(super) fn key(name: &str, digest: &KeyDigest) -> Self {
        let mut mark = [0; MARK];
        mark.copy_from_slice(&digest[..MARK]);
        Self::Key(name.to_owned(), mark)
    }

    /// Who holds it, if it still opens anything.
    pub(super) fn principal(
        &self,
        keys: &Keys,
        ring: &KeyRing,
        tokens: &Tokens,
    ) -> Option<Arc<Principal>> {
        match self {
            Self::Key(name, mark) => {
                let known = keys.remembered(name, mark).cloned();
                known.or_else(|| ring.remembered(name, mark))
            }
            Self::Token(token) => tokens.principal(token)?.ok(),
        }
    }
}

/// What proves that an api of this Redis wrote a text; none: there was no Redis yet to agree on a key.
type Prove = Box<dyn Fn(&[u8]) -> Option<[u8; 32]> + Send + Sync>;

/// All that is needed to know a session.
pub(super) struct Sessions {
    prove: Prove,
    tries: DefaultKeyedRateLimiter<Option<IpAddr>>,
}

impl Sessions {
    pub(super) fn new(prove: Prove) -> Self {
        Self {
            prove,
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
    pub(super) fn begun(&self, shown: Shown, secure: bool) -> Option<HeaderValue> {
        let now = now() / 1000;
        let session = Session {
            shown,
            began: now,
            asked: now,
        };
        self.cookie(&session, secure)
    }

    /// The session of a request, and its cookie anew if it is time to note that something was asked.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<(Session, Option<HeaderValue>)> {
        let (value, secure) = shown_by(headers)?;
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
        let proof = (self.prove)(&text)?;
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
        let expected = (self.prove)(&text)?;
        if !bool::from(expected.as_slice().ct_eq(&proof)) {
            return None;
        }
        let session: Session = serde_json::from_slice(&text).ok()?;
        let lives = now < session.began + WHOLE && now < session.asked + IDLE;
        lives.then_some(session)
    }
}

impl Session {
    /// What was shown when it began.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// The value of the cookie, and whether it is the one of HTTPS.
fn shown_by(headers: &HeaderMap) -> Option<(&str, bool)> {
    let lines = headers.get_all(COOKIE).iter();
    let lines = lines.filter_map(|it| it.to_str().ok());
    let (name, value) = cookie::find(lines, &NAMES)?;
    Some((value, name == NAMES[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::api_key::digest;

    fn sessions(secret: u8) -> Sessions {
        Sessions::new(Box::new(move |text| {
            let mut proof = digest(&hex::encode(text));
            proof[0] ^= secret;
            Some(proof)
        }))
    }

    fn ana() -> Shown {
        Shown::key("ana", &digest("a key"))
    }

    fn begun(secure: bool) -> HeaderMap {
        let set = sessions(1).begun(ana(), secure).unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(
            COOKIE,
            HeaderValue::try_from(format!("a=b; {pair}")).unwrap(),
        )])
    }

    #[test]
    fn a_session_lives_for_twelve_hours_of_nothing_and_seven_days_in_all() {
        let headers = begun(false);
        let (value, _) = shown_by(&headers).unwrap();
        let (session, anew) = sessions(1).of(&headers).unwrap();
        assert_eq!((session.shown.clone(), anew), (ana(), None));
        let at = |now| sessions(1).read(value, now);

        assert!(at(session.began + IDLE - 1).is_some());
        assert!(at(session.began + IDLE).is_none());
        let renewed = Session {
            asked: session.began + WHOLE - 1,
            ..session.clone()
        };
        let set = sessions(1).cookie(&renewed, false).unwrap();
        let set = set.to_str().unwrap();
        assert!(set.contains("Max-Age=1;"), "{set}");
        let value = set.split(['=', ';']).nth(1).unwrap();
        assert!(sessions(1).read(value, session.began + WHOLE - 1).is_some());
        assert!(sessions(1).read(value, session.began + WHOLE).is_none());
    }

    #[test]
    fn a_cookie_of_another_redis_or_that_was_changed_is_nothing() {
        let headers = begun(true);
        let (value, secure) = shown_by(&headers).unwrap();
        let now = now() / 1000;

        assert!(secure && sessions(1).read(value, now).is_some());
        assert!(sessions(2).read(value, now).is_none());
        let (text, proof) = value.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD
            .encode(br#"{"shown":{"Key":["boss",[0,0,0,0,0,0,0,0]]},"began":1,"asked":1}"#);
        for bad in [
            "",
            ".",
            text,
            &format!("{other}.{proof}"),
            &format!("{text}.{}", &proof[1..]),
        ] {
            assert!(sessions(1).read(bad, now).is_none(), "{bad}");
        }
    }
}
