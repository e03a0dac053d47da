//! Chats that an operator leaves to a person for a while.

use std::time::Duration;

use tracing::info;

use super::{Admin, AdminError, NoSuch, Page};
use crate::core::action::Action;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::store::DueCursor;
use crate::store::audit::{Act, By};
use crate::store::chats::paused_list::PausedChat;
use crate::store::chats::pausing::Pauser;

impl Admin {
    /// The name of a buffer that there is, as somebody wrote it.
    ///
    /// # Errors
    /// No such.
    pub fn known_buffer(&self, text: &str) -> Result<Name, AdminError> {
        let snapshot = self.registry().get();
        let known = Name::parse(text).ok();
        let known = known.filter(|name| snapshot.buffer(name).is_some());
        Ok(known.ok_or_else(|| NoSuch::Buffer(text.to_owned()))?)
    }

    /// Gathers nothing in a chat for so long, and drops its open window; answers how many messages that held. A pause that
    /// lasts longer already is not shortened.
    ///
    /// # Errors
    /// Nobody was heard by this name, and nobody of the buffer will be; as many chats are paused as may be; unavailable or
    /// silent.
    pub async fn pause(&self, chat: &Chat, length: Duration, by: &By) -> Result<u64, AdminError> {
        self.must_be_a_name_of(chat).await?;
        let pauser = Pauser::Operator(by.actor.clone());
        let messages = self.0.ingest.pause(chat, length, &pauser).await?;
        let hash = chat.hash();
        info!(chat = %hash, "An operator paused chat {hash}");
        let act = Act::new(Action::ChatPause, by).on(&hash);
        self.note(act.times(messages)).await;
        Ok(messages)
    }

    /// Refuses a bare number in a buffer whose chats are called by their line as well: a chat that nobody knows yet would be
    /// paused under a name that it will never have.
    async fn must_be_a_name_of(&self, chat: &Chat) -> Result<(), AdminError> {
        let known = self.store().chats().look_at(chat, Vec::new()).await?;
        if known.last_heard.is_some() || known.paused_for.is_some() {
            return Ok(());
        }
        let (lines, _) = self.lines(Some(&chat.buffer)).await?;
        let names: Option<Vec<_>> = lines.iter().map(|line| line.line.as_deref()).collect();
        // Where a line has no name, chats are called by their number alone.
        let first = names.and_then(|names| names.first().copied());
        match first {
            Some(line) if !lines.iter().any(|it| it.is_of(&chat.id)) => Err(NoSuch::Unheard {
                sought: chat.id.as_str().to_owned(),
                buffer: chat.buffer.clone(),
                named: format!("{line}:{}", chat.id.as_str()),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// A page of the paused chats, those first whose pause ends first; `after` is where the page before ended.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn paused(
        &self,
        filter: &Filter,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<Page<PausedChat>, AdminError> {
        let chats = self.store().chats();
        let (items, next_cursor) = chats.list_paused(filter, after, limit).await?;
        let total = match filter {
            Filter::Everybody => Some(chats.count_paused().await?),
            _ => None,
        };
        Ok(Page {
            items,
            total,
            next_cursor,
        })
    }

    /// Ends the pause of a chat; answers whether there was one.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn resume(&self, chat: &Chat, by: &By) -> Result<bool, AdminError> {
        let was_paused = self.store().chats().resume(chat).await?;
        if was_paused {
            let hash = chat.hash();
            info!(chat = %hash, "An operator resumed chat {hash}");
            self.note(Act::new(Action::ChatResume, by).on(&hash)).await;
        }
        Ok(was_paused)
    }
}
