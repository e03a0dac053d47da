//! Whether anybody works off what is due: each daemon gives signs of life, and each tells in its health and its metrics
//! what it sees of all.
//!
//! What is off or stopped waits because somebody wants it to, so it counts for nothing here. A destination that is down
//! does count: a monitor that goes round and probes it is at work, and without one nobody would see it come back.

pub mod answer;
pub mod clock;
mod figures;
mod heart;
mod sampler;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::core::chat::Name;
use crate::core::control::Stops;
use crate::core::moment::{seconds, utc};
use crate::registry::Registry;
use crate::store::status::RedisState;
use crate::store::work::{Daemon, Kind, Work};
use crate::store::{Result, Store, StoreError};

use answer::{Health, MonitorSeen, Overdue, RedisHealth, Stopped};
use figures::Oldest;
pub use heart::{Heart, Says};
pub use sampler::Sampler;

/// What was seen is told for so long: health and metrics are asked for by many.
const FRESH: Duration = Duration::from_secs(1);
/// Whoever asks has an answer within 1.5 s.
const PATIENCE: Duration = Duration::from_secs(1);
/// Destinations whose lanes are looked at in one go; of more than that others have their turn at the next.
const AT_ONCE: usize = 256;

/// What one daemon sees of the work of all. Clones see together.
#[derive(Clone)]
pub struct Watch {
    store: Store,
    registry: Registry,
    known: Arc<Mutex<Known>>,
    /// Whoever has it looks.
    looking: Arc<tokio::sync::Mutex<()>>,
    oldest: Oldest,
}

#[derive(Default)]
struct Known {
    at: Option<Instant>,
    work: Work,
    /// Of all destinations, not only those of the last look.
    lanes: HashMap<Name, Duration>,
    next: usize,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch {
    /// One that has seen nothing yet.
    pub fn new(store: &Store, registry: Registry) -> Self {
        Self {
            store: store.clone(),
            registry,
            known: Arc::default(),
            looking: Arc::default(),
            oldest: Oldest::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the daemon `service` is, and what it sees of the work of all.
    pub async fn health(&self, service: &'static str) -> Health {
        let snapshot = self.registry.get();
        let (redis, work) = tokio::join!(self.store.redis_state(), self.look());
        let health = with_redis(service, redis, snapshot.stops());
        match work {
            Some(work) => seeing(health, &work),
            None => health,
        }
    }

    /// What is due and who works it off, as it was a moment ago; nothing where Redis does not tell in time.
    pub async fn look(&self) -> Option<Work> {
        self.seen().await.ok()
    }

    /// The same, for whoever tells why it is not known.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn seen(&self) -> Result<Work> {
        let looked = tokio::time::timeout(PATIENCE, async {
            let _turn = self.looking.lock().await;
            if let Some(work) = self.remembered() {
                return Ok(work);
            }
            self.look_now().await
        });
        let silent = |_| StoreError::Silent(PATIENCE);
        looked.await.map_err(silent)?
    }

    fn remembered(&self) -> Option<Work> {
        let known = self.known();
        let fresh = known.at.is_some_and(|at| at.elapsed() < FRESH);
        fresh.then(|| known.work.clone())
    }

    async fn look_now(&self) -> Result<Work> {
        let all = self.registry.get().expected();
        let from = {
            let next = self.known().next;
            if next < all.len() { next } else { 0 }
        };
        let some = &all[from..all.len().min(from + AT_ONCE)];
        let work = self.store.read(
            PATIENCE,
            |store| async move { store.daemons().work(some).await },
        );
        let mut work = work.await?;
        let mut known = self.known();
        known
            .lanes
            .retain(|name, _| all.binary_search(name).is_ok());
        for name in some {
            known.lanes.remove(name);
        }
        known.lanes.extend(std::mem::take(&mut work.lanes));
        work.lanes = known
            .lanes
            .iter()
            .map(|(name, overdue)| (name.clone(), *overdue))
            .collect();
        known.next = from + some.len();
        known.at = Some(Instant::now());
        known.work = work.clone();
        Ok(work)
    }
}

/// The health of a daemon as far as Redis decides it.
fn with_redis(service: &'static str, redis: RedisState, stops: &Stops) -> Health {
    let (status, told) = match &redis.answered {
        Ok(_) => (Health::OK, Health::OK.to_owned()),
        Err(error) => (Health::UNAVAILABLE, error.to_string()),
    };
    Health {
        status,
        service,
        version: env!("CARGO_PKG_VERSION"),
        redis: RedisHealth {
            status: told,
            ping_ms: redis.answered.ok().map(|took| took.as_secs_f64() * 1000.0),
            events: redis.events.as_str(),
            memory_percent: redis.memory_percent,
        },
        monitors: Vec::new(),
        overdue: None,
        standing: Vec::new(),
        stopped: Stopped::of(stops),
        refusing: redis.refusing,
        failed_loops: Vec::new(),
    }
}

/// The health with what is seen of the work of all.
fn seeing(mut health: Health, work: &Work) -> Health {
    let overdue = |kind| work.overdue(kind).map(seconds);
    health.monitors = work.monitors().map(|it| seen(work, it)).collect();
    health.overdue = Some(Overdue {
        windows: overdue(Kind::Windows),
        lanes: overdue(Kind::Lanes),
        later: overdue(Kind::Later),
    });
    health.standing = work.standing().into_iter().map(Kind::as_str).collect();
    if health.is_ok() && !health.standing.is_empty() {
        health.status = Health::DEGRADED;
    }
    health
}

fn seen(work: &Work, monitor: &Daemon) -> MonitorSeen {
    MonitorSeen {
        id: monitor.id.clone(),
        name: monitor.about.name.clone(),
        version: monitor.about.version.clone(),
        since: utc(monitor.since),
        last_sign: utc(monitor.last_sign),
        alive: work.is_alive(monitor),
        stands: monitor.about.stands.clone(),
    }
}
