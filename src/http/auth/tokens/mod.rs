//! Tokens (JWT): whose signature is believed, what they must say, and what they give.

mod claims;
mod key_set;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, ensure};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use thiserror::Error;
use tokio::sync::Notify;
use tracing::{debug, info, warn};

use crate::core::api_key::Principal;
use crate::core::scopes::Scopes;
use crate::delivery::fetch::fetch;
use crate::gateway::proof::signatures;
use crate::settings::tokens::{KeySet, SHORTEST_SECRET, TokenConfig};
use claims::Claims;
use key_set::{PublicKey, keys_of};

/// How often the keys of a URL are fetched, when nobody misses one. For so long a key counts that was taken out there,
/// perhaps because somebody has stolen it.
const FETCHED_EVERY: Duration = Duration::from_secs(60);
/// A key that is missed, or a URL that does not answer, makes for a fetch this soon and no sooner.
const FETCHED_AGAIN: Duration = Duration::from_secs(5);
/// What is wrong with a set of keys that nobody's token can be signed with.
const NO_KEY: &str = "there is no key for RS256, ES256 or EdDSA in the set";

/// Whose tokens are believed.
pub(super) struct Tokens {
    secret: Option<DecodingKey>,
    public: RwLock<Arc<[PublicKey]>>,
    /// Where public keys are fetched.
    url: Option<String>,
    missed: Notify,
    audiences: Vec<String>,
    issuers: Vec<String>,
}

/// Why a token is not believed.
#[derive(Clone, Debug, Error)]
pub(in crate::http) enum TokenError {
    /// Its time is over.
    #[error("the token has expired: get a new one")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet: is a clock wrong?")]
    Early,
    /// It is for somebody else.
    #[error("the token is meant for somebody else: its aud is none of JWT_AUDIENCE")]
    Audience,
    /// It is by somebody else.
    #[error("the token was issued by somebody else: its iss is none of JWT_ISSUER")]
    Issuer,
    /// It lacks a claim.
    #[error("the token has no {0}, which it must have")]
    Missing(String),
    /// It is signed in a way that nobody set a key for.
    #[error(
        "tokens that are signed with {0} are not taken here: is SECRET_KEY or JWT_JWKS_URL set?"
    )]
    Algorithm(String),
    /// It must not be believed by whoever does not know what its `crit` names (RFC 7515, 4.1.11), and nothing is known
    /// here.
    #[error("the token has a crit, and none of the extensions that it may name is known here")]
    Critical,
    /// Nobody known has signed it.
    #[error("the signature of the token fits none of the keys that are known")]
    Signature,
    /// It is no token of a kind that is known.
    #[error("the token cannot be read")]
    Unreadable,
}

impl Tokens {
    /// # Errors
    /// When the key set of a file has no key that can be used.
    pub(super) fn new(config: TokenConfig) -> anyhow::Result<Self> {
        signatures::install();
        if config.may_be_guessed() {
            warn!(
                "SECRET_KEY has fewer than {SHORTEST_SECRET} characters and may be guessed: make one with openssl rand -hex 32"
            );
        }
        let (public, url) = match config.key_set {
            None => (Vec::new(), None),
            Some(KeySet::Text(text)) => {
                let keys = keys_of(text.as_bytes()).context("JWT_JWKS_FILE")?;
                ensure!(!keys.is_empty(), "JWT_JWKS_FILE: {NO_KEY}");
                (keys, None)
            }
            Some(KeySet::Url(url)) => (Vec::new(), Some(url)),
        };
        Ok(Self {
            secret: config
                .secret
                .map(|it| DecodingKey::from_secret(it.as_bytes())),
            public: RwLock::new(public.into()),
            url,
            missed: Notify::new(),
            audiences: config.audiences,
            issuers: config.issuers,
        })
    }

    /// Whether no token is believed.
    pub(super) fn is_empty(&self) -> bool {
        self.secret.is_none() && self.url.is_none() && self.public().is_empty()
    }

