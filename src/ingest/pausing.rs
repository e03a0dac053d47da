//! Chats that are left alone for a while, because one of our own people talks there.

use std::time::Duration;

use super::buffers::NoBuffer;
use super::{Ingest, IngestError};
use crate::core::chat::Chat;
use crate::store::StoreError;
use crate::store::chats::pausing::Pauser;

impl Ingest {
    /// Gathers nothing in a chat for so long, and drops its open window and its follow-up; answers how many messages the
    /// window held. A pause that lasts longer already is not shortened.
    ///
    /// # Errors
    /// When the chat's buffer is not there, or as many chats are paused as may be; or the storage does not do it.
    pub async fn pause(
        &self,
        chat: &Chat,
        length: Duration,
        by: &Pauser,
    ) -> Result<u64, IngestError> {
        let (store, name) = (&self.0.store, &chat.buffer);
        let known = self.0.registry.get().buffer(name).cloned();
        let known = known.ok_or_else(|| NoBuffer::Unknown(name.to_string()))?;
        let _turn = self.0.pauses.admit(chat).await?;
        match store.chats().pause(chat, known.life, length, by).await {
            Err(StoreError::Gone) => {
                let buffer = self.there_now(chat).await?;
                let chat = buffer.chat(chat.id.clone());
                let chats = store.chats();
                Ok(chats.pause(&chat, buffer.life, length, by).await?)
            }
            paused => Ok(paused?),
        }
    }
}
