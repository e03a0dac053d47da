//! The pace of destinations: at most so many attempts begin in any interval, over all monitors.

use std::time::Duration;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::destination::Pace;
use crate::core::moment::millis;
use crate::store::Result;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Shard};
use crate::store::scripts;

/// Attempts that may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many; those that do not begin are to be given back.
    pub count: usize,
    /// When that was.
    pub at: Millis,
    /// Until more may begin.
    pub next: Duration,
    /// How many more may begin now.
    pub left: usize,
}

impl Lanes<'_> {
    /// Lets up to `want` attempts begin; those let in count as begun until they are given back.
    ///
    /// # Errors
    /// Unavailable or silent: then some may have been let in, and are lost to the others until the interval is over.
    pub async fn begin_attempts(
        self,
        destination: &Name,
        pace: Pace,
        want: usize,
    ) -> Result<Grant> {
        self.run_pace(destination, pace, want, 0, 0).await
    }

    /// Gives back an attempt that was let in then and did not begin.
    ///
    /// # Errors
    /// Unavailable or silent: then it may be lost to the others until the interval is over.
    pub async fn give_turns_back(self, destination: &Name, pace: Pace, at: Millis) -> Result<()> {
        let given = self.run_pace(destination, pace, 0, 1, at).await;
        given.map(drop)
    }

    /// Gives back an attempt that was let in then, and lets it begin now instead, if there is still room.
    ///
    /// # Errors
    /// Unavailable or silent: then it may be lost to the others until the interval is over.
    pub async fn begin_again(self, destination: &Name, pace: Pace, at: Millis) -> Result<Grant> {
        self.run_pace(destination, pace, 1, 1, at).await
    }

    async fn run_pace(
        self,
        destination: &Name,
        pace: Pace,
        want: usize,
        back: usize,
        at: Millis,
    ) -> Result<Grant> {
        let mut call = scripts::PACE.key(keys::pace(destination));
        call.arg(millis(pace.span()))
            .arg(pace.batch)
            .arg(want)
            .arg(back)
            .arg(at);
        // It belongs to no shard; any connection will do.
        let (count, at, next, left) = self.store.run(Shard::FIRST, &call).await?;
        Ok(Grant {
            count,
            at,
            next: Duration::from_millis(next),
            left,
        })
    }
}
