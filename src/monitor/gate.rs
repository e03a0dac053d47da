//! Who may attempt now: room for so many attempts in flight, and the destination's circuit breaker.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};

use crate::domain::batch::{Millis, Outcome};
use crate::domain::breaker::{Admission, Breaker, Turn};

/// Lets attempts in.
#[derive(Debug)]
pub(super) struct Gate {
    room: Arc<Semaphore>,
    breaker: Mutex<Breaker>,
    /// The breaker may let somebody in.
    changed: Notify,
    /// The destination has a pace, so only the sweep lets attempts begin.
    paced: bool,
}

/// The right to make attempts, one after the other, until it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    gate: Arc<Gate>,
    probe: bool,
    /// The interval that let it begin, where the destination has a pace, until an attempt was made.
    interval: Option<Millis>,
    _room: OwnedSemaphorePermit,
}

impl Gate {
    pub(super) fn new(concurrency: usize, paced: bool) -> Arc<Self> {
        Arc::new(Self {
            room: Arc::new(Semaphore::new(concurrency)),
            breaker: Mutex::default(),
            changed: Notify::new(),
            paced,
        })
    }

    /// A pass, if there is room at this moment; never where there is a pace.
    pub(super) fn try_enter(self: &Arc<Self>) -> Option<Pass> {
        if self.paced { None } else { self.try_admit() }
    }

    /// Whether only the sweep lets attempts begin.
    pub(super) fn is_paced(&self) -> bool {
        self.paced
    }

    fn try_admit(self: &Arc<Self>) -> Option<Pass> {
        let room = self.room.clone().try_acquire_owned().ok()?;
        self.admit(room)
    }

    /// A pass, if there is room within `patience`; while the destination is down nobody waits.
    pub(super) async fn enter_within(self: &Arc<Self>, patience: Duration) -> Option<Pass> {
        if self.paced || self.is_open() {
            return self.try_enter();
        }
        let room = timeout(patience, self.room.clone().acquire_owned()).await;
        self.admit(room.ok()?.ok()?)
    }

    /// Up to `most` passes, as soon as there is room for one. Those who wait are let in by turns.
    pub(super) async fn enter(self: &Arc<Self>, most: usize) -> Vec<Pass> {
        loop {
            let changed = self.changed.notified();
            let admission = self.breaker().admission(Instant::now());
            match admission {
                Admission::Nobody(Some(at)) => {
                    let _ = timeout_at(at.into(), changed).await;
                }
                Admission::Nobody(None) => changed.await,
                Admission::All | Admission::Probe => {
                    let room = self.room.clone().acquire_owned().await.ok();
                    let first = room.and_then(|room| self.admit(room));
                    let more = (1..most).map_while(|_| self.try_admit());
                    let passes: Vec<_> = first.into_iter().chain(more).collect();
                    if !passes.is_empty() {
                        return passes;
                    }
                }
            }
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.breaker().is_open()
    }

    fn admit(self: &Arc<Self>, room: OwnedSemaphorePermit) -> Option<Pass> {
        let mut breaker = self.breaker();
        let probe = match breaker.admission(Instant::now()) {
            Admission::All => false,
            Admission::Probe => true,
            Admission::Nobody(_) => return None,
        };
        if probe {
            breaker.begin_probe();
        }
        Some(Pass {
            gate: self.clone(),
            probe,
            interval: None,
            _room: room,
        })
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // Each change of the breaker is one step, so a panic elsewhere leaves it whole.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// It was let in by an interval of the destination's pace.
    pub(super) fn let_in_by(&mut self, interval: Option<Millis>) {
        self.interval = interval;
    }

    /// An attempt is made with it.
    pub(super) fn begin(&mut self) {
        self.interval = None;
    }

    /// The interval that let it in for nothing.
    pub(super) fn unused(&self) -> Option<Millis> {
        self.interval
    }

    /// Tells the breaker how an attempt ended.
    pub(super) fn record(&mut self, outcome: &Outcome) -> Turn {
        let probe = std::mem::take(&mut self.probe);
        let turn = match outcome {
            Outcome::Delivered => self.gate.breaker().succeeded(),
            Outcome::Retry { .. } => self.gate.breaker().failed(probe, Instant::now()),
            // It was there to say so, yet has taken nothing.
            Outcome::Rejected => {
                self.probe = probe;
                Turn::Unchanged
            }
        };
        if probe || turn != Turn::Unchanged {
            self.gate.changed.notify_waiters();
        }
        turn
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe {
            self.gate.breaker().abandon_probe();
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Outcome = Outcome::Retry { asked: None };

    #[tokio::test]
    async fn there_is_room_for_so_many() {
        let gate = Gate::new(3, false);

        let passes = gate.enter(64).await;

        assert_eq!(passes.len(), 3);
        assert!(gate.try_enter().is_none());
        drop(passes);
        assert!(gate.try_enter().is_some());
    }

    #[tokio::test]
    async fn where_there_is_a_pace_only_the_sweep_enters() {
        let gate = Gate::new(3, true);

        assert!(gate.try_enter().is_none());
        assert!(gate.enter_within(Duration::from_secs(5)).await.is_none());
        assert_eq!(gate.enter(64).await.len(), 3);
    }

    #[tokio::test]
    async fn who_waits_enters_when_somebody_leaves() {
        let gate = Gate::new(1, false);
        let pass = gate.try_enter();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(1).await.len() }
        });
        tokio::task::yield_now().await;

        drop(pass);

        assert_eq!(
            timeout(Duration::from_secs(5), waiting)
                .await
                .unwrap()
                .unwrap(),
            1
        );
    }

    #[tokio::test]
    async fn while_the_destination_refuses_everything_one_probe_goes() {
        let gate = Gate::new(64, false);
        for mut pass in gate.enter(10).await {
            pass.record(&RETRY);
        }
        assert!(gate.is_open());
        assert!(gate.try_enter().is_none());

        let mut probes = timeout(Duration::from_secs(5), gate.enter(64))
            .await
            .unwrap();

        assert_eq!(probes.len(), 1);
        assert!(gate.try_enter().is_none());
        assert_eq!(probes[0].record(&Outcome::Delivered), Turn::Closed);
        assert_eq!(gate.enter(10).await.len(), 10);
    }
}
