//! How many chats may be open at a time in the whole store (`MAX_OPEN_CHATS`).
//!
//! No script can count over 64 shards, so each api goes by a count that is a second old and by what it has opened since.
//! By itself it never opens more than it may; several of them may together, by what the others open within a second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::error::ApiError;
use crate::domain::chat::Chat;
use crate::store::Store;
use crate::store::windows::{Appended, Taken};

/// Between two counts.
const EVERY: Duration = Duration::from_secs(1);

/// The open chats, as far as this daemon knows.
#[derive(Clone)]
pub(super) struct Crowd {
    /// Most that may be; 0: any number.
    most: u64,
    store: Store,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    counted: u64,
    /// Opened by this daemon in its life, and when it counted.
    opened: u64,
    opened_then: u64,
    /// Messages on their way; each may open a chat.
    coming: u64,
}

impl Known {
    fn most_open(&self) -> u64 {
        self.counted + (self.opened - self.opened_then) + self.coming
    }
}

/// A message on its way, which may open its chat.
pub(super) struct Coming<'a>(Option<&'a Crowd>);

impl Coming<'_> {
    /// What became of it.
    pub(super) fn arrived(&self, appended: &Appended) {
        // Where a window was closed first, one went and one came.
        let opened = appended.taken == Taken::Appended && appended.count == 1;
        if let Some(crowd) = self.0.filter(|_| opened && appended.closed.is_none()) {
            crowd.known().opened += 1;
        }
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        if let Some(crowd) = self.0 {
            crowd.known().coming -= 1;
        }
    }
}

impl Crowd {
    pub(super) fn new(most: u64, store: Store) -> Self {
        Self {
            most,
            store,
            known: Arc::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a new message of this chat.
    ///
    /// # Errors
    /// When it would open a chat too many.
    pub(super) async fn admit(&self, chat: &Chat) -> Result<Coming<'_>, ApiError> {
        if self.most == 0 {
            return Ok(Coming(None));
        }
        let coming = self.come();
        if self.known().most_open() > self.most {
            let open = self.store.open_window(chat).await?;
            if open.is_none() {
                return Err(ApiError::Crowded(self.most));
            }
        }
        Ok(coming)
    }

    fn come(&self) -> Coming<'_> {
        self.known().coming += 1;
        Coming(Some(self))
    }

    /// Counts until told to stop.
    pub(super) async fn keep_fresh(self, stop: CancellationToken) {
        if self.most == 0 {
            return stop.cancelled().await;
        }
        let counting = async {
            let mut was_crowded = false;
            loop {
                self.count().await;
                let is_crowded = self.is_full();
                if is_crowded && !was_crowded {
                    let most = self.most;
                    warn!(
                        most,
                        "{most} chats are open (MAX_OPEN_CHATS): messages of others are refused until some are closed"
                    );
                }
                was_crowded = is_crowded;
                sleep(EVERY).await;
            }
        };
        stop.run_until_cancelled(counting).await;
    }

    /// Whether no other chat may be opened.
    pub(super) fn is_full(&self) -> bool {
        self.most > 0 && self.known().most_open() >= self.most
    }

    async fn count(&self) {
        // Before the count, so that what is opened meanwhile counts twice rather than not at all.
        let opened_then = self.known().opened;
        match self.store.count_open().await {
            Ok(counted) => {
                let mut known = self.known();
                (known.counted, known.opened_then) = (counted, opened_then);
            }
            Err(error) => debug!(error = %error, "Cannot count the open chats: {error}"),
        }
    }
}
