//! The api daemon's room: messages in, and what an operator asks.

mod admin_error;
mod audit;
mod auth;
mod body;
mod buffers;
mod chat_detail;
mod chats;
mod compat;
mod control;
mod daemons;
mod dead_letters;
mod destinations;
mod endpoint;
mod error;
mod events;
mod find;
mod front;
mod health;
mod history;
mod keys;
mod lanes;
mod lines;
mod message;
mod messages;
mod middleware;
mod named_chat;
mod openapi;
mod overview;
mod page;
mod paused;
mod pausing;
mod posts;
mod query;
pub mod receiver;
mod removal;
mod routes;
mod samples;
mod scalars;
mod scheduled;
mod schedules;
mod session;
mod specs;
mod story;
#[cfg(test)]
mod tests;
mod typing;
mod webhook;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::admin::Admin;
use crate::admin::doctor::Deployment;
use crate::delivery::Clients;
use crate::health::{Watch, clock};
use crate::ingest::Ingest;
use crate::loops::{Loop, Loops};
use crate::memory;
use crate::registry::Registry;
use crate::registry::key_ring::KeyRing;
use crate::server;
use crate::settings::api::ApiConfig;
use crate::settings::server::ServerConfig;
use crate::spec::Buffer;
use crate::store::Store;
use crate::store::history::Retention;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::tracer::Tracer;
use auth::Auth;
use endpoint::Endpoint;
pub use front::Front;
use middleware::budget::Budget;
use routes::router;

/// A client gets its answer within 2 s, whatever Redis does.
pub const PATIENCE: Duration = Duration::from_millis(1500);

/// What every handler works with. Every layer of every request takes a clone, so that is one count.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// See [`Api`].
pub struct Parts {
    admin: Admin,
    store: Store,
    metrics: Arc<Metrics>,
    tracer: Tracer,
    registry: Registry,
    watch: Watch,
    auth: Auth,
    ingest: Ingest,
    budget: Budget,
    loops: Loops,
    server: ServerConfig,
    max_body_bytes: usize,
    max_bodies_bytes: usize,
    /// Most characters of a message that leaves one by one.
    message_max_length: usize,
    document: openapi::Document,
}

impl Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Api {
    /// Puts the room together; `store` has [`PATIENCE`].
    ///
    /// # Errors
    /// When who may come in cannot be known.
    pub fn new(
        config: &ApiConfig,
        registry: Registry,
        store: Store,
        metrics: Arc<Metrics>,
        tracer: Tracer,
        loops: Loops,
    ) -> Result<Self> {
        let broker = config.rabbit.as_ref().map(|rabbit| rabbit.url.clone());
        let clients = Clients::new(config.guard.clone()).with_broker(broker);
        let key_ring = KeyRing::new(store.clone());
        let ingest = Ingest::new(
            config.bounds,
            &config.retention,
            registry.clone(),
            store.clone(),
            metrics.clone(),
            clients.clone(),
        );
        let admin = Admin::new(
            store.clone(),
            registry.clone(),
            key_ring.clone(),
            Deployment::of(config, clients),
            metrics.clone(),
            Retention::of(&config.retention),
            ingest.clone(),
        );
        let proofs = admin.chat_tokens().clone();
        let auth = Auth::new(config.auth.clone(), key_ring, proofs)?;
        Ok(Self(Arc::new(Parts {
            budget: Budget::new(config.max_bodies_bytes),
            watch: Watch::new(&store, registry.clone()),
            admin,
            ingest,
            store,
            metrics,
            tracer,
            registry,
            auth,
            loops,
            server: config.server,
            max_body_bytes: config.max_body_bytes,
            max_bodies_bytes: config.max_bodies_bytes,
            message_max_length: config.message_max_length,
            document: openapi::Document::default(),
        })))
    }

    /// What brings messages in.
    pub fn ingest(&self) -> &Ingest {
        &self.ingest
    }

    /// The buffer that the environment describes.
    fn default_buffer(&self) -> &Buffer {
        &self.registry.defaults().buffer
    }

