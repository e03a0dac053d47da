//! Public keys, as issuers publish them (JWKS, RFC 7517).

use anyhow::{Context, Result};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// A key, and the one algorithm that it is for.
pub(super) struct PublicKey {
    id: Option<String>,
    algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl PublicKey {
    /// What it is called, and what it is for.
    pub(super) fn name(&self) -> String {
        let id = self.id.as_deref().unwrap_or_default();
        format!("{id} {:?}", self.algorithm)
    }

    /// Whether a token that is signed so, with the key of this id, may be signed with this key.
    pub(super) fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let same = id.is_none() || self.id.is_none() || id == self.id.as_deref();
        self.algorithm == algorithm && same
    }
}

/// A set, of which each key is read by itself: one of a kind that nobody here knows must not keep a key alive that the
/// issuer has taken out.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// The keys of a set that can be used; perhaps none. Others are for other services, and secrets have no place in it.
pub(super) fn keys_of(json: &[u8]) -> Result<Vec<PublicKey>> {
    let set: Set = serde_json::from_slice(json).context("it is not a set of keys (JWKS)")?;
    Ok(set.keys.into_iter().filter_map(public_key).collect())
}

fn public_key(jwk: Value) -> Option<PublicKey> {
    let jwk: Jwk = serde_json::from_value(jwk).ok()?;
    let (algorithm, called) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let for_it = jwk.common.key_algorithm.is_none_or(|it| it == called);
    let usage = jwk.common.public_key_use.as_ref();
    let to_sign = usage.is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    (for_it && to_sign).then(|| PublicKey {
        id: jwk.common.key_id,
        algorithm,
        key,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_set_of_keys_breaks_its_reader(
            kind in "RSA|EC|OKP|oct|[a-z]{0,4}",
            curve in "P-256|P-384|Ed25519|secp256k1|[ -~]{0,8}",
            algorithm in "RS256|ES256|EdDSA|HS256|none|[ -~]{0,6}",
            (x, y) in ("[A-Za-z0-9_-]{0,48}", "[A-Za-z0-9_=+/-]{0,48}"),
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let key = serde_json::json!({
                "kty": kind, "crv": curve, "alg": algorithm, "use": "sig", "x": x, "y": y, "n": y, "e": x, "k": x,
            });
            let set = serde_json::json!({ "keys": [key] }).to_string();
            if let Ok(keys) = keys_of(set.as_bytes()) {
                // A secret among public keys must not become one.
                prop_assert!(keys.is_empty() || kind != "oct");
            }
            let _ = keys_of(&bytes);
        }
    }
}
