//! What all daemons counted, in steps of time. Each daemon adds its counts to the steps that go on, so that the sums of all
//! are what is kept, and as much for one daemon as for many.

use std::ops::Range;
use std::time::Duration;

use redis::Cmd;

use super::handles::Samples;
use super::keys::{SAMPLED, Shard, samples};
use super::scripts;
use super::work::Kind;
use super::{Result, Store};
use crate::core::batch::Millis;
use crate::core::moment::millis;
use crate::core::samples::Step;
use crate::core::samples::counted::{Counted, LOOKED, State};

/// It is remembered for so long what a daemon told last: none waits longer before it tells something again.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// Steps that are read in one go: it holds Redis for less than a millisecond.
const AT_A_TIME: usize = 1_000;

/// What a daemon learns when it has told what it counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Redis's time.
    pub now: Millis,
    /// Somebody has looked how much there is, in the step that goes on.
    pub looked: bool,
}

impl Samples<'_> {
    /// Adds what a daemon counted to the steps that go on. `number` grows with each that it tells: the same told again is
    /// not added again.
    ///
    /// # Errors
    /// Unavailable or silent: then it may be added, and is to be told again under its number.
    pub async fn add(self, daemon: &str, number: u64, counted: &Counted) -> Result<Told> {
        let mut add = scripts::ADD_SAMPLES.key(SAMPLED);
        for step in Step::ALL {
            add.key(samples(step));
        }
        add.arg(daemon)
            .arg(number)
            .arg(millis(REMEMBERED))
            .arg(LOOKED);
        for step in Step::ALL {
            add.arg(step.millis()).arg(step.kept());
        }
        for (key, count) in counted.pairs() {
            add.arg(key).arg(count);
        }
        let (now, looked) = self.store.run(Shard::FIRST, &add).await?;
        Ok(Told { now, looked })
    }

    /// What was counted in these steps, in their order; none: nobody counted.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn of(self, step: Step, numbers: Range<u64>) -> Result<Vec<Option<Counted>>> {
        let numbers: Vec<_> = numbers.collect();
        let mut all = Vec::with_capacity(numbers.len());
        for some in numbers.chunks(AT_A_TIME) {
            let places: Vec<_> = some.iter().map(|number| number % step.kept()).collect();
            let read = Cmd::hmget(samples(step), &places);
            let values: Vec<Option<String>> = self.store.query(&read).await?;
            let values = values.into_iter().zip(some);
            all.extend(values.map(|(value, number)| read_step(&value?, *number)));
        }
        Ok(all)
    }

    /// Looks how much there is.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn look(self) -> Result<State> {
        let store: &Store = self.store;
        let held = store.held();
        let (counts, waiting) = tokio::try_join!(store.counts([]), held.sum(Kind::Lanes, &[]))?;
        Ok(State {
            open: counts.windows,
            waiting: waiting.count,
            later: counts.waiting,
            dead: counts.dead_letters,
        })
    }
}

/// What stands in a place, if it is of this step, and not of one that is over.
fn read_step(value: &str, number: u64) -> Option<Counted> {
    let digits = value.find(|it: char| !it.is_ascii_digit())?;
    let (of, counted) = value.split_at(digits);
    (of.parse() == Ok(number)).then(|| Counted::read(counted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_one_step() {
        assert_eq!(read_step("12p3=a1", 12), Some(Counted::read("p3=a1")));
        assert_eq!(read_step("12p3=a1", 384), None, "one that is over");
        assert_eq!(read_step("odd", 12), None);
        assert_eq!(read_step("12", 12), None);
    }
}
