//! Public keys, as issuers publish them (JWKS, RFC 7517).

use anyhow::{Context, Result, ensure};
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};

/// A key, and the one algorithm that it is for.
pub(super) struct PublicKey {
    id: Option<String>,
    algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

impl PublicKey {
    /// Whether a token that is signed so, with the key of this id, may be signed with this key.
    pub(super) fn fits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let same = id.is_none() || self.id.is_none() || id == self.id.as_deref();
        self.algorithm == algorithm && same
    }
}

/// The keys of a set that can be used. Others are for other services, and secrets have no place in it.
pub(super) fn keys_of(json: &[u8]) -> Result<Vec<PublicKey>> {
    let set: JwkSet = serde_json::from_slice(json).context("it is not a set of keys (JWKS)")?;
    let keys: Vec<_> = set.keys.iter().filter_map(public_key).collect();
    ensure!(
        !keys.is_empty(),
        "there is no key for RS256, ES256 or EdDSA in the set"
    );
    Ok(keys)
}

fn public_key(jwk: &Jwk) -> Option<PublicKey> {
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
    let key = DecodingKey::from_jwk(jwk).ok()?;
    (for_it && to_sign).then(|| PublicKey {
        id: jwk.common.key_id.clone(),
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
                prop_assert!(keys.len() == 1 && kind != "oct");
            }
            let _ = keys_of(&bytes);
        }
    }
}
