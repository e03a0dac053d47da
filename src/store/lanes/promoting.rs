//! Bringing retries forward when their destination is back.

use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::moment::millis;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Due, Place, Shard};
use crate::store::scripts;
use crate::store::{Result, reply};

/// Shards that are looked at together: their writes share a sync to disk, which takes most of the time.
const AT_ONCE: usize = 16;

impl Lanes<'_> {
    /// Brings forward the retries of a destination that is back, each to a moment within `spread`; answers how many.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn promote(self, destination: &Name, spread: Duration) -> Result<u64> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        stream::iter(Shard::all())
            .map(|shard| self.promote_in(destination, shard, now, spread))
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |all, some| Ok(all + some))
            .await
    }

    async fn promote_in(
        self,
        destination: &Name,
        shard: Shard,
        now: Millis,
        spread: Duration,
    ) -> Result<u64> {
        let due = Due::Retries(destination.clone());
        let after = due.band().0 + now;
        let later = redis::Cmd::zrangebyscore(due.key(shard), format!("({after}"), "+inf");
        let members: Vec<Vec<u8>> = self.store.query(&later).await?;
        let chats = members
            .iter()
            .filter_map(|member| keys::chat_of_member(std::str::from_utf8(member).ok()?));
        let lanes = chats.map(|chat| self.promote_lane(destination, chat, spread));
        Ok(try_join_all(lanes).await?.iter().sum())
    }

    async fn promote_lane(self, destination: &Name, chat: Chat, spread: Duration) -> Result<u64> {
        let place = Place::of(&chat);
        let mut promote = scripts::PROMOTE.key(place.due_lanes(destination));
        promote
            .key(place.head(destination))
            .arg(place.lane_member())
            .arg(millis(spread.mul_f64(fastrand::f64())))
            .arg(keys::RETRIES);
        self.store.tell_time(&mut promote, place.shard);
        promote.key(keys::lanes(place.shard));
        self.store.run(place.shard, &promote).await
    }
}
