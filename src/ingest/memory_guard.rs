//! The memory that Redis has left. Before it is full, what is over gives way to what is still to be delivered; then new
//! messages are refused while Redis would still take them, so that monitors have room to drain.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::error::IngestError;
use crate::store::room::Memory;
use crate::store::{Store, StoreError};

/// Between two looks, and between two rounds of making room.
const EVERY: Duration = Duration::from_secs(1);

/// Percent of its memory at which the older half of history and of received messages goes …
const GIVE_WAY: u64 = 90;
/// … at which new messages are refused …
const REFUSE: u64 = 95;
/// … and below which they are taken again, so that the two do not alternate.
const TAKE: u64 = 93;

/// The room in Redis, as this daemon last saw it.
#[derive(Clone)]
pub(super) struct MemoryGuard {
    store: Store,
    full: Arc<AtomicBool>,
    /// What Redis may use, in bytes; 0: without limit.
    most: Arc<AtomicU64>,
    looked: Arc<AtomicBool>,
    /// Whoever has it makes room.
    making: Arc<Semaphore>,
}

impl MemoryGuard {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            full: Arc::default(),
            most: Arc::default(),
            looked: Arc::default(),
            making: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether new messages are refused.
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Asks for a new message.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(super) fn admit(&self) -> Result<(), IngestError> {
        if self.is_full() {
            return Err(IngestError::Full);
        }
        Ok(())
    }

    /// Looks at Redis's memory until told to stop.
    pub(super) async fn keep_fresh(self, stop: CancellationToken) {
        let looking = async {
            loop {
                match self.store.memory().await {
                    Ok(memory) => self.note(memory),
                    // Whoever sends a message hears of it.
                    Err(error) => debug!(error = %error, "Cannot see Redis's memory: {error}"),
                }
                sleep(EVERY).await;
            }
        };
        stop.run_until_cancelled(looking).await;
    }

    /// Looks if nobody has yet.
    ///
    /// # Errors
    /// When the storage cannot be asked.
    pub(super) async fn look_once(&self) -> Result<(), StoreError> {
        if !self.looked.load(Ordering::Acquire) {
            self.note(self.store.memory().await?);
        }
        Ok(())
    }

    /// What Redis may use, in bytes; `None`: it has no limit.
    pub(super) fn most(&self) -> Option<u64> {
        let most = self.most.load(Ordering::Relaxed);
        (most > 0).then_some(most)
    }

    fn note(&self, memory: Memory) {
        self.most
            .store(memory.most.unwrap_or_default(), Ordering::Relaxed);
        self.looked.store(true, Ordering::Release);
        let percent = memory.percent().unwrap_or(0);
        if percent >= GIVE_WAY {
            self.make();
        }
        let was_full = self.is_full();
        let full = percent >= if was_full { TAKE } else { REFUSE };
        self.full.store(full, Ordering::Relaxed);
        match (was_full, full) {
            (false, true) => warn!(
                percent,
                "Redis uses {percent} % of its memory (maxmemory): new messages are refused until it is below {TAKE} %"
            ),
            (true, false) => info!(percent, "Redis has room again: new messages are taken"),
            _ => {}
        }
    }

    /// A full Redis lets go of what is over: the client is told to come again.
    pub(super) fn make_after(&self, error: &StoreError) {
        if let StoreError::Full(_) = error {
            self.make();
        }
    }

    /// Lets go of what is over, at most once in [`EVERY`].
    fn make(&self) {
        let Ok(permit) = self.making.clone().try_acquire_owned() else {
            return;
        };
        let store = self.store.clone();
        tokio::spawn(async move {
            match store.make_room().await {
                Ok(0) => {}
                Ok(dropped) => warn!(
                    dropped,
                    "Redis is full: {dropped} of the oldest entries of history and received messages are gone"
                ),
                Err(error) => warn!(error = %error, "Could not make room in Redis: {error}"),
            }
            sleep(EVERY).await;
            drop(permit);
        });
    }
}
