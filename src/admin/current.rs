//! Whether a batch is still the newest of its chat: for a bot to ask before it answers.

use std::time::Duration;

use super::{Admin, AdminError, NoSuch};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::store::chats::standing::Standing;
use crate::store::windows::open::Window;
use crate::store::{Look, StoreError};

/// Milliseconds of a second, in which it is known when a chat was heard from.
const SECOND: Millis = 1000;
/// Bytes of what waits on lanes, and of history, that are read for a batch that came since.
const ROOM: usize = 256 * 1024;
/// Batches of the chat that are looked at for it, the newest first.
const MOST: usize = 16;

/// Whether a batch is still the newest of its chat.
#[derive(Debug)]
pub struct Current {
    /// What came since; none: nothing did.
    pub since: Option<Since>,
    /// Until the end of a pause of the chat; none: it is not paused.
    pub paused_for: Option<Duration>,
}

/// What came of a chat since a batch was closed.
#[derive(Debug, Default)]
pub struct Since {
    /// Its open window.
    pub window: Option<Window>,
    /// The newest batch, and when it was closed.
    pub batch: Option<(BatchId, Millis)>,
    /// In which second its newest window was opened.
    pub heard: Option<Millis>,
}

/// What is known of batches of the chat.
#[derive(Default)]
struct Batches {
    /// The newest that came after the one in question.
    newer: Option<(BatchId, Millis)>,
    /// When that was closed.
    closed: Option<Millis>,
}

impl Batches {
    /// `repeated`: somebody has sent it again, long after its window was closed.
    fn add(&mut self, asked: &BatchId, id: BatchId, closed: Millis, repeated: bool) {
        if id.is_of_one_window_with(asked) {
            let closed = Some(closed).filter(|_| !repeated);
            self.closed = self.closed.max(closed);
        } else if id.is_after(self.newer.as_ref().map_or(asked, |(newest, _)| newest)) {
            self.newer = Some((id, closed));
        }
    }
}

impl Admin {
    /// Whether somebody has written in a chat since the batch with this id was closed, and which chat that is: where nothing
    /// is known of the one that is named, the one of its buffer that has the number that was asked for.
    ///
    /// # Errors
    /// Nothing is known of the chat; several may be meant; unavailable, silent or unreadable.
    pub async fn current(
        &self,
        named: Chat,
        asked: &str,
        id: &BatchId,
    ) -> Result<(Chat, Option<Current>), AdminError> {
        match self.current_of(&named, id).await {
            Err(AdminError::NoSuch(_)) => {
                let buffer = named.buffer.clone();
                let meant = self.known_or_meant(named, asked, Some(&buffer)).await?;
                let current = self.current_of(&meant, id).await?;
                Ok((meant, current))
            }
            current => Ok((named, current?)),
        }
    }

    /// The same of this very chat; none, where the id does not tell when it was made. Mostly that is one read: only where the chat was heard from in the second in which the batch was
    /// closed, or later, its lanes, its newest history and its newest message are looked at.
    ///
    /// # Errors
    /// Nothing is known of the chat; unavailable, silent or unreadable.
    async fn current_of(&self, chat: &Chat, id: &BatchId) -> Result<Option<Current>, AdminError> {
        let Some(made) = id.made_at() else {
            return Ok(None);
        };
        let Standing {
            window,
            last_heard,
            paused_for,
        } = self.store().chats().standing(chat).await?;
        let current = |since| Ok(Some(Current { since, paused_for }));
        if window.is_some() {
            let heard = last_heard;
            return current(Some(Since {
                window,
                heard,
                batch: None,
            }));
        }
        let heard = last_heard.ok_or_else(|| NoSuch::Chat {
            sought: chat.id.as_str().to_owned(),
            place: format!("buffer {}", chat.buffer),
        })?;
        if heard + SECOND <= made {
            return current(None);
        }
        let (batches, said) =
            tokio::try_join!(self.batches_since(chat, id), self.newest_message(chat))?;
        // Batches that were joined are one that was closed after all their windows were opened.
        let closed = batches.closed.unwrap_or(made);
        // A window that was dropped since, by hand or by a pause, left no batch.
        let newest = said.map_or(heard, |said| said.max(heard));
        let is_newest = batches.newer.is_none() && newest <= closed;
        current((!is_newest).then_some(Since {
            window: None,
            batch: batches.newer,
            heard: last_heard,
        }))
    }

    /// The batches of a chat that wait, and the newest that were tried.
    async fn batches_since(&self, chat: &Chat, asked: &BatchId) -> Result<Batches, StoreError> {
        let store = self.store();
        let mut batches = Batches::default();
        let destinations = self.destinations_of(&chat.buffer);
        let mut room = ROOM;
        let (lanes, _) = store.chats().lanes(chat, destinations, &mut room).await?;
        for batch in lanes.into_iter().flat_map(|lane| lane.batches) {
            let repeated = batch.repeats.is_some();
            batches.add(asked, batch.id, batch.closed, repeated);
        }
        let look = Look {
            bytes: ROOM,
            ..Look::first(MOST)
        };
        let filter = Filter::Chat(chat.clone());
        let (settled, _) = store.history().list(&filter, |_| true, look).await?;
        for settlement in settled {
            let record = settlement.record;
            let id = BatchId::from_stored(&record.id);
            batches.add(asked, id, record.closed, record.repeats.is_some());
        }
        Ok(batches)
    }

    /// When the newest message of a chat came, as far as that is kept.
    async fn newest_message(&self, chat: &Chat) -> Result<Option<Millis>, StoreError> {
        let filter = Filter::Chat(chat.clone());
        let look = Look {
            bytes: ROOM,
            ..Look::first(1)
        };
        let history = self.store().history();
        let (received, _) = history.received(&filter, |_| true, look).await?;
        Ok(received.first().map(|message| message.at))
    }
}
