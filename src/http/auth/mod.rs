//! Authentication: who may come in. A layer in front of every route asks for a key as its endpoint says; what it found
//! out goes on with the request.

mod allowance;
mod beside;
mod client;
mod coming_in;
mod cors;
mod first_key;
mod keys;
mod layer;
mod limits;
mod need;
mod origin;
mod principal;
mod refusal;
mod session;
mod staying;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::{RequestExt, Router};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Api;
use super::endpoint::need_of;
use crate::core::chat::Name;
use crate::registry::chat_tokens::ChatTokens;
use crate::registry::key_ring::KeyRing;
use crate::settings::auth::{AuthConfig, SHORTEST_KEY};
use crate::settings::origins::Origins;
use crate::store::chats::tokens::is_like_one;
pub(super) use allowance::Allowance;
use beside::Beside;
use client::Proxies;
pub(super) use coming_in::{AGAIN_AFTER, ended, is_by_https, is_of_our_page};
use cors::cors;
use keys::{Keys, given};
pub(super) use layer::Guarding;
use limits::{FORGOTTEN_EVERY, Limits};
pub(super) use need::Need;
use need::Opening;
use origin::is_of_a_foreign_page;
pub(super) use principal::Pass;
pub(super) use refusal::Refusal;
use session::{PURPOSE, Sessions};

pub(super) use staying::Stay;
use tokens::Tokens;

/// Who may come in. Clones share their keys and limits.
#[derive(Clone)]
pub(super) struct Auth(Arc<Rules>);

struct Rules {
    keys: Keys,
    /// The keys that operators made.
    key_ring: KeyRing,
    tokens: Tokens,
    sessions: Sessions,
    limits: Option<Limits>,
    origins: Origins,
    proxies: Proxies,
    /// Whether messages are taken without a key.
    open_ingest: bool,
    /// The same of those that Buffer Service and the queue take.
    open_buffer_service: bool,
    /// Whether the environment names nobody: then the first api to start makes a key.
    names_nobody: bool,
}

impl Auth {
    /// # Errors
    /// When a file of public keys has none that can be used.
    pub(super) fn new(config: AuthConfig, key_ring: KeyRing, proofs: ChatTokens) -> Result<Self> {
        for key in &config.keys {
            if key.may_be_guessed() {
                let name = &key.name;
                warn!(
                    key = name,
                    "The key of {name} has fewer than {SHORTEST_KEY} characters and may be guessed: make one with openssl rand -hex 24"
                );
            }
        }
        Ok(Self(Arc::new(Rules {
            open_ingest: config.open_ingest,
            open_buffer_service: config.open_buffer_service,
            names_nobody: config.names_nobody(),
            keys: Keys::new(config.keys),
            key_ring,
            sessions: Sessions::new(Box::new(move |text| proofs.proof(PURPOSE, text))),
            tokens: Tokens::new(config.tokens)?,
            limits: config.rate.as_ref().and_then(Limits::new),
            origins: config.origins,
            proxies: Proxies(config.proxies),
        })))
    }

    /// Says who may come in, once, when the daemon starts.
    pub(super) fn announce(&self) {
        let names: Vec<_> = self.0.keys.names().collect();
        let names = names.join(", ");
        if self.0.open_ingest {
            warn!(
                "Whoever reaches this port may bring messages, because OPEN_INGEST is true or neither API_KEYS nor keys for tokens are set; everything else needs a key"
            );
        } else if self.0.names_nobody {
            info!("Only who has a key comes in: one that lies in Redis");
        } else if names.is_empty() {
            info!("Only who has a token comes in, or a key that lies in Redis");
        } else {
            info!(
                keys = names,
                "Only who has a key comes in: {names}, or one that lies in Redis"
            );
        }
        if self.0.open_buffer_service {
            warn!(
                "Whoever reaches this port may send calls to any URL and queue messages to people, because OPEN_BUFFER_SERVICE is true"
            );
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
            loop {
                tokio::time::sleep(FORGOTTEN_EVERY).await;
                self.0.sessions.forget();
                if let Some(limits) = &self.0.limits {
                    limits.forget();
                }
            }
        };
        let all = async {
            tokio::join!(
                self.see_to_first_key(),
                self.0.key_ring.keep_fresh(),
                self.0.tokens.keep_fresh(),
                forgetting
            );
        };
        stop.run_until_cancelled(all).await;
        // A use that nobody has noted yet.
        self.0.key_ring.note_use().await;
    }

