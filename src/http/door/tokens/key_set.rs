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
