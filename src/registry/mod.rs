//! The buffers and destinations there are, as both daemons go by them: those of the environment and those in Redis,
//! checked and made ready once, and kept fresh.

mod aims;
pub mod chat_tokens;
mod fresh;
pub mod key_ring;
mod lives;
mod removals;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use tokio::sync::watch;
use tracing::{error, warn};

use crate::core::chat::{Chat, ChatId, Name};
use crate::core::control::Stops;
use crate::core::destination::{Destination, Target};
use crate::core::language::Language;
use crate::core::window::WindowRules;
use crate::spec::buffer::Buffer;
use crate::spec::{Defaults, Schedule};
use crate::store::config::{Configured, Kind};
use crate::store::keys::Shard;
use crate::store::{Result, Store};
use aims::{aimed, living, stops, target};

/// How often the version is asked for; a change is taken up within twice this.
const PERIOD: Duration = Duration::from_millis(400);
/// Between tries to read at start.
const PAUSE: Duration = Duration::from_secs(1);

/// All buffers and destinations at one version.
#[derive(Debug)]
pub struct Snapshot {
    /// What lies in Redis, as it was written.
    pub configured: Configured,
    buffers: HashMap<Name, Arc<Buffer>>,
    destinations: HashMap<Name, Arc<Destination>>,
    schedules: HashMap<Name, Arc<Schedule>>,
    /// The shards in which ordered buffers lie.
    ordered: HashSet<Shard>,
    stops: Stops,
}

impl Snapshot {
    /// Puts together what the environment describes and what is configured. What cannot be used is left out and said
    /// in the log: another version of Lull may have written it.
    pub fn new(defaults: &Defaults, configured: Configured) -> Self {
        for locked in configured.locked_errors() {
            error!(error = %locked, "It waits: {locked}");
        }
        for field in &configured.unreadable {
            warn!(
                "Cannot read {field} in Redis: another version of Lull has written it, or it was changed there"
            );
        }
        let written = configured
            .buffers
            .keys()
            .chain(configured.destinations.keys());
        for name in written.filter(|name| Name::is_of_environment(name)) {
            warn!(
                "{name} in Redis is not used: the settings of the daemons describe what is called so"
            );
        }
        let limits: &WindowRules = &defaults.buffer.window;
        let buffers = configured.buffers.iter().filter_map(|(name, written)| {
            let buffer = written.spec.check(limits);
            buffer
                .inspect_err(|error| warn!(buffer = %name, "Buffer {name} cannot be used: {error}"))
                .map(|buffer| living(buffer, &configured))
                .ok()
        });
        let destinations = configured.destinations.iter().filter_map(|(name, written)| {
            let destination = written.spec.check();
            destination
                .inspect_err(
                    |error| warn!(destination = %name, "Destination {name} cannot be used: {error}"),
                )
                .ok()
        });
        let mut destinations: HashMap<_, _> = destinations
            .map(|destination| (destination.name.clone(), Arc::new(destination)))
            .collect();
        let schedules = configured.schedules.iter().filter_map(|(name, written)| {
            let schedule = written.spec.check(written.version);
            schedule
                .inspect_err(
                    |error| warn!(schedule = %name, "Schedule {name} cannot be used: {error}"),
                )
                .map(|mut schedule| {
                    let removal = configured.removal(Kind::Schedule, &schedule.name);
                    schedule.active &= removal.is_none();
                    schedule
                })
                .ok()
        });
        let schedules: HashMap<_, _> = schedules
            .map(|schedule| (schedule.name.clone(), Arc::new(schedule)))
            .collect();
        for schedule in schedules.values() {
            let called = &schedule.destination;
            destinations.insert(called.name.clone(), Arc::new(called.clone()));
        }
        for destination in defaults.destinations() {
            destinations.insert(destination.name.clone(), Arc::new(destination.clone()));
        }
        let buffers = buffers
            .chain(defaults.buffers().map(Buffer::clone))
            .map(|buffer| {
                (
                    buffer.name.clone(),
                    Arc::new(aimed(buffer, &destinations, &configured)),
                )
            });
        let buffers: HashMap<_, _> = buffers.collect();
        let ordered = buffers.values().filter(|buffer| buffer.ordered);
        let ordered = ordered.map(|buffer| Shard::of_ordered(&buffer.name));
        Self {
            stops: stops(defaults, &configured),
            configured,
            ordered: ordered.collect(),
            buffers,
            destinations,
            schedules,
        }
    }

    /// What is stopped, and what waits to be started for the first time.
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    /// The buffer of this name.
    pub fn buffer(&self, name: &Name) -> Option<&Arc<Buffer>> {
        self.buffers.get(name)
    }