    /// Whether what is needed is open to everybody.
    pub(super) fn opens(&self, need: Need) -> bool {
        match need.opening() {
            Some(Opening::Ingest) => self.0.open_ingest,
            Some(Opening::BufferService) => self.0.open_buffer_service,
            None => false,
        }
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

    /// Lets a request in, with its pass, or says why not; and what its answer tells the caller beside.
    fn admit(&self, request: &mut Request) -> (Result<(), Refusal>, Beside) {
        let need = need_of(request);
        if need == Need::Nothing {
            return (Ok(()), Beside::default());
        }
        let (pass, cookie) = self.pass(request);
        let Some(limits) = &self.0.limits else {
            let allowance = Allowance::default();
            let beside = Beside { allowance, cookie };
            return (self.let_in(request, need, pass), beside);
        };
        let (extensions, headers) = (request.extensions(), request.headers());
        let caller = Limits::caller(&pass, self.0.proxies.client(extensions, headers));
        let (admitted, allowance) = match limits.take(&caller) {
            Err(left) => (Err(Refusal::TooMany), Allowance::new(self, caller, left)),
            Ok(left) => {
                let allowance = Allowance::new(self, caller, left);
                request.extensions_mut().insert(allowance.clone());
                (self.let_in(request, need, pass), allowance)
            }
        };
        (admitted, Beside { allowance, cookie })
    }

    fn let_in(&self, request: &mut Request, need: Need, pass: Pass) -> Result<(), Refusal> {
        let pass = match pass {
            pass if !self.opens(need) => pass,
            Pass::Known(principal) => Pass::Open(Some(principal)),
            // A browser lets any page send a form to any address that it can reach.
            _ if is_of_a_foreign_page(request.headers(), &self.0.origins) => {
                Pass::Unknown(Refusal::ForeignOrigin)
            }
            _ => Pass::Open(None),
        };
        match (&pass, need) {
            // With the named, the handler knows the buffer, and whether its own proof stands for a key.
            (Pass::Open(_), _) | (_, Need::IngestNamed | Need::Proof) => {}
            (Pass::Known(principal), Need::ReadNamed)
                if buffer_in_query(request).is_none_or(|it| principal.scopes.brings_to(&it)) => {}
            (Pass::Known(principal), need) if !need.is_met_by(&principal.scopes) => {
                return Err(Refusal::out_of_reach(principal, need));
            }
            (Pass::Unknown(refusal), _) => return Err(refusal.clone()),
            (Pass::Known(_), _) => {}
        }
        request.extensions_mut().insert(pass);
        Ok(())
    }

    /// Who sends a request, by the first key or token of it that is known, else by the session of its browser; and the cookie
    /// of that, where it is to be set anew.
    fn pass(&self, request: &mut Request) -> (Pass, Option<HeaderValue>) {
        let token = token_in_path(request);
        let headers = request.headers();
        match self.pass_of(given(headers).chain(token.as_deref())) {
            Pass::Unknown(Refusal::NoKey) => self.pass_of_session(request.method(), headers),
            pass => (pass, None),
        }
    }

    /// The same by all that may be one.
    fn pass_of<'a>(&self, given: impl Iterator<Item = &'a str>) -> Pass {
        let mut refusal = Refusal::NoKey;
        for given in given {
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

/// The buffer that a query names, else `default`. None: the query has a chat's token, from which the handler reads the buffer.
fn buffer_in_query(request: &Request) -> Option<Name> {
    let query = request.uri().query().unwrap_or_default();
    let first = |name| form_urlencoded::parse(query.as_bytes()).find(|(field, _)| field == name);
    if first("user").is_some_and(|(_, user)| is_like_one(&user)) {
        return None;
    }
    let named = first("buffer").and_then(|(_, name)| Name::parse(&name).ok());
    Some(named.unwrap_or_else(Name::default_name))
}

/// The key of a gateway that can set no header.
fn token_in_path(request: &mut Request) -> Option<String> {
    let route = request.extensions().get::<MatchedPath>()?;
    if !route.as_str().contains("/{token}") {
        return None;
    }
    // It waits for nothing.
    let params = request.extract_parts::<RawPathParams>().now_or_never()?;
    let params = params.ok()?;
    let token = params.iter().find(|(name, _)| *name == "token");
    token.map(|(_, token)| token.to_owned())
}
