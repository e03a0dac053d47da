//! The due indexes: what needs attention, and when.

use std::time::Duration;

use super::handles::DueIndexes;
use super::keys::{self, Due, Shard};
use super::scripts::{self, Call};
use super::{Result, reply};
use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::moment::millis;

/// A sweep of an index looks at it again within this, whatever it knows. What falls due sooner wakes it by a hint, which
/// the scripts give that put it there.
pub const LONGEST_SLEEP: Duration = Duration::from_millis(250);
/// The same for an index with nothing in it that is due soon, where whoever puts something there gives a hint: a hint that
/// is lost costs this, and with the look itself no more than two seconds.
pub const LONGEST_IDLE: Duration = Duration::from_millis(1900);

/// What a monitor took is due again after this, should the monitor die with it in hand.
const AHEAD: Duration = Duration::from_secs(5);

/// How long until the next thing is due in each shard of an index, by [`Shard::index`]; `None`: nothing is there.
pub type Left = Vec<Option<Duration>>;

/// Takes up to `most` of what is due in an index; what was taken is due again after `ahead`.
pub(super) fn take_from(
    key: impl AsRef<str>,
    most: usize,
    ahead: Duration,
    band: (u64, u64),
) -> Call {
    let mut take = scripts::TAKE.key(key);
    take.arg(most).arg(millis(ahead)).arg(band.0).arg(band.1);
    take
}

impl DueIndexes<'_> {
    /// How long until the next thing is due in these shards of an index.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn look(self, due: &Due, at: impl Iterator<Item = Shard>) -> Result<Left> {
        let shards = some_of(due, at);
        let firsts = self.firsts(due, &shards, due.band()).await?;
        Ok(left(shards.into_iter().zip(firsts), due))
    }

    /// The same of the lanes to a destination that were never attempted, and of its retries. Where all is idle this
    /// costs no more than a look at one of them.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn look_at_lanes(
        self,
        destination: &Name,
        at: impl Iterator<Item = Shard>,
    ) -> Result<(Left, Left)> {
        let lanes = Due::Lanes(destination.clone());
        let retries = Due::Retries(destination.clone());
        let shards = some_of(&lanes, at);
        let of_both = (lanes.band().0, retries.band().1);
        let firsts = self.firsts(&lanes, &shards, of_both).await?;
        let (fresh, tried): (Vec<_>, Vec<_>) = shards
            .into_iter()
            .zip(firsts)
            .partition(|(_, first)| first.is_some_and(|first| first.score <= lanes.band().1));
        let behind: Vec<_> = fresh.iter().map(|(shard, _)| *shard).collect();
        let hidden = if behind.is_empty() {
            Vec::new()
        } else {
            self.firsts(&retries, &behind, retries.band()).await?
        };
        let tried = tried.into_iter().chain(behind.into_iter().zip(hidden));
        Ok((left(fresh, &lanes), left(tried, &retries)))
    }

    /// The first within `band` in each of these shards; none: nothing is there, or its node does not answer.
    async fn firsts(
        self,
        due: &Due,
        shards: &[Shard],
        band: (Millis, Millis),
    ) -> Result<Vec<Option<First>>> {
        let mut reads = redis::pipe();
        for shard in shards {
            reads.zrangebyscore_limit_withscores(due.key(*shard), band.0, band.1, 0, 1);
        }
        let firsts = self.store.timed(&reads).await?.into_iter();
        let firsts = firsts.map(|timed| {
            let Some((now, value)) = timed else {
                return Ok(None);
            };
            let first: Vec<(redis::Value, f64)> = reply::value(Some(value))?;
            let first = first.first().map(|(_, score)| reply::score(*score));
            Ok(first.map(|first| First { score: first, now }))
        });
        firsts.collect()
    }

    /// Takes up to `most` chats that are due in a shard of an index, and how long until the next is.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn take(
        self,
        due: &Due,
        shard: Shard,
        most: usize,
    ) -> Result<(Vec<Chat>, Option<Duration>)> {
        let (members, left) = self.take_members(due, shard, most).await?;
        let chats = members
            .iter()
            .filter_map(|member| keys::chat_of_member(member));
        Ok((chats.collect(), left))
    }

    /// The same for an index whose members are not only chats.
    pub(super) async fn take_members(
        self,
        due: &Due,
        shard: Shard,
        most: usize,
    ) -> Result<(Vec<String>, Option<Duration>)> {
        self.take_by(take_from(due.key(shard), most, AHEAD, due.band()), shard)
            .await
    }

    /// What a take took, and how long until the next is due.
    pub(super) async fn take_by(
        self,
        take: Call,
        shard: Shard,
    ) -> Result<(Vec<String>, Option<Duration>)> {
        let (left, members): (i64, Vec<Vec<u8>>) = self.store.run(shard, &take).await?;
        let members = members
            .into_iter()
            .filter_map(|member| String::from_utf8(member).ok());
        let left = u64::try_from(left).ok().map(Duration::from_millis);
        Ok((members.collect(), left))
    }
}

/// Where an index can have something.
pub(super) fn shards_of(due: &Due) -> Vec<Shard> {
    match due {
        // Nobody else has a lane to it.
        Due::Lanes(name) | Due::Retries(name) if name.is_own() => {
            vec![Shard::of_schedule_lane(name)]
        }
        Due::Windows | Due::Lanes(_) | Due::Retries(_) | Due::Later => Shard::all().collect(),
    }
}

/// Those of some shards where an index can have something.
fn some_of(due: &Due, shards: impl Iterator<Item = Shard>) -> Vec<Shard> {
    let possible = shards_of(due);
    shards.filter(|shard| possible.contains(shard)).collect()
}

/// The first in an index, and when it was looked at, by the clock of its node.
#[derive(Clone, Copy)]
struct First {
    score: Millis,
    now: Millis,
}

/// How long it is until the first of each shard is due.
fn left(firsts: impl IntoIterator<Item = (Shard, Option<First>)>, due: &Due) -> Left {
    let mut left = vec![None; Shard::all().count()];
    for (shard, first) in firsts {
        let ms = first.map(|first| first.score.saturating_sub(due.band().0 + first.now));
        left[shard.index()] = ms.map(Duration::from_millis);
    }
    left
}
