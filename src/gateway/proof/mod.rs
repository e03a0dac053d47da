//! How a post proves that it comes from its gateway.

mod error;
pub mod handshake;
pub mod signatures;
mod token;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::core::batch::Millis;
use crate::core::json::node::Node;
use crate::gateway::path::Path;
pub use error::ProofError;

/// How far the time of a signed post may be from now, in ms, so that a recorded one is of no use later.
const MAX_AGE_MS: Millis = 5 * 60 * 1000;

/// A post, as far as proofs look at it.
#[derive(Clone, Copy)]
pub struct Post<'p, 'a> {
    /// The value of a header by its name in lower case.
    pub header: &'p dyn Fn(&str) -> Option<&'p str>,
    /// The whole URL as the gateway called it, from the scheme to the query: behind a proxy that is not the URL that
    /// arrives.
    pub url: &'p str,
    /// The body, byte by byte as it came.
    pub bytes: &'p [u8],
    /// The same body, to look into.
    pub body: &'p Node<'a>,
}

/// What makes a post of a gateway credible. Which of them a gateway uses stands in its preset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// What the secret is at the gateway, for people who look for it there.
    secret_is: String,
    /// The part of the URL's query where the secret itself may stand, for gateways that cannot be made to send a
    /// header or, in older versions, to sign.
    query: Option<String>,
    way: Way,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Way {
    /// The secret itself stands in one of these headers, there also as `Bearer`, or in this place of the body.
    Secret {
        headers: Vec<String>,
        body: Option<Path>,
        /// A token may stand in its place, signed with it.
        #[serde(default)]
        token: bool,
    },
    /// A header has the hex HMAC of the body; with a timestamp, of `<seconds since 1970>.<body>`.
    Hmac {
        header: String,
        algorithm: Algorithm,
        #[serde(default)]
        prefix: String,
        timestamp: Option<String>,
    },
    /// Twilio's own: base64 HMAC-SHA1 of the URL and the sorted form.
    Twilio,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Proof {
    /// The proof for posts of programs that Lull knows no preset for: the secret in `x-webhook-secret`, or in
    /// `authorization` as `Bearer`.
    pub fn plain() -> Self {
        Self {
            secret_is: "what the client sends in x-webhook-secret".to_owned(),
            query: None,
            way: Way::Secret {
                headers: vec!["x-webhook-secret".to_owned(), "authorization".to_owned()],
                body: None,
                token: false,
            },
        }
    }

    /// Checks a post at `now`. No comparison takes longer the more of a guess is right.
    ///
    /// # Errors
    /// Says what is wrong with the proof and what to do.
    pub fn check(&self, secret: &str, post: Post<'_, '_>, now: Millis) -> Result<(), ProofError> {
        if secret.trim().is_empty() {
            return Err(ProofError::NoSecret(self.secret_is.clone()));
        }
        let query = self.query.as_deref();
        let given = query.and_then(|name| in_query(post.url, name));
        // Evolution puts the name of the event behind the URL, and so behind a query: `?secret=…/messages-upsert`.
        let without_event = |given: &str| Some(same(given.rsplit_once('/')?.0, secret));
        if given.is_some_and(|given| same(&given, secret) || without_event(&given) == Some(true)) {
            return Ok(());
        }
        match &self.way {
            Way::Secret {
                headers,
                body,
                token,
            } => {
                let given = self.given(post, headers, body.as_ref())?;
                if given.iter().any(|given| same(given, secret)) {
                    return Ok(());
                }
                let mut tokens = given.iter().filter(|_| *token);
                match tokens.find_map(|given| token::is_fresh(given, secret, now)) {
                    Some(true) => Ok(()),
                    Some(false) => Err(ProofError::Expired),
                    None => Err(self.wrong(&self.came(post, headers, body.as_ref()))),
                }
            }
            Way::Hmac {
                header,
                algorithm,
                prefix,
                timestamp,
            } => {
                let proof = self.header(post, header)?;
                let digits = proof.strip_prefix(prefix.as_str()).unwrap_or_default();
                let Ok(proof) = hex::decode(digits) else {
                    return Err(self.wrong(header));
                };
                let time = match timestamp {
                    Some(header) => format!("{}.", self.fresh(post, header, now)?),
                    None => String::new(),
                };
                let signed = [time.as_bytes(), post.bytes];
                let fits = match algorithm {
                    Algorithm::Sha256 => fits::<Hmac<Sha256>>(secret, &signed, &proof),
                    Algorithm::Sha512 => fits::<Hmac<Sha512>>(secret, &signed, &proof),
                };
                fits.then_some(()).ok_or_else(|| self.wrong(header))
            }
            Way::Twilio => {
                let header = "x-twilio-signature";
                let proof = STANDARD.decode(self.header(post, header)?);
                let fits = proof.is_ok_and(|proof| twilio_fits(secret, post, &proof));
                fits.then_some(()).ok_or_else(|| self.wrong(header))
            }
        }
    }

    /// The fields of a body in which the secret itself may stand.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let body = match &self.way {
            Way::Secret { body, .. } => body.as_ref(),
            Way::Hmac { .. } | Way::Twilio => None,
        };
        body.into_iter().flat_map(Path::last_fields)
    }

    /// All that may be the secret.
    fn given(
        &self,
        post: Post<'_, '_>,
        headers: &[String],
        body: Option<&Path>,
    ) -> Result<Vec<String>, ProofError> {
        let mut given: Vec<String> = headers
            .iter()
            .filter_map(|header| (post.header)(header))
            .map(|value| value.strip_prefix("Bearer ").unwrap_or(value).to_owned())
            .collect();
        given.extend(body.and_then(|path| path.text(post.body)).map(Into::into));
        if given.is_empty() {
            return Err(self.missing(&headers.join(", ")));
        }
        Ok(given)
    }

    /// In which places something came that may be the secret.
    fn came(&self, post: Post<'_, '_>, headers: &[String], body: Option<&Path>) -> String {
        let query = self.query.as_deref();
        let query = query.filter(|name| in_query(post.url, name).is_some());
        let headers = headers.iter().filter(|it| (post.header)(it).is_some());
        let body = body.filter(|path| path.text(post.body).is_some());
        let came = query.map(|name| format!("?{name}=")).into_iter();
        let came = came.chain(headers.cloned());
        let came = came.chain(body.map(ToString::to_string));
        came.collect::<Vec<_>>().join(", ")
    }

    fn header<'p>(&self, post: Post<'p, '_>, name: &str) -> Result<&'p str, ProofError> {
        (post.header)(name).ok_or_else(|| self.missing(name))
    }

    /// The timestamp (s since 1970) of a header, if it is of these minutes.
    fn fresh<'p>(
        &self,
        post: Post<'p, '_>,
        header: &str,
        now: Millis,
    ) -> Result<&'p str, ProofError> {
        let text = self.header(post, header)?;
        let seconds: u64 = text.parse().map_err(|_| self.wrong(header))?;
        if seconds.saturating_mul(1000).abs_diff(now) > MAX_AGE_MS {
            return Err(ProofError::Stale(header.to_owned()));
        }
        Ok(text)
    }

    fn missing(&self, place: &str) -> ProofError {
        let query = self.query.as_ref();
        let query = query.map_or(String::new(), |name| format!(" and no fitting ?{name}="));
        ProofError::Missing {
            place: format!("{place}{query}"),
            secret_is: self.secret_is.clone(),
        }
    }

    fn wrong(&self, place: &str) -> ProofError {
        ProofError::Wrong {
            place: place.to_owned(),
            secret_is: self.secret_is.clone(),
        }
    }
}

