//! Finding one batch by its id, and one message by the id that its client gave it, whosesoever they are.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::store::Result;
use crate::store::handles::History;
use crate::store::history::Settlement;
use crate::store::history::posts::{Post, Results};
use crate::store::keys::{self, Shard};
use crate::store::paging::{EntryId, Look};
use crate::store::windows::millis;

/// The clock of the daemon that made an id may be ahead of Redis's by so much.
const CLOCKS_APART: Duration = Duration::from_secs(60);
/// Mostly a batch is settled within so long of its making: looked at first.
const SOON: Duration = Duration::from_secs(60);
/// Shards that are read at the same time.
const SHARDS_AT_ONCE: usize = 8;
/// Pages of messages that are looked through for one id.
const MOST_PAGES: usize = 20;
/// Entries of such a page that are looked for: more than one is rare.
const FEW: usize = 8;

impl History<'_> {
    /// What became of the batch with this id, if history tells of it.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn batch(self, id: &BatchId) -> Result<Option<Settlement>> {
        let made = id.made_at().unwrap_or_default();
        let made = made.saturating_sub(millis(CLOCKS_APART));
        let soon = made.saturating_add(millis(CLOCKS_APART + SOON));
        // A look through all that is kept since takes longer the older it is.
        let periods = [(made, soon), (soon, Millis::MAX)];
        for (from, to) in periods {
            let looks = Shard::all().map(|shard| self.batch_in(id, shard, from, to));
            let mut looks = stream::iter(looks).buffer_unordered(SHARDS_AT_ONCE);
            while let Some(found) = looks.try_next().await? {
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    async fn batch_in(
        self,
        id: &BatchId,
        shard: Shard,
        from: Millis,
        to: Millis,
    ) -> Result<Option<Settlement>> {
        let key = keys::history(shard);
        self.store
            .first_since(&key, shard, (from, to), |entry| {
                if !entry.field("record")?.contains(id.as_str()) {
                    return Ok(None);
                }
                let settlement = Settlement::read(entry)?;
                Ok((settlement.record.id == id.as_str()).then_some(settlement))
            })
            .await
    }

    /// The chats in which a message has this id, among those that were taken in and those that were not; and since when
    /// not all that is kept was looked through, where that was too much.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn chats_of_message(self, id: &str) -> Result<(Vec<Chat>, Option<Millis>)> {
        let mut look = Look::first(FEW);
        let mut chats = Vec::new();
        for _ in 0..MOST_PAGES {
            let has_id = |post: &Post| post.id.as_deref() == Some(id);
            let (found, next) = self
                .posts(&Filter::Everybody, &Results::Any, has_id, look)
                .await?;
            for chat in found.iter().filter_map(|it| it.post.chat()) {
                if !chats.contains(&chat) {
                    chats.push(chat);
                }
            }
            look.after = next.as_deref().and_then(EntryId::parse_of_two);
            if look.after.is_none() || !chats.is_empty() {
                return Ok((chats, None));
            }
        }
        Ok((chats, look.after.map(|after| after.ms)))
    }
}
