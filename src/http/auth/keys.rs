//! The keys of the environment, and where a request may have one.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use crate::core::api_key::{KeyDigest, Principal, digest};
use crate::settings::auth::Key;

/// Where a key may stand beside `Authorization`.
const HEADERS: [&str; 2] = ["x-api-key", "x-ins-auth-key"];

/// The keys of the environment. Only their digests are kept: they have one length, and nothing of a key can get out.
pub(super) struct Keys(Vec<(KeyDigest, Arc<Principal>)>);

impl Keys {
    pub(super) fn new(keys: Vec<Key>) -> Self {
        let keys = keys.into_iter().map(|key| {
            let principal = Principal {
                name: key.name.into(),
                scopes: key.scopes,
            };
            (digest(&key.secret), Arc::new(principal))
        });
        Self(keys.collect())
    }

    /// What the principals are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, principal)| &*principal.name)
    }

    /// Who holds this key. It takes as long for a near miss as for any other.
    pub(super) fn principal(&self, given: &str) -> Option<&Arc<Principal>> {
        let given = digest(given);
        let mut found = None;
        for (key, principal) in &self.0 {
            if bool::from(key.ct_eq(&given)) {
                found = Some(principal);
            }
        }
        found
    }

    /// Who holds the key of this name whose digest begins so.
    pub(super) fn remembered(&self, name: &str, begins: &[u8]) -> Option<&Arc<Principal>> {
        let mut keys = self.0.iter();
        let (_, principal) = keys
            .find(|(digest, principal)| &*principal.name == name && digest.starts_with(begins))?;
        Some(principal)
    }
}

/// All that may be a key among the headers. A post of a gateway may have its own proof in one and the key in another.
pub(super) fn given(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let authorization = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let others = HEADERS.iter().filter_map(|name| headers.get(*name));
    let others = others.filter_map(|value| value.to_str().ok());
    let all = authorization.map(bare).into_iter().chain(others);
    all.map(str::trim).filter(|given| !given.is_empty())
}

/// The value without the word `Bearer`.
fn bare(authorization: &str) -> &str {
    let (scheme, key) = authorization.split_once(' ').unwrap_or((authorization, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        key
    } else {
        authorization
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::scopes::Scopes;

    fn keys(keys: &[(&str, &str)]) -> Keys {
        let keys = keys.iter().map(|(name, secret)| Key {
            name: (*name).to_owned(),
            secret: (*secret).to_owned(),
            scopes: Scopes::everything(),
        });
        Keys::new(keys.collect())
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_key_names_its_holder_and_nothing_else_does() {
        let keys = keys(&[("n8n", "one"), ("n8n", "two"), ("panel", "three")]);

        let name = |given| keys.principal(given).map(|principal| &*principal.name);

        assert_eq!(name("one"), Some("n8n"));
        assert_eq!(name("two"), Some("n8n"));
        assert_eq!(name("three"), Some("panel"));
        for wrong in ["", "on", "one ", "onee", "ONE", "n8n"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_looked_for_in_every_header_it_may_stand_in() {
        for (header, value) in [
            ("authorization", "Bearer k3y"),
            ("authorization", "bearer  k3y "),
            ("authorization", "k3y"),
            ("x-api-key", "k3y"),
            ("x-ins-auth-key", "k3y"),
        ] {
            let headers = headers(&[(header, value)]);
            assert_eq!(given(&headers).collect::<Vec<_>>(), ["k3y"], "{value}");
        }
        let all = headers(&[("authorization", "Bearer "), ("x-api-key", "k3y")]);
        assert!(given(&all).any(|given| given == "k3y"));
        for empty in ["", "Bearer", "Bearer  "] {
            assert_eq!(given(&headers(&[("authorization", empty)])).count(), 0);
        }
    }
}
