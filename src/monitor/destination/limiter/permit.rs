//! What who was let in holds: until it is dropped.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::Limiter;
use crate::core::batch::{Millis, Outcome};
use crate::core::breaker::{Tried, Turn};
use crate::monitor::destination::shared_room::Place;

/// The right to make attempts, one after the other, until it is dropped.
#[derive(Debug)]
pub(in crate::monitor) struct Permit {
    pub(super) limiter: Arc<Limiter>,
    pub(super) probe: bool,
    pub(super) retry: bool,
    /// When the pace of the destination let it begin, if it has one, until an attempt is made.
    pub(super) let_in: Option<LetIn>,
    pub(super) room: Option<OwnedSemaphorePermit>,
    pub(super) place: Option<Place>,
}

/// When a pace let an attempt begin.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitor) struct LetIn {
    /// By Redis's clock.
    pub(in crate::monitor) at: Millis,
    /// When it was asked for here, so no later than that.
    pub(in crate::monitor) asked: Instant,
}

impl Permit {
    /// The same for a retry.
    pub(in crate::monitor) fn for_retry(mut self) -> Self {
        let mut state = self.limiter.state();
        state.retries += 1;
        state.since_retry = 0;
        drop(state);
        self.retry = true;
        self
    }

    /// It was let in by the destination's pace.
    pub(in crate::monitor) fn let_in_at(&mut self, let_in: Option<LetIn>) {
        self.let_in = let_in;
    }

    /// An attempt is made with it.
    pub(in crate::monitor) fn begin(&mut self) {
        self.let_in = None;
    }

    /// When it was let in for nothing.
    pub(in crate::monitor) fn unused(&self) -> Option<LetIn> {
        self.let_in
    }

    /// Whether the destination has given an answer in time, whatever it was.
    pub(in crate::monitor) fn note_answer(&self, in_time: bool) {
        self.limiter.state().answered = Some(in_time);
    }

    /// Tells the breaker how an attempt ended; `fresh` says that nobody had tried that batch before.
    pub(in crate::monitor) fn record(&mut self, outcome: &Outcome, fresh: bool) -> Turn {
        let probe = std::mem::take(&mut self.probe);
        let turn = match outcome {
            Outcome::Delivered => {
                let mut state = self.limiter.state();
                state.delivered = Some(Instant::now());
                state.breaker.succeeded()
            }
            Outcome::Retry { .. } => {
                let tried = Tried { fresh, probe };
                self.limiter.state().breaker.failed(tried, Instant::now())
            }
            // It was there to say so, yet has taken nothing.
            Outcome::Rejected => {
                self.probe = probe;
                Turn::Unchanged
            }
        };
        // One that is on its way back is let have more with each success.
        if probe || turn != Turn::Unchanged || *outcome == Outcome::Delivered {
            self.limiter.changed.notify_waiters();
        }
        turn
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe || self.retry {
            let mut state = self.limiter.state();
            if self.probe {
                state.breaker.abandon_probe();
            }
            if self.retry {
                state.retries -= 1;
            }
        }
        // Before anybody is told.
        drop((self.room.take(), self.place.take()));
        self.limiter.changed.notify_waiters();
        self.limiter.left.notify_one();
    }
}
