//! Messages that were taken in, as they came; trimmed by age and count as the history is.

use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::item::{read_items, stamps};
use crate::store::dead_letters::shards_of;
use crate::store::handles::History;
use crate::store::history::Retention;
use crate::store::history::told::Answer;
use crate::store::keys;
use crate::store::paging::{Look, StreamEntry};
use crate::store::{Result, StoreError};

/// What is kept of a message beside its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Most messages that its shard keeps; 0 = none.
    pub most: u64,
    /// Whether what was said is kept, or only that something was.
    pub payload: bool,
}

impl Kept {
    /// What these rules keep.
    pub fn by(retention: &Retention, payload: bool) -> Self {
        Self {
            most: retention.in_shard(retention.history),
            payload: payload && retention.history > 0,
        }
    }
}

/// A message that was taken in.
#[derive(Debug)]
pub struct Received {
    /// When it came.
    pub at: Millis,
    /// Whose window it came into.
    pub chat: Chat,
    /// What [`crate::core::item::read_items`] reads; none where payloads are not kept.
    pub item: Option<String>,
}

impl Received {
    /// The client's id for it; none also where payloads are not kept.
    pub fn id(&self) -> Option<String> {
        let items = read_items(self.item.as_deref()?).ok()?;
        items.into_iter().next()?.id
    }

    pub(super) fn read(entry: &StreamEntry) -> Result<Self> {
        let chat = keys::chat_of_member(&entry.field("chat")?);
        let item = entry.maybe("item")?;
        // The entry may be written a little later than the message is stamped.
        let stamp = item.as_deref().map(|item| stamps(item, 1));
        let stamp = stamp.and_then(|stamps| stamps.into_iter().next());
        Ok(Self {
            at: stamp.map_or(entry.id.ms, |stamp| stamp.at),
            chat: chat.ok_or(StoreError::Unreadable("a message that was received"))?,
            item,
        })
    }
}

impl History<'_> {
    /// A page of the messages that were taken in within `look` and are `wanted`, the newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn received(
        self,
        filter: &Filter,
        wanted: impl Fn(&Received) -> bool,
        look: Look,
    ) -> Result<(Vec<Received>, Option<String>)> {
        self.store
            .newest(keys::received, shards_of(filter), look, |entry| {
                if Answer::read(entry)?.is_some() {
                    return Ok(None);
                }
                let received = Received::read(entry)?;
                let chat = &received.chat;
                let asked =
                    filter.includes(chat.buffer.as_str(), chat.id.as_str()) && wanted(&received);
                Ok(asked.then_some(received))
            })
            .await
    }
}