    fn start<F>(
        &self,
        name: Loop,
        stop: &CancellationToken,
        make: impl Fn(&Self, CancellationToken) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let (api, token) = (self.clone(), stop.clone());
        let made = move || make(&api, token.clone());
        self.loops.start(name, None, stop.clone(), made);
    }
}

/// Serves on `listener` until told to stop, then finishes the requests in hand.
///
/// # Errors
/// When the listener breaks, or what stands in front cannot be made.
///
/// Boxed, so that all of it is compiled in this crate, and not in each that serves.
pub fn serve(
    listener: TcpListener,
    api: Api,
    front: Front,
    stop: CancellationToken,
) -> BoxFuture<'static, Result<()>> {
    serve_until_stopped(listener, api, front, stop).boxed()
}

async fn serve_until_stopped(
    listener: TcpListener,
    api: Api,
    front: Front,
    stop: CancellationToken,
) -> Result<()> {
    let at = listener.local_addr().context("the address listened on")?;
    info!(address = %at, "Taking messages on http://{at}");
    api.auth.announce();
    // Before the first message: how long its id counts as seen goes by that. Where Redis is away, the loop looks again.
    if let Err(error) = api.store.clock().look(None).await {
        debug!(error = %error, "Could not look at the clock: {error}");
    }
    // So that the first ids are noted as they are needed. Where Redis is away, the heart looks later.
    if let Err(error) = api.store.look_for_older_ids().await {
        debug!(error = %error, "Could not look for ids of an older Lull: {error}");
    }
    api.auth.catch_up().await;
    // So that the first answers have tokens. Where Redis is away, the loop agrees later.
    if let Err(error) = api.admin.chat_tokens().agree().await {
        debug!(error = %error, "Could not agree on the key of chat tokens: {error}");
    }
    let (server, loops) = (api.server, api.loops.clone());
    let routes = front(router(api.clone()))?;
    api.start(Loop::Auth, &stop, |api, stop| {
        api.auth.clone().keep_fresh(stop)
    });
    api.start(Loop::ChatTokens, &stop, |api, stop| {
        api.admin.chat_tokens().clone().keep_fresh(stop)
    });
    api.ingest.start(&loops, &stop);
    api.start(Loop::Registry, &stop, |api, stop| {
        api.registry.clone().keep_fresh(stop)
    });
    api.start(Loop::Events, &stop, |api, stop| {
        api.admin.live().clone().run(stop)
    });
    api.start(Loop::Reviving, &stop, |api, stop| {
        api.admin.clone().carry_on_revivals(stop)
    });
    api.start(Loop::Removals, &stop, |api, stop| {
        api.registry.clone().finish_removals(stop)
    });
    api.start(Loop::Clock, &stop, |api, stop| {
        clock::keep_looking(api.store.clone(), stop)
    });
    api.start(Loop::Memory, &stop, |_, stop| memory::give_back(stop));
    server::serve(listener, routes, server, &loops, stop).await;
    info!("No longer taking messages");
    Ok(())
}

/// Every endpoint there is, in the order of the document.
fn endpoints() -> Vec<Endpoint> {
    let all = [
        message::endpoints(),
        typing::endpoints(),
        find::endpoints(),
        chat_detail::endpoints(),
        story::endpoints(),
        chats::endpoints(),
        pausing::endpoints(),
        paused::endpoints(),
        buffers::endpoints(),
        destinations::endpoints(),
        webhook::endpoints(),
        messages::endpoints(),
        scheduled::endpoints(),
        schedules::endpoints(),
        history::endpoints(),
        posts::endpoints(),
        lines::endpoints(),
        lanes::endpoints(),
        events::endpoints(),
        dead_letters::endpoints(),
        control::endpoints(),
        audit::endpoints(),
        keys::endpoints(),
        session::endpoints(),
        overview::endpoints(),
        samples::endpoints(),
        daemons::endpoints(),
        health::endpoints(),
        openapi::endpoints(),
        compat::endpoints(),
    ];
    all.into_iter().flatten().collect()
}
