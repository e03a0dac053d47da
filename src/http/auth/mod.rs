//! Authentication: who may come in. A layer in front of every route asks for a key as its endpoint says; what it found
//! out goes on with the request.

mod client;
mod cors;
mod keys;
mod layer;
mod limits;
mod need;
mod principal;
mod refusal;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::request::Parts;
use axum::{RequestExt, Router};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Api;
use super::endpoint::need_of;
use crate::registry::key_ring::KeyRing;
use crate::settings::auth::{AuthConfig, SHORTEST_KEY};
use crate::settings::origins::Origins;
use client::Proxies;
use cors::cors;
use keys::{Keys, given};
pub(super) use layer::Guarding;
use limits::{FORGOTTEN_EVERY, Left, Limits};
pub(super) use need::Need;
pub(super) use principal::Pass;
pub(super) use refusal::Refusal;
use tokens::Tokens;

/// Who may come in. Clones share their keys and limits.
#[derive(Clone)]
pub(super) struct Auth(Arc<Rules>);

struct Rules {
    keys: Keys,
    /// The keys that operators made.
    key_ring: KeyRing,
    tokens: Tokens,
    limits: Option<Limits>,
    origins: Origins,
    proxies: Proxies,
    /// Whether there are neither keys nor tokens.
    asks_nobody: bool,
}

impl Auth {
    /// # Errors
    /// When a file of public keys has none that can be used.
    pub(super) fn new(config: AuthConfig, key_ring: KeyRing) -> Result<Self> {
        for key in &config.keys {
            if key.may_be_guessed() {
                let name = &key.name;
                warn!(
                    key = name,
                    "The key of {name} has fewer than {SHORTEST_KEY} characters and may be guessed: make one with openssl rand -hex 24"
                );
            }
        }
        let asks_nobody = config.keys.is_empty() && config.tokens.is_empty();
        Ok(Self(Arc::new(Rules {
            keys: Keys::new(config.keys),
            key_ring,
            tokens: Tokens::new(config.tokens)?,
            limits: config.rate.as_ref().and_then(Limits::new),
            origins: config.origins,
            proxies: Proxies(config.proxies),
            asks_nobody,
        })))
    }

    /// Says who may come in, once, when the daemon starts.
    pub(super) fn announce(&self) {
        if self.asks_nobody() {
            warn!(
                "No API_KEYS and no keys for tokens are set: whoever reaches this port may bring messages, and everything else answers only to this machine"
            );
            return;
        }
        let names: Vec<_> = self.0.keys.names().collect();
        let names = names.join(", ");
        if names.is_empty() {
            info!("Only who has a token comes in");
        } else {
            info!(keys = names, "Only who has a key comes in: {names}");
        }
    }

    /// Takes up the keys that there are, before the first request; where Redis is away, the loop does.
    pub(super) async fn catch_up(&self) {
        if let Err(error) = self.0.key_ring.catch_up().await {
            debug!(error = %error, "Could not read the keys in Redis: {error}");
        }
    }

    /// Keeps keys and what is believed of tokens fresh, and forgets callers that are gone, until told to stop.
    pub(super) async fn keep_fresh(self, stop: CancellationToken) {
        let forgetting = async {
            let Some(limits) = &self.0.limits else { return };
            loop {
                tokio::time::sleep(FORGOTTEN_EVERY).await;
                limits.forget();
            }
        };
        let all = async {
            tokio::join!(
                self.0.key_ring.keep_fresh(),
                self.0.tokens.keep_fresh(),
                forgetting
            );
        };
        stop.run_until_cancelled(all).await;
        // A use that nobody has noted yet.
        self.0.key_ring.note_use().await;
    }

    /// Whether nobody is asked for a key or a token.
    pub(super) fn asks_nobody(&self) -> bool {
        self.0.asks_nobody
    }

    /// The same with what browsers ask before a page of somebody else may call.
    pub(super) fn with_cors(&self, router: Router<Api>) -> Router<Api> {
        match cors(&self.0.origins) {
            Some(cors) => router.layer(cors),
            None => router,
        }
    }

    /// Where a request comes from, as far as that is known.
    pub(super) fn client(&self, parts: &Parts) -> Option<IpAddr> {
        let (extensions, headers) = (&parts.extensions, &parts.headers);
        self.0.proxies.client(extensions, headers)
    }

    /// Lets a request in, with its pass, or says why not; and what is left to the caller, where that is limited.
    fn admit(&self, request: &mut Request) -> (Result<(), Refusal>, Option<Left>) {
        let need = need_of(request);
        if need == Need::Nothing {
            return (Ok(()), None);
        }
        let pass = if self.asks_nobody() {
            Pass::Unasked
        } else {
            self.pass(request)
        };
        let taken = self.0.limits.as_ref().map(|limits| {
            let (extensions, headers) = (request.extensions(), request.headers());
            limits.take(&pass, self.0.proxies.client(extensions, headers))
        });
        match taken {
            Some(Err(left)) => (Err(Refusal::TooMany), Some(left)),
            Some(Ok(left)) => (self.let_in(request, need, pass), Some(left)),
            None => (self.let_in(request, need, pass), None),
        }
    }

    fn let_in(&self, request: &mut Request, need: Need, pass: Pass) -> Result<(), Refusal> {
        match (&pass, need) {
            (Pass::Unasked, _) => {
                let comes_in = need.is_ingest() || self.at_home(request);
                return comes_in.then_some(()).ok_or(Refusal::NotAtHome);
            }
            // The handler knows the buffer, and whether its own proof stands for a key.
            (_, Need::IngestNamed) => {}
            (Pass::Known(principal), need) if !need.is_met_by(&principal.scopes) => {
                return Err(Refusal::out_of_reach(principal, need));
            }
            (Pass::Unknown(refusal), _) => return Err(refusal.clone()),
            (Pass::Known(_), _) => {}
        }
        request.extensions_mut().insert(pass);
        Ok(())
    }

    fn at_home(&self, request: &Request) -> bool {
        let (extensions, headers) = (request.extensions(), request.headers());
        self.0.proxies.at_home(extensions, headers, &self.0.origins)
    }

    /// Who sends a request, by the first key or token of it that is known.
    fn pass(&self, request: &mut Request) -> Pass {
        let token = token_in_path(request);
        let mut refusal = Refusal::NoKey;
        for given in given(request.headers()).chain(token.as_deref()) {
            if let Some(principal) = self.0.keys.principal(given) {
                return Pass::Known(principal.clone());
            }
            if let Some(principal) = self.0.key_ring.principal(given) {
                return Pass::Known(principal);
            }
            refusal = match self.0.tokens.principal(given) {
                Some(Ok(principal)) => return Pass::Known(principal),
                Some(Err(error)) => error.into(),
                None => Refusal::WrongKey,
            };
        }
        Pass::Unknown(refusal)
    }
}

/// The key of a gateway that can set no header.
fn token_in_path(request: &mut Request) -> Option<String> {
    let route = request.extensions().get::<MatchedPath>()?;
    if !route.as_str().ends_with("/{token}") {
        return None;
    }
    // It waits for nothing.
    let params = request.extract_parts::<RawPathParams>().now_or_never()?;
    let params = params.ok()?;
    let token = params.iter().find(|(name, _)| *name == "token");
    token.map(|(_, token)| token.to_owned())
}
