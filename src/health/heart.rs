//! The heart of a daemon: notes in Redis, every few seconds, that the daemon lives and what stands still in it.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tracing::debug;

use crate::store::Store;
use crate::store::work::About;

/// Between two signs. Three fit into the time after which a daemon is taken for gone; each is a small write.
const EVERY: Duration = Duration::from_secs(3);
/// A sign that Redis keeps waiting is given up for the next.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a daemon says with a sign of life.
#[derive(Debug, Default)]
pub struct Says {
    /// What is not worked off in it, though it should be.
    pub stands: Vec<String>,
    /// See [`About::late`].
    pub late: Vec<u64>,
}

impl From<Vec<String>> for Says {
    fn from(stands: Vec<String>) -> Self {
        Self {
            stands,
            late: Vec::new(),
        }
    }
}

/// The heart of one daemon.
pub struct Heart {
    store: Store,
    id: String,
    about: About,
    begun: Instant,
}

impl Heart {
    /// That of the daemon which plays `role`, and begins now.
    pub fn new(store: &Store, role: &str) -> Self {
        Self {
            store: store.within(PATIENCE),
            id: format!("{:08x}", fastrand::u32(..)),
            about: About {
                name: host(),
                role: role.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                notes_lanes: true,
                sets_of_ids: true,
                stands: Vec::new(),
                late: Vec::new(),
            },
            begun: Instant::now(),
        }
    }

    /// Gives signs without end, each with what the daemon says.
    pub async fn beat<S: Into<Says>>(&self, says: impl Fn() -> S) -> Infallible {
        loop {
            let Says { stands, late } = says().into();
            let about = About {
                stands,
                late,
                ..self.about.clone()
            };
            let up = self.begun.elapsed();
            if let Err(error) = self.store.daemons().beat(&self.id, up, &about).await {
                // Whoever works with Redis says what is wrong with it.
                debug!(error = %error, "Could not note that this daemon lives: {error}");
            }
            if let Err(error) = self.store.look_for_older_ids().await {
                debug!(error = %error, "Could not look for ids of an older Lull: {error}");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// The daemon ends.
    pub async fn stop(&self) {
        if let Err(error) = self.store.daemons().forget(&self.id).await {
            debug!(error = %error, "Could not note that this daemon ended: {error}");
        }
    }
}

/// The name of this host or container, as its kernel has it.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}
