//! A message: into the window of its chat by the rules of its buffer, or kept until its time; and counted.

use super::posts::{Untaken, result_of};
use super::{Ingest, IngestError};
use crate::core::asks::{Asks, Spoken};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Chat;
use crate::core::incoming::Incoming;
use crate::core::item::{CHOICE, stored_item};
use crate::core::json::fields::BadInput;
use crate::core::post::PostResult;
use crate::core::when::{When, too_far};
use crate::core::window::WaitRule;
use crate::spec::Buffer;
use crate::store::StoreError;
use crate::store::history::Retention;
use crate::store::history::received::Kept;
use crate::store::keys::Shard;
use crate::store::scheduled::Keeping;
use crate::store::windows::{Appended, NewMessage, Taken};
use crate::telemetry::labels::Dropped;
use crate::telemetry::log::note_chat;
use crate::telemetry::metrics::count;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It came to the window of its chat, and is in it if [`Appended::taken`] says so.
    Window(Appended),
    /// It waits until its time.
    Later(Later),
}

/// What became of a message that is to leave later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later {
    /// When it leaves; none of a duplicate that has left already.
    pub at: Option<Millis>,
    /// Its id was seen before, and nothing was changed.
    pub duplicate: bool,
}

/// The chat of a message, and the message as it is kept.
pub(super) fn arrived(buffer: &Buffer, incoming: &Incoming) -> Result<(Chat, String), BadInput> {
    let chat = buffer.chat(incoming.user.clone());
    let item = stored_item(incoming).map_err(BadInput::NotJson)?;
    Ok((chat, item))
}

/// What the rules of a buffer make of a message with this text.
pub(super) fn new_message<'a>(
    buffer: &Buffer,
    incoming: &'a Incoming,
    text: Option<&'a str>,
    item: &'a str,
) -> Result<NewMessage<'a>, BadInput> {
    let ttl = buffer
        .window
        .ttl(incoming.ttl)
        .map_err(|error| BadInput::ttl(&error))?;
    let media = &incoming.details.media;
    let spoken = Spoken {
        text,
        is_choice: incoming.details.parts.contains_key(CHOICE),
        has_media: !media.is_empty(),
    };
    let asks = Asks::of(&spoken, &buffer.window, &buffer.words);
    Ok(NewMessage {
        item,
        // What the client asks for wins.
        ttl: match (incoming.ttl, asks.wait) {
            (None, Some(wait)) => wait,
            _ => ttl,
        },
        asked: incoming.ttl.is_some(),
        id: incoming.message_id.as_deref(),
        // Two pictures may have one caption, and are not the same.
        text: text.filter(|_| media.is_empty()),
        parts: Some(&incoming.details.parts),
        flush: asks.flush,
        media_only: asks.media_only,
        kept: Kept::default(),
        life: buffer.life,
        name: None,
        rule: match incoming.ttl {
            Some(_) => Some(WaitRule::Asked),
            None => asks.rule,
        },
    })
}

impl Ingest {
    /// Takes a message as it says itself: into the window of its chat in this buffer, or to leave later. One that is to
    /// leave later gets an id if it has none, to be taken back by.
    ///
    /// # Errors
    /// When it cannot be taken as it is; its buffer takes nothing; there is no room for it; or the storage does not take
    /// it.
    pub async fn accept(
        &self,
        buffer: &Buffer,
        incoming: &mut Incoming,
    ) -> Result<Accepted, IngestError> {
        // Also of a message that is in no window: what is wrong is said, and not passed over.
        let ttl = buffer.window.ttl(incoming.ttl);
        ttl.map_err(|error| BadInput::ttl(&error))?;
        match incoming.when {
            None => self.take_in(buffer, incoming).await.map(Accepted::Window),
            Some(when) => {
                note_chat(&buffer.chat(incoming.user.clone()));
                self.0.lines.post(&buffer.name, None);
                let kept = self.keep(buffer, incoming, when).await?;
                if kept.duplicate {
                    let untaken = vec![Untaken::message(PostResult::Duplicate, incoming)];
                    self.note_untaken(&buffer.name, untaken, None).await;
                }
                Ok(Accepted::Later(kept))
            }
        }
    }

    /// Puts a message into the window of its chat in this buffer, whatever it says of its time.
    ///
    /// # Errors
    /// As [`Ingest::accept`].
    pub async fn take_in(
        &self,
        buffer: &Buffer,
        incoming: &Incoming,
    ) -> Result<Appended, IngestError> {
        note_chat(&buffer.chat(incoming.user.clone()));
        self.0.lines.post(&buffer.name, None);
        let appended = self.put_in(buffer, incoming).await?;
        if appended.taken != Taken::Appended {
            let untaken = Untaken::message(result_of(appended.taken), incoming);
            self.note_untaken(&buffer.name, vec![untaken], None).await;
        }
        Ok(appended)
    }

