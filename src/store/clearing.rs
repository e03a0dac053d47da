//! What stands of a whole buffer or destination, and clearing it away before that is removed.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use super::config::lives::Living;
use super::handles::{Chats, Lanes, Windows};
use super::keys::{self, Due, Place, Shard};
use super::scripts;
use super::windows::closing::Closing;
use super::work::Kind;
use super::{Result, Store};
use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;

/// Members that Redis looks at in one step of a scan.
const STEP: usize = 1000;
/// Chats that are cleared at a time.
const AT_ONCE: usize = 128;

/// What was cleared away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Windows or lanes.
    pub chats: u64,
    /// The messages in those windows, the batches on those lanes.
    pub held: u64,
}

impl Cleared {
    fn add(&mut self, held: impl IntoIterator<Item = u64>) {
        for held in held.into_iter().filter(|&held| held > 0) {
            self.chats += 1;
            self.held += held;
        }
    }
}

impl Windows<'_> {
    /// How many windows of a buffer are open.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count_in(self, buffer: &Name) -> Result<u64> {
        let mut windows = 0;
        for shard in Shard::all() {
            windows += self
                .store
                .members(&Due::Windows, shard, Some(buffer))
                .await?
                .len();
        }
        Ok(u64::try_from(windows).unwrap_or(u64::MAX))
    }

    /// Closes all open windows of a buffer that is being removed.
    ///
    /// # Errors
    /// Gone, where a destination is not there in the life that it has here; unavailable or silent. What was closed until
    /// then stays closed.
    pub async fn flush_all(
        self,
        buffer: &Name,
        destinations: &[Target],
        removed: &Living,
    ) -> Result<Cleared> {
        let flush = |chat: Chat| async move {
            let closing = self.flush_in(&chat, destinations, removed).await?;
            Ok(match closing {
                Closing::Closed { count, .. } => count,
                Closing::Open | Closing::NoWindow => 0,
            })
        };
        self.store.clear(&Due::Windows, Some(buffer), flush).await
    }

    /// Drops all open windows of a buffer that is being removed.
    ///
    /// # Errors
    /// Unavailable or silent; what was dropped until then stays dropped.
    pub async fn cancel_all(self, buffer: &Name, removed: &Living) -> Result<Cleared> {
        let cancel = |chat: Chat| async move { self.cancel_in(&chat, Some(removed)).await };
        self.store.clear(&Due::Windows, Some(buffer), cancel).await
    }
}

impl Chats<'_> {
    /// Ends the pauses of the chats of a buffer that is being removed.
    ///
    /// # Errors
    /// Unavailable or silent; what was forgotten until then stays so.
    pub(super) async fn forget_pauses(self, buffer: &Name, removed: &Living) -> Result<()> {
        let pattern = keys::members_like(buffer);
        for shard in Shard::all() {
            let paused = keys::paused(shard);
            let mut chats = self.store.scanned_set(&paused, &pattern).await?;
            chats.retain(|member, _| is_of(member, Some(buffer)));
            let chats: Vec<_> = chats.into_keys().collect();
            for chats in chats.chunks(AT_ONCE) {
                let mut forget = scripts::FORGET_PAUSES.key(&paused);
                forget.key(keys::alive(shard)).key(keys::pausers(shard));
                removed.must_be_over(&mut forget);
                for chat in chats {
                    forget.arg(chat);
                }
                self.store.run::<u64>(shard, &forget).await?;
            }
        }
        Ok(())
    }
}

impl Lanes<'_> {
    /// How many lanes to a destination hold batches.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count_to(self, destination: &Name) -> Result<u64> {
        Ok(self.store.counts([destination.clone()]).await?.lanes)
    }

    /// Drops all lanes to a destination, or of a schedule, in a removal only while that is under way. An attempt on its way may still arrive there.
    ///
    /// # Errors
    /// Unavailable or silent; what was dropped until then stays dropped.
    pub async fn discard_all(
        self,
        destination: &Name,
        removed: Option<&Living>,
    ) -> Result<Cleared> {
        let discard = |chat: Chat| async move {
            let place = Place::of(&chat);
            let mut discard = scripts::DISCARD.key(place.due_lanes(destination));
            discard
                .key(place.lane(destination))
                .key(place.head(destination))
                .key(place.revived(destination))
                .key(keys::alive(place.shard))
                .key(keys::held(place.shard, Kind::Lanes))
                .arg(place.lane_member());
            if let Some(removed) = removed {
                removed.must_be_over(&mut discard);
            }
            self.store.run(place.shard, &discard).await
        };
        let lanes = Due::Lanes(destination.clone());
        self.store.clear(&lanes, None, discard).await
    }
}

impl Store {
    /// Does `one` to each chat in an index that is of `buffer`, if given; it answers what the chat held.
    async fn clear<Work: Future<Output = Result<u64>>>(
        &self,
        due: &Due,
        buffer: Option<&Name>,
        one: impl Fn(Chat) -> Work,
    ) -> Result<Cleared> {
        let mut cleared = Cleared::default();
        for shard in Shard::all() {
            let members = self.members(due, shard, buffer).await?;
            let chats: Vec<_> = members
                .keys()
                .filter_map(|member| keys::chat_of_member(member))
                .collect();
            for chats in chats.chunks(AT_ONCE) {
                let held = try_join_all(chats.iter().cloned().map(&one)).await?;
                cleared.add(held);
            }
        }
        Ok(cleared)
    }

    /// The members of one shard of an index, of `buffer` if given, with their scores.
    pub(super) async fn members(
        &self,
        due: &Due,
        shard: Shard,
        buffer: Option<&Name>,
    ) -> Result<HashMap<String, f64>> {
        let pattern = buffer.map_or_else(|| "*".to_owned(), keys::members_like);
        let mut members = self.matching(due, shard, &pattern).await?;
        members.retain(|member, _| is_of(member, buffer));
        Ok(members)
    }

    /// The members of one shard of an index that match a pattern, with their scores.
    pub(super) async fn matching(
        &self,
        due: &Due,
        shard: Shard,
        pattern: &str,
    ) -> Result<HashMap<String, f64>> {
        self.scanned_set(&due.key(shard), pattern).await
    }

    /// The members of a sorted set that match a pattern, with their scores.
    pub(super) async fn scanned_set(
        &self,
        key: &str,
        pattern: &str,
    ) -> Result<HashMap<String, f64>> {
        // A scan may show a member twice.
        let mut members = HashMap::new();
        let mut cursor = 0;
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(key)
                .arg(cursor)
                .arg("MATCH")
                .arg(pattern)
                .arg("COUNT")
                .arg(STEP);
            let (next, page): (u64, Vec<(String, f64)>) = self.query(&scan).await?;
            members.extend(page);
            if next == 0 {
                return Ok(members);
            }
            cursor = next;
        }
    }
}

/// Whether a member of an index is of `buffer`, if given.
fn is_of(member: &str, buffer: Option<&Name>) -> bool {
    buffer.is_none_or(|buffer| {
        keys::chat_of_member(member).is_some_and(|chat| chat.buffer == *buffer)
    })
}
