//! Counts and health of Redis.

use std::time::{Duration, Instant};

use super::events::EventMode;
use super::keys::{self, Due, Shard};
use super::{Result, Store, StoreError};
use crate::core::chat::Name;
use crate::core::code::Code;
use crate::core::control::Stops;
use crate::wire::control::Stopped;
use crate::wire::health::{Health, RedisHealth};

/// Whoever asks for health or metrics has an answer within 1.5 s; healthchecks of containers wait 5 s.
const HEALTH_PATIENCE: Duration = Duration::from_secs(1);

/// How much stands in Redis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Open windows.
    pub windows: u64,
    /// Lanes with a batch on them.
    pub lanes: u64,
    /// What waits for its time.
    pub waiting: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

impl Store {
    /// How long Redis takes to answer.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn ping(&self) -> Result<Duration> {
        let asked = Instant::now();
        self.query::<()>(&redis::cmd("PING")).await?;
        Ok(asked.elapsed())
    }

    /// How Redis is, as the daemon `service` sees it, which goes by these `stops`: whether it would take a message now. Says
    /// so within `HEALTH_PATIENCE`, whatever Redis does.
    pub async fn health(&self, service: &'static str, stops: &Stops) -> Health {
        let probe = self.read(HEALTH_PATIENCE, |store| async move {
            let asked = Instant::now();
            match store.probe().await {
                Ok(()) => Ok((asked.elapsed(), None)),
                // What drains a full Redis is taken all the same.
                Err(StoreError::Full(_)) => Ok((asked.elapsed(), Some(Code::StorageFull))),
                Err(error) => Err(error),
            }
        });
        let events = self.read(
            HEALTH_PATIENCE,
            |store| async move { store.event_mode().await },
        );
        let memory = self.read(HEALTH_PATIENCE, |store| async move { store.memory().await });
        let (probed, events, memory) = tokio::join!(probe, events, memory);
        let refusing = match &probed {
            Ok((_, refusing)) => *refusing,
            Err(StoreError::Disk(_)) => Some(Code::StorageDiskFailed),
            Err(_) => None,
        };
        let redis = match probed {
            Ok((took, _)) => RedisHealth {
                status: Health::OK.to_owned(),
                ping_ms: Some(took.as_secs_f64() * 1000.0),
                events: events.unwrap_or(EventMode::Unknown).as_str(),
                memory_percent: memory.ok().and_then(|memory| memory.percent()),
            },
            Err(error) => RedisHealth {
                status: error.to_string(),
                ping_ms: None,
                events: EventMode::Unknown.as_str(),
                memory_percent: None,
            },
        };
        let is_ok = redis.status == Health::OK;
        Health {
            status: if is_ok {
                Health::OK
            } else {
                Health::UNAVAILABLE
            },
            service,
            version: env!("CARGO_PKG_VERSION"),
            redis,
            monitors: Vec::new(),
            overdue: None,
            standing: Vec::new(),
            stopped: Stopped::of(stops),
            refusing,
            failed_loops: Vec::new(),
        }
    }

    /// The same as [`Self::counts`], or nothing within `HEALTH_PATIENCE`: for metrics.
    pub async fn counts_now(&self, destinations: impl IntoIterator<Item = Name>) -> Option<Counts> {
        let destinations = &destinations.into_iter().collect::<Vec<_>>();
        let counted = self.read(HEALTH_PATIENCE, |store| async move {
            store.counts(destinations.iter().cloned()).await
        });
        counted.await.ok()
    }

    /// Counts what stands in Redis, lanes to these destinations; each count is one look at an index.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn counts(&self, destinations: impl IntoIterator<Item = Name>) -> Result<Counts> {
        let destinations: Vec<_> = destinations.into_iter().map(Due::Lanes).collect();
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads
                .zcard(Due::Windows.key(shard))
                .zcard(Due::Later.key(shard))
                .xlen(keys::dead(shard));
            for lanes in &destinations {
                reads.zcard(lanes.key(shard));
            }
        }
        let counts: Vec<u64> = self.pipeline(&reads).await?;
        let mut sum = Counts::default();
        for shard in counts.chunks(3 + destinations.len()) {
            if let [windows, waiting, dead_letters, lanes @ ..] = shard {
                sum.windows += windows;
                sum.waiting += waiting;
                sum.dead_letters += dead_letters;
                sum.lanes += lanes.iter().sum::<u64>();
            }
        }
        Ok(sum)
    }

    /// Asks Redis to write everything down and stop: for the Redis that `lull up` started.
    ///
    /// # Errors
    /// When it could not be reached. That it hangs up is its answer.
    pub async fn shut_down(&self) -> Result<()> {
        match self.query::<()>(&redis::cmd("SHUTDOWN")).await {
            Err(StoreError::Unavailable(error)) if error.is_connection_dropped() => Ok(()),
            other => other,
        }
    }
}
