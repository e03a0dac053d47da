//! The signs of life of the daemons.

use std::time::Duration;

use redis::Value;

use super::{About, Daemon, Work};
use crate::core::batch::Millis;
use crate::core::moment::millis;
use crate::store::handles::Daemons;
use crate::store::keys::{DAEMONS, Shard};
use crate::store::scripts;
use crate::store::{Result, reply};

/// A daemon is remembered for so long after its last sign.
const REMEMBERED: Duration = Duration::from_secs(3600);

impl Work {
    /// The daemons alone, out of what Redis has of them.
    pub(super) fn of_daemons(now: Millis, found: Option<Value>) -> Result<Self> {
        let daemons: Vec<(String, String)> = reply::value(found)?;
        let daemons = daemons.into_iter();
        let mut work = Self {
            now,
            // What another version wrote in another way is no daemon of ours.
            daemons: daemons
                .filter_map(|(id, text)| Daemon::read(id, &text))
                .collect(),
            ..Self::default()
        };
        work.daemons
            .sort_by_key(|daemon| std::cmp::Reverse(daemon.since));
        Ok(work)
    }
}

impl Daemons<'_> {
    /// Notes that a daemon lives, which has run for `up`.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn beat(self, id: &str, up: Duration, about: &About) -> Result<()> {
        let mut beat = scripts::BEAT.key(DAEMONS);
        beat.arg(id).arg(millis(up)).arg(reply::json(about)?);
        let _: Millis = self
            .store
            .run(Shard::FIRST, beat.arg(millis(REMEMBERED)))
            .await?;
        Ok(())
    }

    /// Forgets a daemon, which ends.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn forget(self, id: &str) -> Result<()> {
        self.store
            .query(redis::cmd("HDEL").arg(DAEMONS).arg(id))
            .await
    }

    /// The daemons alone, without what is due.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn all(self) -> Result<Work> {
        let mut reads = redis::pipe();
        reads.cmd("TIME").hgetall(DAEMONS);
        let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
        let now = reply::time(values.next())?;
        Work::of_daemons(now, values.next())
    }
}
