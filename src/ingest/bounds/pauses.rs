//! How many chats may be paused, in all and in one buffer. Pauses are few and change rarely, so they are counted when one
//! is asked for.

use thiserror::Error;
use tokio::sync::{Mutex, MutexGuard};

use crate::core::chat::{Chat, Name};
use crate::core::code::Code;
use crate::ingest::IngestError;
use crate::settings::bounds::BoundsConfig;
use crate::store::Store;

/// As many chats are paused as may be.
#[derive(Debug, Error)]
pub enum TooManyPaused {
    /// Of all.
    #[error(
        "{0} chats are paused, and this is none of them (MAX_PAUSED); nothing was changed: resume some, or try again"
    )]
    InAll(u64),
    /// Of one buffer.
    #[error(
        "{most} chats of {buffer} are paused, and this is none of them (MAX_PAUSED_PER_BUFFER); nothing was changed: resume some, or try again"
    )]
    InBuffer {
        /// Which.
        buffer: Name,
        /// How many may be.
        most: u64,
    },
}

impl TooManyPaused {
    /// What programs are told.
    pub fn code(&self) -> Code {
        match self {
            Self::InAll(_) => Code::TooManyPaused,
            Self::InBuffer { .. } => Code::TooManyPausedInBuffer,
        }
    }
}

/// The pauses, as far as they are bounded.
pub(in crate::ingest) struct Pauses {
    most: u64,
    per_buffer: u64,
    store: Store,
    /// Whoever has it counts and pauses, so that two do not take the last place.
    turn: Mutex<()>,
}

impl Pauses {
    pub(in crate::ingest) fn new(config: &BoundsConfig, store: Store) -> Self {
        Self {
            most: config.paused,
            per_buffer: config.paused_per_buffer,
            store,
            turn: Mutex::default(),
        }
    }

    /// Asks for the pause of a chat, which is to be made while what this answers is held.
    ///
    /// # Errors
    /// When it would be one too many; or the storage cannot be asked.
    pub(in crate::ingest) async fn admit(
        &self,
        chat: &Chat,
    ) -> Result<MutexGuard<'_, ()>, IngestError> {
        let turn = self.turn.lock().await;
        let full = self.full(chat).await?;
        match full {
            // One that lasts is only made longer.
            Some(full) if self.store.chats().paused(chat).await?.is_none() => Err(full.into()),
            _ => Ok(turn),
        }
    }

    async fn full(&self, chat: &Chat) -> Result<Option<TooManyPaused>, IngestError> {
        let (buffer, most) = (&chat.buffer, self.per_buffer);
        let paused = self.store.chats().count_paused().await?;
        if self.most > 0 && paused >= self.most {
            return Ok(Some(TooManyPaused::InAll(self.most)));
        }
        // No buffer has more than all have.
        let may_be = most > 0 && paused >= most;
        if may_be && self.store.chats().count_paused_in(buffer).await? >= most {
            let buffer = buffer.clone();
            return Ok(Some(TooManyPaused::InBuffer { buffer, most }));
        }
        Ok(None)
    }
}
