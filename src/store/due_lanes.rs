//! The index of indexes: of each shard the destinations that have lanes there, by when the first of them is due. One look
//! at it says where a lane is due, however many destinations there are.
//!
//! A destination may stand there with a time that has passed since, or without a lane: it is due no sooner than that, and
//! whoever looks finds out. It never stands there later than a lane of its is due.

use std::collections::BTreeMap;
use std::time::Duration;

use super::due::shards_of;
use super::handles::DueIndexes;
use super::keys::{self, Due, Shard};
use super::scripts;
use super::{Result, reply};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::moment::millis;

/// Destinations that one script looks at: it holds Redis for less than half a millisecond.
const AT_A_TIME: usize = 128;

/// Destinations of one shard, and how long it is until the first lane to each is due.
pub type DueLanes = Vec<(Name, Duration)>;

impl DueIndexes<'_> {
    /// The destinations that may have a lane which is due within `ahead`, of each shard that has any.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn destinations(self, ahead: Duration) -> Result<Vec<(Shard, DueLanes)>> {
        let now = self.store.clock().now().await?;
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.zrangebyscore_withscores(keys::lanes(shard), "-inf", now + millis(ahead));
        }
        let mut all = Vec::new();
        for (shard, timed) in Shard::all().zip(self.store.timed(&reads).await?) {
            let Some((now, found)) = timed else {
                continue;
            };
            let found: Vec<(Vec<u8>, f64)> = reply::value(Some(found))?;
            let due = found.into_iter().filter_map(|it| due_within(it, now));
            let due: DueLanes = due.collect();
            all.extend((!due.is_empty()).then_some((shard, due)));
        }
        Ok(all)
    }

    /// Looks when the first lane to each of these destinations is due in a shard, and notes it; one without a lane there
    /// is not among them.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn note_lanes(self, shard: Shard, destinations: &[Name]) -> Result<DueLanes> {
        let mut due = Vec::new();
        for some in destinations.chunks(AT_A_TIME) {
            let mut look = scripts::DUE_LANES.key(keys::lanes(shard));
            for destination in some {
                look.key(Due::Lanes(destination.clone()).key(shard));
            }
            let firsts: Vec<i64> = self.store.run(shard, look.arg(keys::RETRIES)).await?;
            let mut firsts = firsts.into_iter();
            let now = firsts.next().unwrap_or_default();
            let firsts = some.iter().zip(firsts).filter(|(_, first)| *first >= 0);
            due.extend(firsts.map(|(destination, first)| {
                let left = u64::try_from(first - now).unwrap_or_default();
                (destination.clone(), Duration::from_millis(left))
            }));
        }
        Ok(due)
    }

    /// The same in all shards: puts right what an older Lull, or whoever wrote into Redis past it, left otherwise.
    ///
    /// # Errors
    /// Unavailable or silent; what was put right until then stays so.
    pub async fn note_all_lanes(self, destinations: &[Name]) -> Result<()> {
        let mut by_shard = BTreeMap::<Shard, Vec<Name>>::new();
        for destination in destinations {
            for shard in shards_of(&Due::Lanes(destination.clone())) {
                by_shard.entry(shard).or_default().push(destination.clone());
            }
        }
        for (shard, destinations) in by_shard {
            self.note_lanes(shard, &destinations).await?;
        }
        Ok(())
    }
}

/// A destination of the index, and how long it is from `now` until it may be due.
fn due_within((name, score): (Vec<u8>, f64), now: Millis) -> Option<(Name, Duration)> {
    let name = Name::from_stored(std::str::from_utf8(&name).ok()?).ok()?;
    let left = reply::score(score).saturating_sub(now);
    Some((name, Duration::from_millis(left)))
}
