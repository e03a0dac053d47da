//! Room in Redis. Before it is full, what is over gives way to what is still to be delivered; then new messages are
//! refused while Redis would still take them, so that monitors have room to drain.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::error::ApiError;
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
/// Percent beyond which no message is kept for later: what waits for a year drains by itself in a year only, and must
/// not take the room of what does at once.
const KEEP_FOR_LATER: u64 = 75;

/// The room in Redis, as this daemon last saw it.
#[derive(Clone)]
pub(super) struct Room {
    store: Store,
    full: Arc<AtomicBool>,
    memory: Arc<Mutex<Seen>>,
    /// Whoever has it makes room.
    making: Arc<Semaphore>,
}

/// The memory of Redis a second ago, and what this daemon has kept for later since.
#[derive(Debug, Default)]
struct Seen {
    memory: Memory,
    added: u64,
}

impl Room {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            full: Arc::default(),
            memory: Arc::default(),
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
    pub(super) fn admit(&self) -> Result<(), ApiError> {
        if self.is_full() {
            return Err(ApiError::Full);
        }
        Ok(())
    }

    /// Asks for a message of so many bytes that is to be kept for later.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(super) fn admit_for_later(&self, bytes: usize) -> Result<(), ApiError> {
        self.admit()?;
        let mut seen = self.seen();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let added = seen.added.saturating_add(bytes);
        if let Some(most) = seen.memory.most {
            let used = seen.memory.used.saturating_add(added);
            if used > most / 100 * KEEP_FOR_LATER {
                return Err(ApiError::TooMuchForLater(KEEP_FOR_LATER));
            }
        }
        seen.added = added;
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at Redis's memory until told to stop.
    pub(super) async fn keep_fresh(self, stop: CancellationToken) {
        let looking = async {
            loop {
                // Before the look, so that what is kept meanwhile counts twice rather than not at all.
                let added_then = self.seen().added;
                match self.store.memory().await {
                    Ok(memory) => {
                        let mut seen = self.seen();
                        seen.memory = memory;
                        seen.added -= added_then;
                        drop(seen);
                        self.note(memory);
                    }
                    // Whoever sends a message hears of it.
                    Err(error) => debug!(error = %error, "Cannot see Redis's memory: {error}"),
                }
                sleep(EVERY).await;
            }
        };
        stop.run_until_cancelled(looking).await;
    }

    fn note(&self, memory: Memory) {
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
