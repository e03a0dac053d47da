//! Who may attempt now: room for so many attempts in flight, of which retries never take more than half, the
//! destination's share of what all have, and its circuit breaker.

pub(in crate::monitor) mod permit;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};

use super::shared_room::{ANSWERS_FOR, Known, LATER, SOON, Share, Standing};
use crate::core::breaker::{Admission, Breaker};

use permit::Permit;

/// After so many others a retry goes first, so that none waits for ever where there is always something new.
const BEFORE_A_RETRY: usize = 16;

/// Lets attempts in.
#[derive(Debug)]
pub(in crate::monitor) struct Limiter {
    concurrency: usize,
    room: Arc<Semaphore>,
    share: Share,
    state: Mutex<State>,
    /// The breaker may let somebody in.
    changed: Notify,
    /// Somebody has left.
    left: Notify,
    /// The destination has a pace, so only the sweep lets attempts begin.
    paced: bool,
}

#[derive(Debug)]
struct State {
    breaker: Breaker,
    /// Retries in flight.
    retries: usize,
    /// How many were let in since the last retry.
    since_retry: usize,
    /// When something was last delivered.
    delivered: Option<Instant>,
    /// Whether the last attempt that ended had an answer in time.
    answered: Option<bool>,
}

impl Limiter {
    pub(in crate::monitor) fn new(concurrency: usize, paced: bool, share: Share) -> Arc<Self> {
        Arc::new(Self {
            concurrency,
            room: Arc::new(Semaphore::new(concurrency)),
            share,
            state: Mutex::new(State {
                breaker: Breaker::new(concurrency),
                retries: 0,
                since_retry: 0,
                delivered: None,
                answered: None,
            }),
            changed: Notify::new(),
            left: Notify::new(),
            paced,
        })
    }

    /// A permit, if there is room at this moment; never where there is a pace.
    pub(in crate::monitor) fn try_enter(self: &Arc<Self>) -> Option<Permit> {
        if self.paced { None } else { self.try_admit() }
    }

    /// Whether only the sweep lets attempts begin.
    pub(in crate::monitor) fn is_paced(&self) -> bool {
        self.paced
    }

    fn try_admit(self: &Arc<Self>) -> Option<Permit> {
        let room = self.room.clone().try_acquire_owned().ok()?;
        self.admit(room)
    }

    /// A permit, if there is room within `patience`; while the destination is down nobody waits.
    pub(in crate::monitor) async fn enter_within(
        self: &Arc<Self>,
        patience: Duration,
    ) -> Option<Permit> {
        if self.paced || self.is_open() {
            return self.try_enter();
        }
        let room = timeout(patience, self.room.clone().acquire_owned()).await;
        self.admit(room.ok()?.ok()?)
    }

    /// Up to `most` permits, as soon as there is room for one. Those who wait are let in by turns.
    pub(in crate::monitor) async fn enter(self: &Arc<Self>, most: usize) -> Vec<Permit> {
        loop {
            let changed = self.changed.notified();
            let admission = self.state().breaker.admission(Instant::now());
            match admission {
                Admission::Nobody(Some(at)) => {
                    let _ = timeout_at(at.into(), changed).await;
                }
                Admission::Nobody(None) => changed.await,
                Admission::AtMost(limit) if self.in_flight() >= limit => changed.await,
                Admission::All | Admission::AtMost(_) | Admission::Probe => {
                    let room = self.room.clone().acquire_owned().await.ok();
                    let first = room.and_then(|room| self.admit(room));
                    let more = (1..most).map_while(|_| self.try_admit());
                    let permits: Vec<_> = first.into_iter().chain(more).collect();
                    if !permits.is_empty() {
                        return permits;
                    }
                    if !self.has_place() {
                        // Others have what all share; what is given back is told to nobody.
                        let _ = timeout(SOON, changed).await;
                    }
                }
            }
        }
    }

    /// Up to `most` permits for retries, as there is room at this moment: what hangs each time it is tried must leave
    /// room for what was never tried.
    pub(in crate::monitor) fn try_enter_retries(self: &Arc<Self>, most: usize) -> Vec<Permit> {
        let permits = (0..most).map_while(|_| {
            // Asked first: a permit that is given back would wake whoever asks.
            if !self.state().has_room_for_a_retry(self.concurrency) {
                return None;
            }
            let room = self.room.clone().try_acquire_owned().ok()?;
            Some(self.admit_by(Breaker::admission_again, room)?.for_retry())
        });
        permits.collect()
    }

    /// When somebody has left since this was last waited for, or others may have given back what all share.
    pub(in crate::monitor) async fn somebody_left(&self) {
        let patience = if self.has_place() { LATER } else { SOON };
        let _ = timeout(patience, self.left.notified()).await;
    }

    /// Whether so many others were let in that it is a retry's turn; not while retries go one by one.
    pub(in crate::monitor) fn owes_a_retry(&self) -> bool {
        let state = self.state();
        let admission = state.breaker.admission_again(Instant::now());
        let go_freely = matches!(admission, Admission::All | Admission::AtMost(_));
        go_freely
            && state.since_retry >= BEFORE_A_RETRY
            && state.has_room_for_a_retry(self.concurrency)
    }

    pub(in crate::monitor) fn is_open(&self) -> bool {
        self.state().breaker.is_open()
    }

    fn has_place(&self) -> bool {
        let standing = self.state().standing(self.in_flight());
        self.share.has_place(standing)
    }

    fn in_flight(&self) -> usize {
        self.concurrency - self.room.available_permits()
    }

    fn admit(self: &Arc<Self>, room: OwnedSemaphorePermit) -> Option<Permit> {
        self.admit_by(Breaker::admission, room)
    }

    fn admit_by(
        self: &Arc<Self>,
        rule: fn(&Breaker, Instant) -> Admission,
        room: OwnedSemaphorePermit,
    ) -> Option<Permit> {
        // This one is among those in flight already.
        let mut state = self.state();
        let standing = state.standing(self.in_flight().saturating_sub(1));
        let place = self.share.try_take(standing)?;
        let probe = match rule(&state.breaker, Instant::now()) {
            Admission::All => false,
            // This one has its room already.
            Admission::AtMost(limit) if self.in_flight() <= limit => false,
            Admission::Probe => true,
            Admission::AtMost(_) | Admission::Nobody(_) => return None,
        };
        if probe {
            state.breaker.begin_probe();
        }
        state.since_retry = state.since_retry.saturating_add(1);
        Some(Permit {
            limiter: self.clone(),
            probe,
            retry: false,
            let_in: None,
            room: Some(room),
            place: Some(place),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of it is one step, so a panic elsewhere leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn standing(&self, has: usize) -> Standing {
        let has_delivered = self.delivered.is_some_and(|at| at.elapsed() < ANSWERS_FOR);
        let known = match self.answered {
            _ if has_delivered => Known::Delivers,
            None => Known::New,
            Some(true) => Known::Answers,
            Some(false) => Known::Silent,
        };
        Standing { has, known }
    }

    /// Retries take at most half of the room.
    fn has_room_for_a_retry(&self, concurrency: usize) -> bool {
        let room = match self.breaker.admission(Instant::now()) {
            Admission::AtMost(limit) => limit.min(concurrency),
            Admission::All | Admission::Probe | Admission::Nobody(_) => concurrency,
        };
        self.retries < (room / 2).max(1)
    }
}

#[cfg(test)]
mod tests;
