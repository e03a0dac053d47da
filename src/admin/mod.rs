//! What an operator asks and changes: buffers, destinations and schedules, chats, dead letters, what is stopped, what is
//! over. Each answers plain values and typed errors, and knows nothing of HTTP, so that the api, a page or a command can
//! call it alike. What is changed is noted here, with who did it, so that every caller leaves its note.

mod aliases;
mod batches;
mod buffers;
mod calling_off;
mod chat_detail;
mod chats;
mod configuring;
mod control;
mod current;
mod dead_letters;
mod destinations;
pub mod doctor;
mod error;
mod finding;
mod keys;
mod lanes;
mod lines;
mod lists;
pub mod live;
pub mod overview;
mod pausing;
mod removing;
pub mod samples;
mod scheduled;
mod schedules;
mod sending_again;
mod shown;
pub mod story;
mod trials;
pub mod tuner;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::delivery::Clients;
use crate::ingest::Ingest;
use crate::registry::Registry;
use crate::registry::chat_tokens::ChatTokens;
use crate::registry::key_ring::KeyRing;
use crate::store::Store;
use crate::store::audit::Act;
use crate::store::history::Retention;
use crate::telemetry::metrics::Metrics;

pub use batches::{Destined, Saying, WholeBatch, Whose};
pub use chat_detail::{ChatDetail, Part};
pub use configuring::{Drained, Managed};
pub use current::{Current, Since};
use doctor::Deployment;
pub use error::{AdminError, Conflict, NoSuch, NotKept};
pub use finding::{Findings, FoundBy};
pub use keys::NewKey;
pub use lanes::WaitingLane;
pub use lists::Page;
use live::Live;
pub use removing::Ended;
pub use schedules::{RunDue, ScheduleDetail};
pub use sending_again::Repeat;
pub use shown::{DestinationDetail, Shown};

/// Everything an operator asks and changes. A clone is the same.
#[derive(Clone)]
pub struct Admin(Arc<Parts>);

struct Parts {
    store: Store,
    registry: Registry,
    key_ring: KeyRing,
    chat_tokens: ChatTokens,
    live: Live,
    metrics: Arc<Metrics>,
    /// How much is kept of what is over.
    retention: Retention,
    /// What an operator brings in goes by it, and is bounded as all that comes is.
    ingest: Ingest,
    /// How all of it goes, as it was last seen.
    overview: tokio::sync::Mutex<overview::Seen>,
    /// A revival was asked for.
    reviving: Notify,
    /// What is known of all of it by the settings, and the connections that destinations are tried over.
    deployment: Deployment,
}

impl Admin {
    /// Puts it together.
    pub fn new(
        store: Store,
        registry: Registry,
        key_ring: KeyRing,
        deployment: Deployment,
        metrics: Arc<Metrics>,
        retention: Retention,
        ingest: Ingest,
    ) -> Self {
        Self(Arc::new(Parts {
            chat_tokens: ChatTokens::new(store.clone()),
            live: Live::new(store.clone(), registry.clone()),
            store,
            registry,
            key_ring,
            metrics,
            retention,
            ingest,
            overview: tokio::sync::Mutex::default(),
            reviving: Notify::new(),
            deployment,
        }))
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn registry(&self) -> &Registry {
        &self.0.registry
    }

    fn key_ring(&self) -> &KeyRing {
        &self.0.key_ring
    }

    fn clients(&self) -> &Clients {
        &self.0.deployment.clients
    }

    /// What stands for chats in paths.
    pub fn chat_tokens(&self) -> &ChatTokens {
        &self.0.chat_tokens
    }

    /// Carries on the revivals that were asked for here, and those of a daemon that has died, until told to stop.
    pub async fn carry_on_revivals(self, stop: CancellationToken) {
        self.store()
            .dead_letters()
            .carry_on_revivals_until(&self.0.reviving, stop)
            .await;
    }

    /// Notes what was done. That it was done stands, whether or not it can be noted.
    async fn note(&self, act: Act) {
        if let Err(error) = self.store().audit().note(&act).await {
            let action = &act.action;
            warn!(action, error = %error, "Could not write {action} into the audit: {error}");
        }
    }
}
