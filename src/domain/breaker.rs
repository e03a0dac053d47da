//! The circuit breaker of a destination: while it refuses everything, single probes instead of the whole crowd.

use std::time::{Duration, Instant};

/// So many failures in a row, with no success between them, are taken for the destination's and not a batch's.
const FAILURES_TO_OPEN: u32 = 5;
/// The wait between probes grows from the first to the second: a destination that is back is found within seconds.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(4);

/// Counts outcomes and says who may try.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    rest: Duration,
    next_probe: Instant,
    probing: bool,
}

/// Who may try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Everybody.
    All,
    /// One, whose outcome decides.
    Probe,
    /// Nobody before this moment; `None`: a probe is on its way and its outcome decides.
    Nobody(Option<Instant>),
}

/// What an outcome did to the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    Unchanged,
    /// The destination is taken for down.
    Opened,
    /// The destination is back.
    Closed,
}

impl Breaker {
    /// Who may try at `now`. Changes nothing.
    pub fn admission(&self, now: Instant) -> Admission {
        match &self.open {
            None => Admission::All,
            Some(open) if open.probing => Admission::Nobody(None),
            Some(open) if now < open.next_probe => Admission::Nobody(Some(open.next_probe)),
            Some(_) => Admission::Probe,
        }
    }

    /// A probe goes out.
    pub fn begin_probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = true;
        }
    }

    /// A probe found nothing to try; the next one may.
    pub fn abandon_probe(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = false;
        }
    }

    /// The destination took a batch.
    pub fn succeeded(&mut self) -> Turn {
        self.failures = 0;
        if self.open.take().is_some() {
            Turn::Closed
        } else {
            Turn::Unchanged
        }
    }

    /// The destination did not take a batch; `probe` says whether that attempt was the probe.
    pub fn failed(&mut self, probe: bool, now: Instant) -> Turn {
        self.failures = self.failures.saturating_add(1);
        match &mut self.open {
            None if self.failures >= FAILURES_TO_OPEN => {
                self.open = Some(Open {
                    rest: FIRST_REST,
                    next_probe: now + FIRST_REST,
                    probing: false,
                });
                Turn::Opened
            }
            Some(open) if probe => {
                open.probing = false;
                open.rest = (open.rest * 2).min(LONGEST_REST);
                open.next_probe = now + open.rest;
                Turn::Unchanged
            }
            // Attempts that had begun before it opened say nothing new.
            _ => Turn::Unchanged,
        }
    }

    /// Whether the destination is taken for down.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 1..FAILURES_TO_OPEN {
            assert_eq!(breaker.failed(false, now), Turn::Unchanged);
        }
        assert_eq!(breaker.failed(false, now), Turn::Opened);
        breaker
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            breaker.failed(false, Instant::now());
            breaker.failed(false, Instant::now());
            breaker.succeeded();
        }

        assert_eq!(breaker.admission(Instant::now()), Admission::All);
    }

    #[test]
    fn while_open_one_probe_at_a_time_after_a_rest() {
        let now = Instant::now();
        let mut breaker = opened(now);

        assert_eq!(
            breaker.admission(now),
            Admission::Nobody(Some(now + FIRST_REST))
        );
        assert_eq!(breaker.admission(now + FIRST_REST), Admission::Probe);
        breaker.begin_probe();
        assert_eq!(breaker.admission(now + FIRST_REST), Admission::Nobody(None));
    }

    #[test]
    fn a_failed_probe_lengthens_the_rest_up_to_seconds() {
        let now = Instant::now();
        let mut breaker = opened(now);
        for _ in 0..20 {
            breaker.begin_probe();
            breaker.failed(true, now);
        }

        assert_eq!(
            breaker.admission(now),
            Admission::Nobody(Some(now + LONGEST_REST))
        );
    }

    #[test]
    fn a_late_failure_of_the_crowd_does_not_end_the_probe() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.begin_probe();

        breaker.failed(false, now);

        assert_eq!(breaker.admission(now), Admission::Nobody(None));
    }

    #[test]
    fn one_success_lets_everybody_in() {
        let mut breaker = opened(Instant::now());
        breaker.begin_probe();

        assert_eq!(breaker.succeeded(), Turn::Closed);
        assert_eq!(breaker.admission(Instant::now()), Admission::All);
        assert_eq!(breaker.succeeded(), Turn::Unchanged);
    }

    #[test]
    fn a_probe_that_found_nothing_leaves_the_place_to_the_next() {
        let now = Instant::now();
        let mut breaker = opened(now);
        breaker.begin_probe();

        breaker.abandon_probe();

        assert_eq!(breaker.admission(now + FIRST_REST), Admission::Probe);
    }
}