    /// Who has this token; none if it is not a token at all.
    pub(super) fn principal(&self, given: &str) -> Option<Result<Arc<Principal>, TokenError>> {
        // Most keys have no dots.
        if self.is_empty() || given.matches('.').count() != 2 {
            return None;
        }
        Some(self.checked(given).map(Arc::new))
    }

    fn checked(&self, token: &str) -> Result<Principal, TokenError> {
        let header = decode_header(token).map_err(|error| why(error.kind()))?;
        if signatures::has_crit(token) {
            return Err(TokenError::Critical);
        }
        match (header.alg, &self.secret) {
            (Algorithm::HS256, Some(secret)) => {
                let claims = self.claims(token, secret, header.alg)?;
                // Who has the secret is one of us, and made the token for nothing else.
                Ok(claims.principal(Scopes::ingest()))
            }
            (Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA, _) => {
                let public = self.public();
                let id = header.kid.as_deref();
                for key in public.iter().filter(|key| key.fits(header.alg, id)) {
                    match self.claims(token, &key.key, header.alg) {
                        Err(TokenError::Signature) => {}
                        other => return Ok(other?.principal(Scopes::default())),
                    }
                }
                // Perhaps the issuer has a new key.
                self.missed.notify_one();
                Err(TokenError::Signature)
            }
            (other, _) => Err(TokenError::Algorithm(format!("{other:?}"))),
        }
    }

    fn claims(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Claims, TokenError> {
        let mut rules = Validation::new(algorithm);
        rules.validate_nbf = true;
        let mut required = vec!["exp"];
        rules.validate_aud = !self.audiences.is_empty();
        if rules.validate_aud {
            rules.set_audience(&self.audiences);
            required.push("aud");
        }
        if !self.issuers.is_empty() {
            rules.set_issuer(&self.issuers);
            required.push("iss");
        }
        rules.set_required_spec_claims(&required);
        let data = decode::<Claims>(token, key, &rules).map_err(|error| why(error.kind()))?;
        Ok(data.claims)
    }

    fn public(&self) -> Arc<[PublicKey]> {
        let public = self.public.read();
        public.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the keys of `JWT_JWKS_URL` for ever. While it does not answer, the keys that it had count; those that its
    /// answer has no more are forgotten, even all of them.
    pub(super) async fn keep_fresh(&self) {
        let Some(url) = &self.url else { return };
        let mut told = None;
        loop {
            let fetched = async { keys_of(&fetch(url).await?) };
            let pause = match fetched.await {
                Ok(keys) => {
                    tell(&keys, told.replace(names_of(&keys)).as_ref());
                    let mut public = self.public.write().unwrap_or_else(PoisonError::into_inner);
                    *public = keys.into();
                    FETCHED_EVERY
                }
                Err(error) => {
                    warn!(error = %format!("{error:#}"), "Cannot get the public keys of JWT_JWKS_URL: {error:#}");
                    FETCHED_AGAIN
                }
            };
            tokio::time::sleep(FETCHED_AGAIN).await;
            let rest = pause.saturating_sub(FETCHED_AGAIN);
            let _ = tokio::time::timeout(rest, self.missed.notified()).await;
        }
    }
}

/// Says how many keys were fetched, where they are others than those of `before`.
fn tell(keys: &[PublicKey], before: Option<&Vec<String>>) {
    let count = keys.len();
    match count {
        _ if before == Some(&names_of(keys)) => {
            debug!(
                keys = count,
                "The same {count} public keys from JWT_JWKS_URL"
            );
        }
        0 => warn!("No token of JWT_JWKS_URL is believed: {NO_KEY}"),
        _ => info!(keys = count, "{count} public keys from JWT_JWKS_URL"),
    }
}

fn names_of(keys: &[PublicKey]) -> Vec<String> {
    keys.iter().map(PublicKey::name).collect()
}

fn why(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::Early,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::MissingRequiredClaim(claim) => TokenError::Missing(claim.clone()),
        ErrorKind::InvalidSignature => TokenError::Signature,
        _ => TokenError::Unreadable,
    }
}