    /// A person's chat in a buffer, by the order that the buffer goes by now.
    pub fn chat(&self, buffer: Name, id: ChatId) -> Chat {
        match self.buffer(&buffer) {
            Some(buffer) => buffer.chat(id),
            None => Chat::new(buffer, id),
        }
    }

    /// Whether an ordered buffer lies in this shard.
    pub fn has_ordered(&self, shard: Shard) -> bool {
        self.ordered.contains(&shard)
    }

    /// The destination of this name.
    pub fn destination(&self, name: &Name) -> Option<&Arc<Destination>> {
        self.destinations.get(name)
    }

    /// A destination, or that of a schedule, as windows are closed for it.
    pub fn target(&self, name: &Name) -> Target {
        target(name, &self.destinations, &self.configured)
    }

    /// The schedule of this name.
    pub fn schedule(&self, name: &Name) -> Option<&Arc<Schedule>> {
        self.schedules.get(name)
    }

    /// All schedules.
    pub fn schedules(&self) -> impl Iterator<Item = &Arc<Schedule>> {
        self.schedules.values()
    }

    /// The zone that moments are written in for a chat.
    pub fn zone(&self, chat: &Chat) -> Tz {
        match chat.schedule() {
            Some(name) => self.schedule(&name).map(|schedule| schedule.times.zone()),
            None => self.buffer(&chat.buffer).map(|buffer| buffer.zone),
        }
        .unwrap_or(Tz::UTC)
    }

    /// The language that a chat's payloads name in what has no words; none but for gateways' buffers.
    pub fn language(&self, chat: &Chat) -> Option<Language> {
        match chat.schedule() {
            Some(_) => None,
            None => self.buffer(&chat.buffer)?.language,
        }
    }

    /// All buffers.
    pub fn buffers(&self) -> impl Iterator<Item = &Arc<Buffer>> {
        self.buffers.values()
    }

    /// All destinations.
    pub fn destinations(&self) -> impl Iterator<Item = &Arc<Destination>> {
        self.destinations.values()
    }

    /// The destinations whose lanes somebody should work off, in order: those that are on, and not stopped.
    pub fn expected(&self) -> Vec<Name> {
        let all = self.destination_names().into_iter();
        let on = |name: &Name| {
            // Of those of the environment only monitors know the URL.
            let known = self.destination(name);
            known.is_none_or(|known| known.active) && !self.stops().holds_to(name)
        };
        let mut names: Vec<_> = all.filter(on).collect();
        names.sort();
        names
    }

    /// The names of all destinations; those of the environment have lanes, whether or not this daemon is told of their
    /// URL.
    pub fn destination_names(&self) -> HashSet<Name> {
        let mut names: HashSet<_> = self.destinations.keys().cloned().collect();
        names.extend([Name::default_name(), Name::messages_name()]);
        names
    }
}

/// All that is configured; what was written without a life has one then.
async fn read(store: &Store) -> Result<Configured> {
    let configured = store.config().read().await?;
    if !configured.wants_adoption() {
        return Ok(configured);
    }
    store.config().adopt().await?;
    store.config().read().await
}

/// The snapshot as it is now, on its way to whoever works by it.
#[derive(Clone, Debug)]
pub struct Registry {
    store: Store,
    defaults: Arc<Defaults>,
    newest: Arc<watch::Sender<Arc<Snapshot>>>,
}

impl Registry {
    /// Reads what is configured, waiting for Redis as long as it takes.
    ///
    /// # Errors
    /// Something is encrypted with a key that is not here; waiting would not help.
    pub fn load(store: Store, defaults: Defaults) -> BoxFuture<'static, Result<Self>> {
        Self::loaded(store, defaults).boxed()
    }

    async fn loaded(store: Store, defaults: Defaults) -> Result<Self> {
        let configured = loop {
            match read(&store).await {
                Ok(configured) => break configured,
                Err(error) => warn!("Waiting for buffers and destinations: {error}"),
            }
            tokio::time::sleep(PAUSE).await;
        };
        configured.all_is_open()?;
        let snapshot = Snapshot::new(&defaults, configured);
        Ok(Self {
            store,
            defaults: Arc::new(defaults),
            newest: Arc::new(watch::Sender::new(Arc::new(snapshot))),
        })
    }

    /// The newest known.
    pub fn get(&self) -> Arc<Snapshot> {
        self.newest.borrow().clone()
    }

    /// Tells of each change.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.newest.subscribe()
    }

    /// What the environment describes.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }
}
