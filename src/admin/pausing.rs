//! Chats that an operator leaves to a person for a while.

use std::time::Duration;

use tracing::info;

use super::{Admin, AdminError, NoSuch};
use crate::core::action::Action;
use crate::core::chat::{Chat, Name};
use crate::store::audit::{Act, By};

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
    /// As many chats are paused as may be; unavailable or silent.
    pub async fn pause(&self, chat: &Chat, length: Duration, by: &By) -> Result<u64, AdminError> {
        let messages = self.0.ingest.pause(chat, length).await?;
        let hash = chat.hash();
        info!(chat = %hash, "An operator paused chat {hash}");
        let act = Act::new(Action::ChatPause, by).on(&hash);
        self.note(act.times(messages)).await;
        Ok(messages)
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
