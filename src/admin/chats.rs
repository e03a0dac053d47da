//! Chats: their open windows, closed now or dropped, and every trace of one erased.

use std::time::Duration;

use tracing::info;

use super::{Admin, AdminError, NoSuch, Page};
use crate::core::action::Action;
use crate::core::chat::{Chat, ChatId, Name};
use crate::core::filter::Filter;
use crate::store::DueCursor;
use crate::store::audit::{Act, By};
use crate::store::chats::erasing::Erased;
use crate::store::config::Kind;
use crate::store::windows::closing::Closing;
use crate::store::windows::extending::Extended;
use crate::store::windows::open::Window;
use crate::telemetry::metrics::count;

impl Admin {
    /// A person's chat in a buffer, whether or not there is one of that name.
    pub fn chat(&self, buffer: Name, id: ChatId) -> Chat {
        self.registry().get().chat(buffer, id)
    }

    /// A page of open windows, the next to close first; `after` is where the page before ended.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn open_windows(
        &self,
        filter: &Filter,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<Page<Window>, AdminError> {
        let store = self.store();
        let (items, total, next_cursor) = match filter {
            Filter::Chat(chat) => {
                let window = store.windows().find(chat).await?;
                let total = u64::from(window.is_some());
                (window.into_iter().collect(), total, None)
            }
            Filter::Buffer(buffer) => store.windows().list_in(buffer, after, limit).await?,
            Filter::Everybody => {
                let (windows, next) = store.windows().list(after, limit).await?;
                (windows, store.counts([]).await?.windows, next)
            }
        };
        Ok(Page {
            items,
            total: Some(total),
            next_cursor,
        })
    }

    /// Closes the window of a chat now; answers how many messages are on their way. `None`: none is open.
    ///
    /// # Errors
    /// No such buffer; full, unavailable or silent.
    pub async fn flush(&self, chat: &Chat, by: &By) -> Result<Option<u64>, AdminError> {
        let snapshot = self.registry().get();
        let buffer = snapshot.buffer(&chat.buffer);
        let targets = &buffer.ok_or(NoSuch::Kind(Kind::Buffer))?.destinations;
        let id = self.store().windows().new_id(chat);
        let Closing::Closed {
            count: messages,
            reason,
        } = self.store().windows().flush(chat, &id, targets).await?
        else {
            return Ok(None);
        };
        count(&self.0.metrics.batches, "reason", reason.as_str());
        let hash = chat.hash();
        info!(chat = %hash, messages, "An operator closed the window of chat {hash}");
        let act = Act::new(Action::ChatFlush, by).on(&hash);
        self.note(act.times(messages)).await;
        Ok(Some(messages))
    }

    /// Drops the window of a chat; answers how many messages it held, none where none was open.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn drop_window(&self, chat: &Chat, by: &By) -> Result<u64, AdminError> {
        let messages = self.store().windows().cancel(chat).await?;
        if messages > 0 {
            let hash = chat.hash();
            info!(chat = %hash, messages, "An operator dropped the window of chat {hash}");
            let act = Act::new(Action::ChatCancel, by).on(&hash);
            self.note(act.times(messages)).await;
        }
        Ok(messages)
    }

    /// Lets the open window of a chat wait longer, never past its cap. `None`: none is open.
    ///
    /// # Errors
    /// No such buffer; full, unavailable or silent.
    pub async fn extend(
        &self,
        chat: &Chat,
        by: Duration,
        who: &By,
    ) -> Result<Option<Extended>, AdminError> {
        let snapshot = self.registry().get();
        snapshot
            .buffer(&chat.buffer)
            .ok_or(NoSuch::Kind(Kind::Buffer))?;
        let extended = self.store().windows().extend(chat, by).await?;
        if let Some(Extended { moved, .. }) = extended
            && !moved.is_zero()
        {
            let (hash, seconds) = (chat.hash(), moved.as_secs_f64());
            info!(chat = %hash, seconds, "An operator let the window of chat {hash} wait {seconds} s longer");
            self.note(Act::new(Action::ChatExtend, who).on(&hash)).await;
        }
        Ok(extended)
    }

    /// Erases every trace of a chat, for people who ask for it. That cannot be undone.
    ///
    /// # Errors
    /// Unavailable or silent: then a part of it may be left, and the same again erases the rest.
    pub async fn erase(&self, chat: &Chat, by: &By) -> Result<Erased, AdminError> {
        let erased = self.store().chats().erase(chat).await?;
        let (hash, traces) = (chat.hash(), erased.total());
        if traces == 0 {
            return Err(NoSuch::chat(chat.id.as_str(), Some(&chat.buffer)).into());
        }
        info!(chat = %hash, traces, "An operator erased every trace of chat {hash}");
        let act = Act::new(Action::ChatErase, by).on(&hash);
        self.note(act.times(traces)).await;
        Ok(erased)
    }
}
