//! Typing signals: whoever types is waited for.

use std::time::Duration;

use super::{Ingest, IngestError};
use crate::core::chat::Chat;
use crate::store::windows::Held;

/// A typing person is waited for this long; the presence of WhatsApp's clients ends after as much without renewal.
const HOLD: Duration = Duration::from_secs(10);

impl Ingest {
    /// Somebody types in a chat, or has stopped: keeps its open window open for a while longer, or lets go of it, never
    /// past its cap. Whoever stops without having held it moves nothing. None: there is no window.
    ///
    /// # Errors
    /// When the storage does not do it.
    pub async fn hold(&self, chat: &Chat, typing: bool) -> Result<Option<Held>, IngestError> {
        Ok(self
            .0
            .store
            .windows()
            .hold(chat, typing.then_some(HOLD))
            .await?)
    }
}
