//! What a process knows of Redis's clock, so that a script can tell that it was set back since.
//!
//! A script that sets a time compares: what time would it be, had the clock not been set back since all that is stored was
//! moved to it? Where it is earlier, the shard is yet to be moved, and what is set now must stay.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::ScriptInvocation;

use super::Store;
use super::keys::{self, Shard};
use super::set_back::{Clock, LEAST};
use super::windows::millis;
use crate::domain::batch::Millis;

/// Time goes on between two looks, by this daemon's own measure; but not for longer than two lie apart: a Redis that stood
/// still with its machine was not set back.
const GOES_ON_FOR: Duration = Duration::from_secs(1);

/// What the last look found.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What time it would have been, had the clock not been set back since everything was moved.
    expected: Millis,
    /// How far everything was moved then.
    moved: Millis,
    at: Instant,
}

impl Known {
    /// Takes in what a look found.
    pub(super) fn learn(&self, clock: Clock) {
        let seen = Seen {
            expected: clock.now + clock.back.saturating_sub(clock.moved),
            moved: clock.moved,
            at: Instant::now(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    fn seen(&self) -> Option<Seen> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Hands a script what it needs to tell that what it sets must not be moved. Before the first look that is nothing.
    pub(super) fn tell_time(&self, call: &mut ScriptInvocation<'_>, shard: Shard) {
        let (expected, moved) = self.clock.seen().map_or((0, 0), |seen| {
            let since = seen.at.elapsed().min(GOES_ON_FOR);
            (seen.expected + millis(since), seen.moved)
        });
        call.key(keys::moved(shard))
            .arg(expected)
            .arg(moved)
            .arg(millis(LEAST));
    }
}
