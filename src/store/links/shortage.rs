//! What the log says while fewer replicas have what is stored than must have it: one line when that begins, and one when it
//! is over.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{info, warn};

/// Whether enough replicas of a node have what is stored there.
pub(super) struct Shortage {
    /// Where the node is, for people.
    place: String,
    wanted: u32,
    is_there: AtomicBool,
}

impl Shortage {
    /// So many are wanted.
    pub(super) fn new(place: String, wanted: u32) -> Self {
        Self {
            place,
            wanted,
            is_there: AtomicBool::default(),
        }
    }

    /// So many are wanted.
    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    /// So many have what was stored last.
    pub(super) fn note(&self, on: u32) {
        let (place, wanted, is_there) = (&self.place, self.wanted, on < self.wanted);
        if self.is_there.swap(is_there, Ordering::Relaxed) == is_there {
            return;
        }
        match is_there {
            true => warn!(
                redis = %place, replicas = on, wanted,
                "Of the replicas of Redis at {place} {on} had in time what was stored there, not {wanted} (REDIS_WAIT_REPLICAS): clients are told to send it again"
            ),
            false => info!(
                redis = %place, replicas = on,
                "Enough replicas of Redis at {place} have what is stored there again: {on}"
            ),
        }
    }
}