fn same(given: &str, secret: &str) -> bool {
    given.as_bytes().ct_eq(secret.as_bytes()).into()
}

fn fits<M: Mac + KeyInit>(secret: &str, signed: &[&[u8]], proof: &[u8]) -> bool {
    // A key of any length is taken.
    let Ok(mut mac) = <M as Mac>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    signed.iter().for_each(|part| mac.update(part));
    mac.verify_slice(proof).is_ok()
}

/// Of a form, the URL and all its fields in order of their names are signed, each pair once. Of any other body the URL
/// is signed, and has the body's digest in its query.
fn twilio_fits(secret: &str, post: Post<'_, '_>, proof: &[u8]) -> bool {
    let mut signed = vec![post.url.as_bytes()];
    if let Some(digest) = in_query(post.url, "bodySHA256") {
        let body = hex::encode(Sha256::digest(post.bytes));
        return same(&body, &digest) && fits::<Hmac<Sha1>>(secret, &signed, proof);
    }
    let mut fields: Vec<_> = form_urlencoded::parse(post.bytes).collect();
    fields.sort();
    fields.dedup();
    for (name, value) in &fields {
        signed.extend([name.as_bytes(), value.as_bytes()]);
    }
    fits::<Hmac<Sha1>>(secret, &signed, proof)
}

fn in_query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests;
