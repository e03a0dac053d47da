//! Marks by which a monitor knows that its sweeps go round, for the signs of life it gives.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::health::Says;
use crate::monitor::Monitor;
use crate::store::work::{Kind, TOO_LONG};

/// Names of destinations in a sign; beyond it all lanes are said to stand.
const MOST_NAMES: usize = 32;

/// When a sweep should go round next.
#[derive(Debug)]
pub(in crate::monitor) struct Mark {
    begun: Instant,
    /// In ms since then.
    due: AtomicU64,
    /// It waits for somebody who is at work.
    waiting: AtomicUsize,
}

impl Default for Mark {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            due: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Mark {
    /// The sweep has gone round, and sleeps until then.
    pub(in crate::monitor) fn goes_on_at(&self, at: Instant) {
        let due = at.saturating_duration_since(self.begun).as_millis();
        let due = u64::try_from(due).unwrap_or(u64::MAX);
        self.due.store(due, Ordering::Relaxed);
    }

    /// The sweep waits for room, or for the turn of a destination that is down, as long as the answer is kept: it is at
    /// work meanwhile.
    pub(in crate::monitor) fn waits(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    /// Whether it should have gone round long ago.
    fn stands(&self) -> bool {
        let due = Duration::from_millis(self.due.load(Ordering::Relaxed));
        let late = self.begun.elapsed().saturating_sub(due);
        late >= TOO_LONG && self.waiting.load(Ordering::Relaxed) == 0
    }
}

/// As long as it is there, the sweep waits.
pub(in crate::monitor) struct Waiting<'a>(&'a Mark);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.goes_on_at(Instant::now());
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Monitor {
    /// What this monitor says with each sign of life.
    pub fn says(&self) -> Says {
        Says {
            stands: self.stands(),
            late: self.late.counts(),
        }
    }

    /// What this monitor does not work off, though it should, as [`About::stands`](crate::store::work::About::stands).
    pub fn stands(&self) -> Vec<String> {
        let sweeps = [
            (Kind::Windows, &self.windows_mark),
            (Kind::Later, &self.later_mark),
            // Workers sleep until they are told.
            (Kind::Lanes, &self.lanes_mark),
        ];
        let sweeps = sweeps.into_iter().filter(|(_, mark)| mark.stands());
        let mut stands: Vec<_> = sweeps.map(|(kind, _)| kind.as_str().to_owned()).collect();
        let snapshot = self.registry.get();
        let known = snapshot
            .expected()
            .into_iter()
            .filter(|name| snapshot.destination(name).is_some());
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<_> = known.collect();
        closed.retain(|name, _| {
            known.binary_search(name).is_ok() && self.workers.get(name).is_none()
        });
        let lanes: Vec<_> = known
            .iter()
            .filter(|name| match self.workers.get(name) {
                Some(worker) => worker.mark.stands(),
                // One that has just come, or started, has its worker within a second.
                None => {
                    let since = closed.entry((*name).clone()).or_insert_with(Instant::now);
                    since.elapsed() >= TOO_LONG
                }
            })
            .map(Kind::lanes_to)
            .collect();
        if lanes.len() > MOST_NAMES {
            stands.push(Kind::Lanes.as_str().to_owned());
        } else {
            stands.extend(lanes);
        }
        stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_ago() -> Mark {
        Mark {
            begun: Instant::now().checked_sub(TOO_LONG).unwrap(),
            ..Mark::default()
        }
    }

    #[test]
    fn a_sweep_that_does_not_go_round_stands_and_one_that_sleeps_does_not() {
        let mark = long_ago();
        assert!(mark.stands());

        mark.goes_on_at(Instant::now() + TOO_LONG);

        assert!(!mark.stands());
        assert!(!Mark::default().stands());
    }

    #[test]
    fn a_sweep_that_waits_for_room_does_not_stand_and_goes_on_from_then() {
        let mark = long_ago();

        let waiting = mark.waits();
        assert!(!mark.stands());
        drop(waiting);

        assert!(!mark.stands());
    }
}
