//! A token (JWT) that a gateway makes of the secret for each post.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use super::signatures;
use crate::core::batch::Millis;

/// How far the clocks of the gateway and ours may be apart, ms.
const LEEWAY_MS: Millis = 60 * 1000;

#[derive(Deserialize)]
struct Claims {
    /// When it ends to be valid, s since 1970.
    exp: u64,
}

/// Whether a token that the secret signed (HS256) is still valid at `now`; none if it is not such a token.
pub(super) fn is_fresh(token: &str, secret: &str, now: Millis) -> Option<bool> {
    // Most secrets have no dots.
    if token.matches('.').count() != 2 {
        return None;
    }
    signatures::install();
    let mut rules = Validation::new(Algorithm::HS256);
    // Below, by the time of the caller.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.set_required_spec_claims(&["exp"]);
    let key = DecodingKey::from_secret(secret.as_bytes());
    if signatures::has_crit(token) {
        return None;
    }
    let token = decode::<Claims>(token, &key, &rules).ok()?;
    let ends = token.claims.exp.saturating_mul(1000);
    Some(now <= ends.saturating_add(LEEWAY_MS))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, Mac};
    use sha2::Sha256;

    use super::*;

    /// Now, s since 1970.
    const NOW: u64 = 1_763_770_000;
    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    /// A token with this header and these claims, signed by HS256.
    fn token(header: &str, claims: &str, secret: &str) -> String {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let parts = [header, claims].map(|part| encoded(part.as_bytes()));
        let signed = parts.join(".");
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", encoded(&mac.finalize().into_bytes()))
    }

    /// What Evolution says in one.
    fn claims(exp: u64) -> String {
        format!(r#"{{"iat":{NOW},"exp":{exp},"app":"evolution","action":"webhook"}}"#)
    }

    fn fresh(token: &str) -> Option<bool> {
        is_fresh(token, "s3cret", NOW * 1000)
    }

    #[test]
    fn a_token_is_good_until_its_time_is_over_by_clocks_that_differ_by_a_minute() {
        for (exp, is_good) in [
            (NOW + 600, true),
            (NOW, true),
            (NOW - 60, true),
            (NOW - 61, false),
            (0, false),
        ] {
            let token = token(HS256, &claims(exp), "s3cret");
            assert_eq!(fresh(&token), Some(is_good), "{exp}");
        }
    }

    #[test]
    fn what_the_secret_did_not_sign_in_this_way_or_that_never_ends_is_no_token() {
        let ten_minutes = claims(NOW + 600);
        let good = token(HS256, &ten_minutes, "s3cret");
        for wrong in [
            token(HS256, &ten_minutes, "other"),
            token(HS256, r#"{"iat":1}"#, "s3cret"),
            token(HS256, r#"{"exp":"never"}"#, "s3cret"),
            token(r#"{"alg":"none"}"#, &ten_minutes, "s3cret"),
            token(r#"{"alg":"HS512"}"#, &ten_minutes, "s3cret"),
            token(r#"{"alg":"HS256","crit":["x"]}"#, &ten_minutes, "s3cret"),
            token(r#"{"alg":"HS256","crit":null}"#, &ten_minutes, "s3cret"),
            good[..good.len() - 2].to_owned(),
            "a.b.c".to_owned(),
            "..".to_owned(),
            "s3cret".to_owned(),
        ] {
            assert_eq!(fresh(&wrong), None, "{wrong}");
        }
    }
}
