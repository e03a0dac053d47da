//! The circuit breaker of a destination: while it takes nothing, single probes instead of the whole crowd.
//!
//! What a destination is like is told by batches that nobody has tried before: a batch that has failed once tells about
//! itself. A destination that takes some and refuses others is not down. So failures count only in a row, and how many
//! make a row that means something depends on how many are refused at the best of times.
//!
//! A row makes it suspect: what has failed before waits for single probes, and what is new still goes out. Only when
//! that goes on it is taken for down, and single probes are all that goes out.

use std::time::{Duration, Instant};

/// At the least so many fresh batches in a row are refused before that is taken for the destination's doing.
const FEWEST_TO_SUSPECT: u32 = 5;
/// The same before no more are sent. A destination that is down is spared the rest of them; some chats that are refused
/// for their own reasons, and happen to come one after the other, hold nobody up.
const FEWEST_TO_OPEN: u32 = 256;
/// A row longer than this means something even where hardly any batch was ever taken.
const MOST: u32 = 512;
/// One that took nothing for so long is down, however few were sent.
const LONGEST_SUSPICION: Duration = Duration::from_secs(10);
/// A row is as long as would come about by chance once in a million times.
const CHANCE: f64 = 1e-6;
/// How much one outcome says about the share of batches that are taken: the last hundred or so decide.
const WEIGHT: f64 = 1.0 / 128.0;

/// Between probes: a destination that is back is found within half a second, and one that was away for long within a
/// small part of that.
const SHORTEST_REST: Duration = Duration::from_millis(400);
const LONGEST_REST: Duration = Duration::from_secs(4);
const PART: u32 = 150;

/// A destination that is back gets so many at a time at first, and one more with each that it takes.
const FIRST_LIMIT: usize = 2;

/// Counts outcomes and says who may try.
#[derive(Debug)]
pub struct Breaker {
    /// Attempts that may be in flight at a time when all is well.
    concurrency: usize,
    /// The share of fresh batches that are taken, by those before the row of failures.
    taken: f64,
    /// Fresh batches that were refused in a row.
    failures: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Well,
    /// It has refused a row of batches, which may be theirs.
    Suspect(Probes),
    /// It takes nothing.
    Down(Probes),
    /// It is back, and is not to be knocked over.
    Returning {
        limit: usize,
    },
}

#[derive(Clone, Copy, Debug)]
struct Probes {
    since: Instant,
    next: Instant,
    on_its_way: bool,
}

impl Probes {
    fn from(now: Instant) -> Self {
        Self {
            since: now,
            next: now + SHORTEST_REST,
            on_its_way: false,
        }
    }

    fn admission(&self, now: Instant) -> Admission {
        match self.on_its_way {
            true => Admission::Nobody(None),
            false if now < self.next => Admission::Nobody(Some(self.next)),
            false => Admission::Probe,
        }
    }

    /// One has failed: the longer it is down, the longer the rest before the next.
    fn rest(&mut self, now: Instant) {
        let down = now.saturating_duration_since(self.since);
        self.on_its_way = false;
        self.next = now + (down / PART).clamp(SHORTEST_REST, LONGEST_REST);
    }
}

/// Who may try now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Everybody.
    All,
    /// Everybody, but only so many at a time.
    AtMost(usize),
    /// One, whose outcome decides.
    Probe,
    /// Nobody before this moment; `None`: a probe is on its way and its outcome decides.
    Nobody(Option<Instant>),
}

/// Which attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Nobody has tried this batch before.
    pub fresh: bool,
    /// It was let in as a probe.
    pub probe: bool,
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
    /// The destination had refused so many in a row that it may have been down, and takes them again.
    Recovered,
}

impl Breaker {
    /// The breaker of a destination that takes so many attempts at a time. It is taken for well.
    pub fn new(concurrency: usize) -> Self {
        Self {
            concurrency,
            taken: 1.0,
            failures: 0,
            state: State::Well,
        }
    }

    /// Who may try something new at `now`. Changes nothing.
    pub fn admission(&self, now: Instant) -> Admission {
        match &self.state {
            State::Well | State::Suspect(_) => Admission::All,
            State::Returning { limit } => Admission::AtMost(*limit),
            State::Down(probes) => probes.admission(now),
        }
    }

    /// Who may try something again at `now`. Changes nothing.
    pub fn admission_again(&self, now: Instant) -> Admission {
        match &self.state {
            State::Suspect(probes) => probes.admission(now),
            State::Well | State::Returning { .. } | State::Down(_) => self.admission(now),
        }
    }

    /// A probe goes out.
    pub fn begin_probe(&mut self) {
        if let State::Down(probes) | State::Suspect(probes) = &mut self.state {
            probes.on_its_way = true;
        }
    }

    /// A probe found nothing to try, or says nothing; the next one may.
    pub fn abandon_probe(&mut self) {
        if let State::Down(probes) | State::Suspect(probes) = &mut self.state {
            probes.on_its_way = false;
        }
    }

    /// The destination took a batch.
    pub fn succeeded(&mut self) -> Turn {
        // Of an outage no more than what made it one: it says little about the days between outages.
        let refused = self.failures.min(self.row());
        self.taken *= (1.0 - WEIGHT).powi(i32::try_from(refused).unwrap_or(i32::MAX));
        self.taken += WEIGHT * (1.0 - self.taken);
        self.failures = 0;
        match &mut self.state {
            State::Well => Turn::Unchanged,
            State::Suspect(_) => {
                self.state = State::Well;
                Turn::Recovered
            }
            State::Returning { limit } => {
                *limit += 1;
                if *limit >= self.concurrency {
                    self.state = State::Well;
                }
                Turn::Unchanged
            }
            State::Down(_) => {
                self.state = State::Returning { limit: FIRST_LIMIT };
                Turn::Closed
            }
        }
    }

    /// The destination did not take a batch.
    pub fn failed(&mut self, tried: Tried, now: Instant) -> Turn {
        if tried.fresh {
            self.failures = self.failures.saturating_add(1);
        }
        let row = self.row();
        let is_row = self.failures >= row;
        let is_long = self.failures >= row.max(FEWEST_TO_OPEN);
        match &mut self.state {
            State::Well if is_row => {
                self.state = State::Suspect(Probes::from(now));
                Turn::Unchanged
            }
            State::Suspect(probes)
                if is_long || now.saturating_duration_since(probes.since) >= LONGEST_SUSPICION =>
            {
                let since = probes.since;
                self.state = State::Down(Probes {
                    since,
                    ..Probes::from(now)
                });
                Turn::Opened
            }
            State::Returning { .. } if is_row => {
                self.state = State::Down(Probes::from(now));
                Turn::Opened
            }
            // Others had begun before, or are let in anyway: they say nothing new.
            State::Suspect(probes) | State::Down(probes) if tried.probe => {
                probes.rest(now);
                Turn::Unchanged
            }
            _ => Turn::Unchanged,
        }
    }

    /// Whether the destination is taken for down.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Down(_))
    }

    /// How many fresh batches in a row are hardly refused by chance.
    fn row(&self) -> u32 {
        let row = (CHANCE.ln() / (1.0 - self.taken).ln()).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float casts to the nearest it can, and is bounded before"
        )]
        let row = row.min(f64::from(MOST)) as u32;
        row.clamp(FEWEST_TO_SUSPECT, MOST)
    }
}

#[cfg(test)]
mod tests;
