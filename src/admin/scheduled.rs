//! Messages that leave by themselves, at their time or in their turn: list them, take one back, and where one is.

use tracing::info;

use super::{Admin, AdminError, Conflict, NoSuch, Page};
use crate::core::action::Action;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::store::audit::{Act, By};
use crate::store::lanes::queue::{Found, Waiting};
use crate::store::lanes::queue_list::QueueCursor;
use crate::store::lanes::recalling::Recalled;
use crate::store::scheduled::Kept;
use crate::store::{DueCursor, PAGE_BYTES};

impl Admin {
    /// Where a message is that leaves or left by itself; none: it was taken back, or nothing is kept of it any more.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn queued_message(&self, id: &BatchId) -> Result<Option<Found>, AdminError> {
        let name = Name::messages_name();
        Ok(self.store().lanes().find(&name, &name, id).await?)
    }

    /// A page of the messages of the queue that wait for their turn, the next to leave first; `after` is where the page
    /// before ended.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn queued_messages(
        &self,
        after: Option<QueueCursor>,
        limit: usize,
    ) -> Result<Page<Waiting>, AdminError> {
        let (name, lanes) = (Name::messages_name(), self.store().lanes());
        let (items, total, next_cursor) = lanes.list_queue(&name, &name, after, limit).await?;
        Ok(Page {
            items,
            total: Some(total),
            next_cursor,
        })
    }

    /// A page of the messages that wait for a time of their own, the next to leave first; `after` is where the page before
    /// ended.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn scheduled(
        &self,
        filter: &Filter,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<Page<Kept>, AdminError> {
        let found = self
            .store()
            .scheduled()
            .list(filter, after, limit, PAGE_BYTES)
            .await?;
        Ok(found.into())
    }

    /// Takes back the message with this id, of those that the filter includes; answers its chat.
    ///
    /// # Errors
    /// No such; messages of several chats have the id; unavailable or silent.
    pub async fn recall(&self, id: &str, filter: &Filter, by: &By) -> Result<Chat, AdminError> {
        let chat = match filter {
            Filter::Chat(chat) => chat.clone(),
            filter => self.only_chat(id, filter).await?,
        };
        if !self.store().scheduled().cancel(&chat, id).await? {
            return Err(NoSuch::Scheduled.into());
        }
        let hash = chat.hash();
        info!(chat = %hash, "An operator took back a message of chat {hash} that was to leave later");
        self.note(Act::new(Action::MessageRecall, by).on(&hash))
            .await;
        Ok(chat)
    }

    /// Takes back a message of the queue: one that waits for its time, or for its first attempt; answers its chat.
    ///
    /// # Errors
    /// No such; it is being tried, or was; unavailable, silent or unreadable.
    pub async fn recall_queued(&self, id: &BatchId, by: &By) -> Result<Chat, AdminError> {
        let name = Name::messages_name();
        let of_queue = Filter::Buffer(name.clone());
        match self.recall(id.as_str(), &of_queue, by).await {
            Err(AdminError::NoSuch(_)) => {}
            taken_back => return taken_back,
        }
        // Afterwards, as it moves from there onto the lane.
        let chat = match self.store().lanes().recall(&name, &name, id).await? {
            Recalled::Done(chat) => chat,
            Recalled::Tried => return Err(Conflict::Tried.into()),
            Recalled::None => return Err(NoSuch::Queued.into()),
        };
        let hash = chat.hash();
        info!(chat = %hash, "An operator took back a message of chat {hash} out of the queue");
        self.note(Act::new(Action::MessageRecall, by).on(&hash))
            .await;
        Ok(chat)
    }

    /// The chat of the message with this id.
    async fn only_chat(&self, id: &str, filter: &Filter) -> Result<Chat, AdminError> {
        let mut chats = self.store().scheduled().chats_with(id).await?;
        chats.retain(|chat| filter.includes(chat.buffer.as_str(), chat.id.as_str()));
        match (chats.pop(), chats.is_empty()) {
            (Some(chat), true) => Ok(chat),
            (None, _) => Err(NoSuch::Scheduled.into()),
            (Some(_), false) => Err(Conflict::SeveralChats.into()),
        }
    }
}
