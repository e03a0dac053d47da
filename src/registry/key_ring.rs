//! The keys that operators made, as an api goes by them: those in Redis, kept fresh. While Redis is away, the last that
//! were known go on.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::PERIOD;
use crate::core::api_key::{KeyDigest, Principal, Secret, digest};
use crate::store::api_keys::AllKeys;
use crate::store::login_links::LinkedKey;
use crate::store::{Result, Store};

/// How often it is written down which keys were used.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// A key, and whether it was used since that was last written down. A request only sets a flag.
#[derive(Debug)]
struct Held {
    principal: Arc<Principal>,
    used: Arc<AtomicBool>,
}

/// All keys at one version, by their digests. Looking one up in a map tells nothing by how long it takes: nobody can
/// choose the digest of what they send.
#[derive(Debug, Default)]
struct Known {
    version: Option<String>,
    keys: HashMap<KeyDigest, Held>,
}

/// The keys as they are now. A clone is the same.
#[derive(Clone, Debug)]
pub struct KeyRing {
    store: Store,
    newest: Arc<watch::Sender<Arc<Known>>>,
}

impl KeyRing {
    /// One that knows no key until it has caught up.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            newest: Arc::default(),
        }
    }

    /// Who holds this key.
    pub fn principal(&self, given: &str) -> Option<Arc<Principal>> {
        let newest = self.newest.borrow();
        let held = newest.keys.get(&digest(given))?;
        held.used.store(true, Ordering::Relaxed);
        Some(held.principal.clone())
    }

    /// Who holds the key of this name whose digest begins so: what a session remembers of it.
    pub fn remembered(&self, name: &str, begins: &[u8]) -> Option<Arc<Principal>> {
        let newest = self.newest.borrow();
        let (_, held) = newest
            .keys
            .iter()
            .find(|(digest, held)| &*held.principal.name == name && digest.starts_with(begins))?;
        held.used.store(true, Ordering::Relaxed);
        Some(held.principal.clone())
    }

    /// Takes a link by which a browser comes in once, and the keys that there are then: the one for which it stands may be
    /// new. None: the link was taken already, or is over.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn take_link(&self, link: &str) -> Result<Option<LinkedKey>> {
        let taken = self.store.login_links().take(link).await?;
        if taken.is_some() {
            self.catch_up().await?;
        }
        Ok(taken)
    }

    /// Takes up what was made and revoked since.
    ///
    /// # Errors
    /// Unavailable or silent: then the keys that were known go on.
    pub async fn catch_up(&self) -> Result<()> {
        let known = self.newest.borrow().version.clone();
        if self.store.keys().version().await? == known {
            return Ok(());
        }
        let all = self.store.keys().read().await?;
        for name in &all.unreadable {
            warn!(
                key = name,
                "The key {name} in Redis opens nothing: another version of Lull has written it"
            );
        }
        let count = all.keys.len();
        self.newest.send_modify(|newest| {
            *newest = Arc::new(Known::of(all, newest));
        });
        info!(count, "Keys in Redis: {count}");
        Ok(())
    }

    /// Makes a key for everything where Redis has none at all. None: there is one.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make_first(&self) -> Result<Option<Secret>> {
        let secret = self.store.keys().make_first().await?;
        if secret.is_some() {
            // Whoever is shown it may send it at once. If this fails, the next look takes it up.
            let _ = self.catch_up().await;
        }
        Ok(secret)
    }

    /// Waits until Redis has lost its keys: it has had some, and there is no trace of them.
    pub async fn emptied(&self) {
        let mut newest = self.newest.subscribe();
        // It ends with its sender, which is here.
        let _ = newest.wait_for(|known| known.version.is_some()).await;
        let _ = newest.wait_for(|known| known.version.is_none()).await;
    }

    /// Takes changes up, and writes down once a minute which keys were used, for ever.
    pub async fn keep_fresh(&self) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut noted = Instant::now();
        loop {
            ticks.tick().await;
            // What is wrong with Redis is said by whoever works with it.
            let _ = self.catch_up().await;
            if noted.elapsed() >= NOTED_EVERY {
                noted = Instant::now();
                self.note_use().await;
            }
        }
    }

    /// Writes down which keys were used since this was last done.
    pub async fn note_use(&self) {
        let known = self.newest.borrow().clone();
        for held in known.keys.values() {
            if held.used.swap(false, Ordering::Relaxed)
                && self
                    .store
                    .keys()
                    .note_use(&held.principal.name)
                    .await
                    .is_err()
            {
                held.used.store(true, Ordering::Relaxed);
            }
        }
    }
}

impl Known {
    /// What was read; of a key that was there before, what is not yet written down of its use goes on.
    fn of(all: AllKeys, before: &Self) -> Self {
        let keys = all.keys.into_iter().map(|key| {
            let used = before.keys.get(&key.digest).map(|held| held.used.clone());
            let principal = Principal {
                name: key.name.as_str().into(),
                scopes: key.scopes,
            };
            let held = Held {
                principal: Arc::new(principal),
                used: used.unwrap_or_default(),
            };
            (key.digest, held)
        });
        Self {
            version: all.version,
            keys: keys.collect(),
        }
    }
}
