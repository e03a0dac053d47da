//! The chats that are left alone, those first whose pause ends first, a page at a time.

use redis::Value;

use super::pausing::Pauser;
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::store::Result;
use crate::store::due_list::{DueCursor, first_page};
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, Shard};
use crate::store::reply;

/// Pauses that a page looks through for those of one buffer.
const MOST_LOOKED_AT: usize = 10_000;
/// The same at a time.
const AT_A_TIME: usize = 500;

/// A chat that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PausedChat {
    /// The chat.
    pub chat: Chat,
    /// Until when.
    pub until: Millis,
    /// Who paused it, and when that was; none: nobody has noted it.
    pub by: Option<(Millis, Pauser)>,
    /// When this was so, by Redis's clock.
    pub now: Millis,
}

impl Chats<'_> {
    /// A page of the paused chats of `filter`, and where the next goes on. It may hold fewer than `limit`, also none, where
    /// looking further would take too long.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn list_paused(
        self,
        filter: &Filter,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<PausedChat>, Option<String>)> {
        let now = self.store.clock().now().await?;
        let (found, next) = match filter {
            Filter::Chat(chat) => (self.pause_of(chat).await?, None),
            _ => self.pauses(filter, after, now, limit).await?,
        };
        let mut reads = redis::pipe();
        for pause in &found {
            reads.hget(keys::pausers(pause.shard), &pause.member);
        }
        let pausers: Vec<Option<String>> = match found.is_empty() {
            true => Vec::new(),
            false => self.store.pipeline(&reads).await?,
        };
        let paused = found.iter().zip(pausers).filter_map(|(pause, by)| {
            Some(PausedChat {
                chat: keys::chat_of_member(&pause.member)?,
                until: pause.at(),
                by: by.as_deref().and_then(Pauser::read),
                now,
            })
        });
        // One that has run out stays until somebody comes by.
        Ok((paused.filter(|it| it.until > now).collect(), next))
    }

    async fn pauses(
        self,
        filter: &Filter,
        after: Option<DueCursor>,
        now: Millis,
        limit: usize,
    ) -> Result<(Vec<DueCursor>, Option<String>)> {
        let shards: Vec<_> = Shard::all().collect();
        let most = match filter {
            Filter::Everybody => limit,
            _ => AT_A_TIME,
        };
        let mut from = after.filter(|after| after.at() > now);
        let (mut found, mut looked) = (Vec::new(), 0);
        loop {
            let begin = from.clone().unwrap_or_else(|| DueCursor::before(now + 1));
            let read = self
                .store
                .earliest_in(keys::paused, &shards, Some(&begin), most);
            let mut page = read.await?;
            let next = first_page(&mut page, most);
            looked += page.len();
            for pause in page {
                let chat = keys::chat_of_member(&pause.member);
                from = Some(pause.clone());
                let is_wanted =
                    |chat: Chat| filter.includes(chat.buffer.as_str(), chat.id.as_str());
                if chat.is_some_and(is_wanted) {
                    found.push(pause);
                }
                if found.len() == limit {
                    break;
                }
            }
            let is_full = found.len() == limit;
            if next.is_none() && !is_full {
                return Ok((found, None));
            }
            if let Some(from) = &from
                && (is_full || looked >= MOST_LOOKED_AT)
            {
                let behind = self.store.earliest_in(keys::paused, &shards, Some(from), 0);
                let more = !behind.await?.is_empty();
                return Ok((found, more.then(|| from.text())));
            }
        }
    }

    /// The pause of one chat, in whichever order its buffer went.
    async fn pause_of(self, chat: &Chat) -> Result<Vec<DueCursor>> {
        let mut found = Vec::new();
        for chat in [chat, &chat.in_other_order()] {
            let place = Place::of(chat);
            let read = redis::Cmd::zscore(keys::paused(place.shard), &place.member);
            let until: Value = self.store.query(&read).await?;
            let until: Option<f64> = reply::value(Some(until))?;
            found.extend(until.map(|it| DueCursor::new(it, place.shard, place.member.clone())));
        }
        Ok(found)
    }
}