    /// The same, and whoever calls it notes what was not taken.
    pub(super) async fn put_in(
        &self,
        buffer: &Buffer,
        incoming: &Incoming,
    ) -> Result<Appended, IngestError> {
        match self.take_in_once(buffer, incoming).await {
            Err(IngestError::Store(StoreError::Gone)) => {
                let buffer = self.taking_now(&buffer.chat(incoming.user.clone())).await?;
                self.take_in_once(&buffer, incoming).await
            }
            taken => taken,
        }
    }

    async fn take_in_once(
        &self,
        buffer: &Buffer,
        incoming: &Incoming,
    ) -> Result<Appended, IngestError> {
        let (chat, item) = arrived(buffer, incoming)?;
        let (text, name) = (incoming.text(), incoming.sender_name());
        let message = NewMessage {
            kept: self.kept(&chat),
            name: name.as_deref(),
            ..new_message(buffer, incoming, text.as_deref(), &item)?
        };
        self.0.memory_guard.admit()?;
        let coming = self.0.bounds.admit(&chat, item.len()).await?;
        let appended = self
            .0
            .store
            .windows()
            .append(&chat, message, &buffer.window, &buffer.destinations)
            .await
            .inspect_err(|error| self.note_failed(buffer, error))?;
        coming.arrived(&appended);
        self.count(buffer, &appended);
        Ok(appended)
    }

    /// Keeps a message until its time.
    pub(super) async fn keep(
        &self,
        buffer: &Buffer,
        incoming: &mut Incoming,
        when: When,
    ) -> Result<Later, IngestError> {
        let store = &self.0.store;
        let made = || BatchId::generate().to_string();
        let id = incoming.message_id.get_or_insert_with(made).clone();
        let (chat, item) = arrived(buffer, incoming)?;
        self.0.memory_guard.admit()?;
        let place = self.0.bounds.admit_later(&chat, &id, item.len()).await?;
        let mut kept = store
            .scheduled()
            .keep(&chat, buffer.life, &id, &item, when)
            .await;
        if let Err(StoreError::Gone) = kept {
            let buffer = self.taking_now(&chat).await?;
            let (chat, item) = arrived(&buffer, incoming)?;
            kept = store
                .scheduled()
                .keep(&chat, buffer.life, &id, &item, when)
                .await;
        }
        let metrics = &self.0.metrics;
        let kept = kept.inspect_err(|error| self.note_failed(buffer, error))?;
        let (at, duplicate) = match kept {
            Keeping::Kept(at) => {
                place.taken();
                self.count_post(Some(&buffer.name), PostResult::Taken);
                metrics.accepted.count(Some(&buffer.name), &[]);
                (Some(at), false)
            }
            Keeping::Duplicate(at) => {
                self.count_post(Some(&buffer.name), PostResult::Duplicate);
                metrics.duplicates.count(Some(&buffer.name), &[]);
                (at, true)
            }
            Keeping::TooFar => return Err(too_far().into()),
        };
        Ok(Later { at, duplicate })
    }

    /// Learns from what was not stored, or stored and is not told as that.
    pub(super) fn note_failed(&self, buffer: &Buffer, error: &StoreError) {
        self.0.memory_guard.make_after(error);
        if error.is_stored_now() {
            // How much waits is counted anew within a second.
            self.0.metrics.accepted.count(Some(&buffer.name), &[]);
        }
    }

    /// What is kept of the messages of a chat.
    pub(super) fn kept(&self, chat: &Chat) -> Kept {
        let retention = Retention {
            whole: self.0.registry.get().has_ordered(Shard::of(chat)),
            ..self.0.retention
        };
        Kept::by(&retention, self.0.payloads)
    }

    fn count(&self, buffer: &Buffer, appended: &Appended) {
        self.count_post(Some(&buffer.name), result_of(appended.taken));
        let (metrics, name) = (&self.0.metrics, Some(&buffer.name));
        let dropped = |why: Dropped| metrics.dropped.count(name, &[why.into()]);
        match appended.taken {
            Taken::Appended => metrics.accepted.count(name, &[]),
            Taken::Duplicate => metrics.duplicates.count(name, &[]),
            Taken::Repeated => dropped(Dropped::Repeated),
            Taken::Paused => dropped(Dropped::Paused),
        }
        if let Some(reason) = appended.closed {
            count(&metrics.batches, "reason", reason.as_str());
        }
    }
}
