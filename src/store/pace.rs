//! The pace of destinations: at most so many attempts begin in each interval, over all monitors.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use super::keys::{self, Shard};
use super::windows::millis;
use super::{Result, Store, script};
use crate::domain::batch::Millis;
use crate::domain::chat::Name;
use crate::domain::destination::Pace;

static PACE: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/pace.lua")));

pub(super) fn scripts() -> impl Iterator<Item = &'static Script> {
    std::iter::once(&*PACE)
}

/// Attempts that may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many; those that do not begin are to be given back.
    pub count: usize,
    /// When the interval began that they are of.
    pub interval: Millis,
    /// Until the next one.
    pub next: Duration,
    /// How many more may begin in this one.
    pub left: usize,
}

impl Store {
    /// Lets up to `want` attempts begin; those let in count as begun until they are given back.
    ///
    /// # Errors
    /// Unavailable or silent: then some may have been let in, and are lost to this interval.
    pub async fn pace(&self, destination: &Name, pace: Pace, want: usize) -> Result<Grant> {
        self.run_pace(destination, pace, want, 0, 0).await
    }

    /// Gives back an attempt that was let in by an interval and did not begin.
    ///
    /// # Errors
    /// Unavailable or silent: then it may be lost to this interval.
    pub async fn give_back(&self, destination: &Name, pace: Pace, interval: Millis) -> Result<()> {
        let given = self.run_pace(destination, pace, 0, 1, interval).await;
        given.map(drop)
    }

    async fn run_pace(
        &self,
        destination: &Name,
        pace: Pace,
        want: usize,
        back: usize,
        interval: Millis,
    ) -> Result<Grant> {
        let mut call = PACE.key(keys::PACE);
        call.arg(destination.as_str())
            .arg(millis(pace.every))
            .arg(pace.batch)
            .arg(want)
            .arg(back)
            .arg(interval);
        // It belongs to no shard; any connection will do.
        let (count, interval, next, left) = self.run(Shard::FIRST, &call).await?;
        Ok(Grant {
            count,
            interval,
            next: Duration::from_millis(next),
            left,
        })
    }
}
