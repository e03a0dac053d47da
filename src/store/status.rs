//! Counts and health of Redis.

use std::time::{Duration, Instant};

use super::events::EventMode;
use super::keys::{self, Due, Shard};
use super::{Result, Store, StoreError};
use crate::core::chat::Name;
use crate::core::code::Code;

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

/// Redis as a daemon sees it.
#[derive(Debug)]
pub struct RedisState {
    /// How long it took to say that it takes messages, or why it does not.
    pub answered: Result<Duration>,
    /// Why it takes no new messages, though what drains it is taken.
    pub refusing: Option<Code>,
    /// Whether expired events come.
    pub events: EventMode,
    /// How much of its memory it uses, in percent; nothing where it has no limit.
    pub memory_percent: Option<u64>,
}

impl Store {
    /// How long Redis takes to answer, all its nodes.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn ping(&self) -> Result<Duration> {
        let asked = Instant::now();
        self.query_each::<()>(&redis::cmd("PING")).await?;
        Ok(asked.elapsed())
    }

    /// How Redis is, and whether it would take a message now. Says so within `HEALTH_PATIENCE`, whatever Redis does.
    pub async fn redis_state(&self) -> RedisState {
        let probe = self.read(HEALTH_PATIENCE, |store| async move {
            let asked = Instant::now();
            let probed = store.probe().await;
            let took = asked.elapsed();
            let probed = match probed {
                Ok(()) => store.probe_replicas().await,
                refused => refused,
            };
            match probed {
                Ok(()) => Ok((took, None)),
                // What drains a full Redis is taken all the same, and what is not on replicas is stored and worked off.
                Err(StoreError::Full(_)) => Ok((took, Some(Code::StorageFull))),
                Err(StoreError::NotOnReplicas { .. }) => Ok((took, Some(Code::NotOnReplicas))),
                Err(error) => Err(error),
            }
        });
        let events = self.read(
            HEALTH_PATIENCE,
            |store| async move { store.event_mode().await },
        );
        let memory = self.read(HEALTH_PATIENCE, |store| async move { store.memory().await });
        let (probed, events, memory) = tokio::join!(probe, events, memory);
        match probed {
            Ok((took, refusing)) => RedisState {
                answered: Ok(took),
                refusing,
                events: events.unwrap_or(EventMode::Unknown),
                memory_percent: memory.ok().and_then(|memory| memory.percent()),
            },
            Err(error) => RedisState {
                refusing: matches!(error, StoreError::Disk(_)).then_some(Code::StorageDiskFailed),
                answered: Err(error),
                events: EventMode::Unknown,
                memory_percent: None,
            },
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
}
