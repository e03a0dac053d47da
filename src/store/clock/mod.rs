//! What a process knows of Redis's clock, so that a script can tell that it was set back since; and what is told of it.
//!
//! A script that sets a time compares: what time would it be, had the clock not been set back since all that is stored was
//! moved to it? Where it is earlier, the shard is yet to be moved, and what is set now must stay.

pub mod set_back;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::set_back::{Clock, LEAST};
use super::handles::{Chats, RedisClock};
use super::keys::{self, CLOCK, Shard};
use super::scripts::Call;
use super::{Result, Store};
use crate::core::batch::Millis;
use crate::core::moment::millis;

/// Time goes on between two looks, by this daemon's own measure; but not for longer than two lie apart: a Redis that stood
/// still with its machine was not set back.
const GOES_ON_FOR: Duration = Duration::from_secs(1);

/// So long after it a jump is told to whoever asks.
const TOLD_FOR: Duration = Duration::from_secs(86_400);
/// A clock that goes ahead by more than this between two looks has jumped.
pub const JUMP: Duration = Duration::from_secs(10);

/// That the clock was set back, for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetBack {
    /// By how much, in ms.
    pub by: Millis,
    /// When it was found, by the clock as it is since; no time where what waits is not moved yet.
    pub since: Option<Millis>,
}

/// How far the clock went ahead, as long as an id may be from before that which counts as seen for so long.
pub(super) fn lately(ahead: Millis, found: Millis, now: Millis, seen_for: Duration) -> Millis {
    if found + millis(seen_for) > now {
        ahead
    } else {
        0
    }
}

/// What the last look found.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Option<Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    /// What time it would have been, had the clock not been set back since everything was moved.
    expected: Millis,
    /// How far everything was moved then.
    moved: Millis,
    /// How far it went ahead lately.
    ahead: Millis,
    /// By how much it was set back the last time.
    last_step: Millis,
    at: Instant,
}

impl Known {
    /// Takes in what a look found, and by how much the clock was set back the last time.
    pub(super) fn learn(&self, clock: Clock, last_step: Millis) {
        let seen = Seen {
            expected: clock.now + clock.back.saturating_sub(clock.moved),
            moved: clock.moved,
            ahead: clock.ahead,
            last_step,
            at: Instant::now(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// How far ahead the clock has jumped since the last look, if it did.
    pub(super) fn jump_to(&self, now: Millis) -> Millis {
        let jump = self.seen().map_or(0, |seen| {
            now.saturating_sub(seen.expected + millis(seen.at.elapsed()))
        });
        if jump > millis(JUMP) { jump } else { 0 }
    }

    fn seen(&self) -> Option<Seen> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Whether anybody has looked at the clock.
    pub(super) fn knows_clock(&self) -> bool {
        self.clock.seen().is_some()
    }

    /// How long a message id counts as seen, by a clock that may have gone ahead at once since.
    pub(super) fn seen_for(&self) -> Millis {
        millis(self.ids.window) + self.clock.seen().map_or(0, |seen| seen.ahead)
    }

    /// By how much the clock was set back the last time; 0: never.
    pub(super) fn last_step(&self) -> Millis {
        self.clock.seen().map_or(0, |seen| seen.last_step)
    }

    /// Hands a script what it needs to tell that what it sets must not be moved. Before the first look that is nothing.
    pub(super) fn tell_time(&self, call: &mut Call, shard: Shard) {
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

impl RedisClock<'_> {
    /// Whether the clock was set back within the last day, or was and no monitor has moved what waits. Changes nothing.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn was_set_back(self) -> Result<Option<SetBack>> {
        let read = redis::Cmd::hmget(CLOCK, &["newest", "since", "step", "back", "moved"]);
        let [newest, since, step, back, moved]: [Option<Millis>; 5] =
            self.store.query(&read).await?;
        let now = self.now().await?;
        let unseen = newest.unwrap_or_default().saturating_sub(now);
        let unmoved = back
            .unwrap_or_default()
            .saturating_sub(moved.unwrap_or_default());
        let by = if unseen > millis(LEAST) {
            unmoved + unseen
        } else {
            unmoved
        };
        if by > 0 {
            return Ok(Some(SetBack { by, since: None }));
        }
        let told = since.filter(|since| now.saturating_sub(*since) <= millis(TOLD_FOR));
        let by = step.unwrap_or_default();
        Ok(told.map(|since| SetBack {
            by,
            since: Some(since),
        }))
    }
}

impl Chats<'_> {
    /// How many pauses end after one moment and up to another.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count_pauses_that_end(self, after: Millis, until: Millis) -> Result<u64> {
        let mut counts = redis::pipe();
        for shard in Shard::all() {
            counts.zcount(keys::paused(shard), format!("({after}"), until);
        }
        let counts: Vec<u64> = self.store.pipeline(&counts).await?;
        Ok(counts.iter().sum())
    }
}
