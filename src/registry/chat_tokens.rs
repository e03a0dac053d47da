//! Tokens that stand for chats in paths: their key, which the daemons of one Redis agree on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::core::chat::Chat;
use crate::store::chats::tokens::TokenKey;
use crate::store::{Result, Store};

/// How often they look whether they still agree.
const PERIOD: Duration = Duration::from_secs(10);

/// See the module. A clone is the same.
#[derive(Clone, Debug)]
pub struct ChatTokens {
    store: Store,
    key: Arc<watch::Sender<Option<TokenKey>>>,
}

impl ChatTokens {
    /// Without a key, until the daemons have agreed on one.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            key: Arc::default(),
        }
    }

    /// Agrees with the other daemons on the key. One that Redis has lost is put back, so that tokens go on.
    ///
    /// # Errors
    /// Full, unavailable, silent or unreadable: then the key that was known goes on.
    pub async fn agree(&self) -> Result<()> {
        let known = *self.key.borrow();
        let Some(ours) = known.or_else(TokenKey::generate) else {
            return Ok(());
        };
        let agreed = self.store.chats().agree_on_token_key(ours).await?;
        self.key.send_replace(Some(agreed));
        Ok(())
    }

    /// Agrees again and again, until told to stop.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        let mut ticks = interval(PERIOD);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.agree().await {
                debug!(error = %error, "Could not look at the key of chat tokens: {error}");
            }
        }
    }

    /// The token of a chat; none: there was no Redis yet to agree on a key.
    pub fn of(&self, chat: &Chat) -> Option<String> {
        let key = *self.key.borrow();
        Some(key?.token(chat))
    }

    /// What proves to all daemons of this Redis that one of them wrote a text, for this purpose; none: there was no Redis yet to
    /// agree on a key.
    pub fn proof(&self, purpose: &str, text: &[u8]) -> Option<[u8; 32]> {
        let key = *self.key.borrow();
        Some(key?.proof(purpose, text))
    }

    /// The chat of a token, as one with lanes of its own; none: it is no token, or not one of this Redis.
    pub fn open(&self, token: &str) -> Option<Chat> {
        let key = *self.key.borrow();
        key?.open(token)
    }
}
