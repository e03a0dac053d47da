//! The due indexes: what needs attention, and when.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use super::keys::{self, Due, Shard};
use super::windows::millis;
use super::{Result, Store, reply, script};
use crate::domain::chat::Chat;

static TAKE: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/take.lua")));

/// A sweep of an index looks at it again within this, whatever it knows. What falls due sooner wakes it by a hint, which
/// the scripts give that put it there.
pub const LONGEST_SLEEP: Duration = Duration::from_millis(250);
/// The same for an index with nothing in it, where whoever puts something there gives a hint: what such a one could not
/// hint at because it died is found within this. Many destinations are idle, and a look costs 64 reads.
pub const LONGEST_IDLE: Duration = Duration::from_secs(2);

/// What a monitor took is due again after this, should the monitor die with it in hand.
const AHEAD: Duration = Duration::from_secs(5);

pub(super) fn scripts() -> impl Iterator<Item = &'static Script> {
    std::iter::once(&*TAKE)
}

impl Store {
    /// How long until the next thing is due in each shard of an index, by [`Shard::index`]; `None`: nothing is there.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn look(&self, due: &Due) -> Result<Vec<Option<Duration>>> {
        let shards: Vec<_> = match due {
            // Nobody else has a lane to it.
            Due::Lanes(name) if name.is_own() => vec![Shard::of_outlet(name)],
            Due::Windows | Due::Lanes(_) | Due::Later => Shard::all().collect(),
        };
        let mut reads = redis::pipe();
        reads.cmd("TIME");
        for shard in &shards {
            reads.zrange_withscores(due.key(*shard), 0, 0);
        }
        let mut values = self
            .pipeline::<Vec<redis::Value>>(&reads)
            .await?
            .into_iter();
        let now = reply::time(values.next())?;
        let mut left = vec![None; Shard::all().count()];
        for (shard, value) in shards.into_iter().zip(values) {
            let first: Vec<(redis::Value, f64)> = reply::value(Some(value))?;
            left[shard.index()] = first
                .first()
                .map(|(_, score)| Duration::from_millis(reply::score(*score).saturating_sub(now)));
        }
        Ok(left)
    }

    /// Takes up to `most` chats that are due in a shard of an index, and how long until the next is.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn take(
        &self,
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
        &self,
        due: &Due,
        shard: Shard,
        most: usize,
    ) -> Result<(Vec<String>, Option<Duration>)> {
        let (left, members): (i64, Vec<Vec<u8>>) = self
            .run(shard, TAKE.key(due.key(shard)).arg(most).arg(millis(AHEAD)))
            .await?;
        let members = members
            .into_iter()
            .filter_map(|member| String::from_utf8(member).ok());
        let left = u64::try_from(left).ok().map(Duration::from_millis);
        Ok((members.collect(), left))
    }
}
