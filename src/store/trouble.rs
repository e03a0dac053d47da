//! What the log says while Redis cannot be worked with: one line when that begins and one for each new reason, whichever
//! and however many calls fail, and one when it is over.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use redis::RedisError;
use tracing::{info, warn};

/// Reasons that are said of one trouble.
const MOST_REASONS: usize = 8;

/// Whether all connections work, or what they wait for.
pub(super) struct Trouble {
    /// Host and port, or path.
    place: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Connections that do not work.
    waiting: BTreeSet<usize>,
    since: Option<Instant>,
    said: Vec<String>,
}

impl Trouble {
    pub(super) fn new(place: String) -> Self {
        Self {
            place,
            known: Mutex::default(),
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection does not work.
    pub(super) fn begins(&self, which: usize, why: &RedisError) {
        let mut known = self.known();
        known.waiting.insert(which);
        known.since.get_or_insert_with(Instant::now);
        let why = why.to_string();
        if known.said.contains(&why) || known.said.len() >= MOST_REASONS {
            return;
        }
        let place = &self.place;
        warn!(
            redis = %place,
            error = why,
            "Waiting for Redis at {place}, which is asked again and again until it works: {why}"
        );
        known.said.push(why);
    }

    /// A connection works; answers whether it did not.
    pub(super) fn ends(&self, which: usize) -> bool {
        let mut known = self.known();
        if !known.waiting.remove(&which) {
            return false;
        }
        if known.waiting.is_empty() {
            let lasted = known.since.take().map(|since| since.elapsed());
            let seconds = lasted.unwrap_or_default().as_secs_f64();
            known.said.clear();
            let place = &self.place;
            info!(
                redis = %place,
                waited_s = seconds,
                "Redis at {place} works again, after {seconds:.1} s"
            );
        }
        true
    }
}
