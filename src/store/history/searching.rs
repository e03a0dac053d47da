//! Finding one batch by its id, and one message by the id that its client gave it, whosesoever they are.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use redis::streams::StreamRangeReply;

use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::moment::millis;
use crate::store::Result;
use crate::store::dead_letters::shards_of;
use crate::store::handles::History;
use crate::store::history::posts::{Post, Results};
use crate::store::history::{DELIVERED, Settlement};
use crate::store::keys::{self, Shard};
use crate::store::paging::{EntryId, Look, StreamEntry};

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

/// Entries of a shard that are looked through for what became of one batch.
const MOST_LOOKED: usize = 4096;
/// The same that are read at a time.
const PAGE: usize = 64;

/// What `look` finds of a batch: in the shard that its id carries, else in any, as ids carried none once.
pub(in crate::store) async fn first_in_shards<T, F>(
    id: &BatchId,
    look: impl Fn(Shard) -> F,
) -> Result<Option<T>>
where
    F: Future<Output = Result<Option<T>>>,
{
    let carried = Shard::of_id(id);
    if let Some(shard) = carried
        && let Some(found) = look(shard).await?
    {
        return Ok(Some(found));
    }
    let others = Shard::all().filter(|shard| Some(*shard) != carried);
    let mut looks = stream::iter(others.map(look)).buffer_unordered(SHARDS_AT_ONCE);
    while let Some(found) = looks.try_next().await? {
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

impl History<'_> {
    /// What came of a batch, if it is over and history tells of it, looked for since `from`: that it was delivered, else
    /// what was last written about it.
    pub(in crate::store) async fn outcome_of(
        self,
        id: &BatchId,
        shard: Shard,
        from: Millis,
    ) -> Result<Option<Settlement>> {
        let mut newest = None;
        let delivered = self
            .store
            .first_since(&keys::history(shard), shard, (from, Millis::MAX), |entry| {
                if !entry.field("record")?.contains(id.as_str()) {
                    return Ok(None);
                }
                let settlement = Settlement::read(entry)?;
                if settlement.record.id != id.as_str() {
                    return Ok(None);
                }
                if settlement.record.outcome == DELIVERED {
                    return Ok(Some(settlement));
                }
                newest = Some(settlement);
                Ok(None)
            })
            .await?;
        Ok(delivered.or(newest))
    }

    /// What became of a batch that came out of the same window as this one, if history tells of any: so it tells whose it is.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn of_window(self, id: &BatchId) -> Result<Option<Settlement>> {
        let made = id.made_at().unwrap_or_default();
        let made = made.saturating_sub(millis(CLOCKS_APART));
        let soon = made.saturating_add(millis(CLOCKS_APART + SOON));
        // A look through all that is kept since takes longer the older it is.
        for (from, to) in [(made, soon), (soon, Millis::MAX)] {
            let look = |shard| self.batch_in(id, shard, from, to);
            if let Some(found) = first_in_shards(id, look).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// What became of a batch of this chat, to each of its destinations, of at most so many. It looks through so much
    /// since the id was made; answers since when it did not.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn of_batch(
        self,
        id: &BatchId,
        chat: &Chat,
        most: usize,
    ) -> Result<(Vec<Settlement>, Option<Millis>)> {
        let (mut found, mut searched_until) = (Vec::new(), None);
        let made = id.made_at().unwrap_or_default();
        for shard in shards_of(&Filter::Chat(chat.clone())) {
            let mut from = made.saturating_sub(millis(CLOCKS_APART)).to_string();
            let mut left = MOST_LOOKED;
            while found.len() < most {
                let read = redis::Cmd::xrange_count(keys::history(shard), &from, "+", PAGE);
                let page = self.store.query::<StreamRangeReply>(&read).await?.ids;
                let is_last = page.len() < PAGE;
                for entry in page {
                    from = format!("({}", entry.id);
                    let Some(entry) = StreamEntry::of(shard, entry) else {
                        continue;
                    };
                    if entry.field("record")?.contains(id.as_str()) {
                        let settlement = Settlement::read(&entry)?;
                        found.extend((settlement.record.id == id.as_str()).then_some(settlement));
                    }
                    left = left.saturating_sub(1);
                    if left == 0 && !is_last {
                        searched_until = Some(entry.id.ms);
                    }
                }
                if is_last || searched_until.is_some() {
                    break;
                }
            }
        }
        Ok((found, searched_until))
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
                if !entry.field("record")?.contains(id.window()) {
                    return Ok(None);
                }
                let settlement = Settlement::read(entry)?;
                let found = BatchId::from_stored(&settlement.record.id);
                Ok(found.is_of_one_window_with(id).then_some(settlement))
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
