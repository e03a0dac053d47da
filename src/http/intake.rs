//! What all ways in have in common: a message is appended by its buffer's rules, or kept until its time, and counted.

use std::sync::Arc;

use chrono_tz::Tz;

use super::Api;
use super::error::ApiError;
use super::middleware::requests::note_chat;
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Chat;
use crate::core::incoming::Incoming;
use crate::core::item::stored_item;
use crate::core::json::fields::BadInput;
use crate::core::moment::rfc3339;
use crate::core::when::{When, too_far};
use crate::registry::Snapshot;
use crate::spec::Buffer;
use crate::store::StoreError;
use crate::store::config::Kind;
use crate::store::history::Retention;
use crate::store::keys::Shard;
use crate::store::received::Kept;
use crate::store::scheduled::Keeping;
use crate::store::windows::{Appended, NewMessage, Taken};
use crate::telemetry::metrics::count;
use crate::wire::answer::Accepted;

const DUPLICATE: &str = "Already received";

/// The chat of a message, which its request's log lines name from here on, and the message as it is kept.
pub(super) fn arrived(buffer: &Buffer, incoming: &Incoming) -> Result<(Chat, String), BadInput> {
    let chat = buffer.chat(incoming.user.clone());
    note_chat(&chat);
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
    let short = text.and_then(|text| buffer.words.wait_after(text));
    Ok(NewMessage {
        item,
        // What the client asks for wins over what its words are short for.
        ttl: match (incoming.ttl, short) {
            (None, Some(short)) => short,
            _ => ttl,
        },
        asked: incoming.ttl.is_some(),
        id: incoming.message_id.as_deref(),
        // Two pictures may have one caption, and are not the same.
        text: text.filter(|_| incoming.details.media.is_empty()),
        flush: text.is_some_and(|text| buffer.words.is_flush_word(text)),
        media_only: text.is_none() && !incoming.details.media.is_empty(),
        kept: Kept::default(),
        life: buffer.life,
    })
}

/// A buffer that was looked up by this name, if it takes messages.
pub(super) fn taking(
    snapshot: &Snapshot,
    found: Option<Arc<Buffer>>,
    name: &str,
) -> Result<Arc<Buffer>, ApiError> {
    let removal = |buffer: &Buffer| snapshot.configured.removal(Kind::Buffer, &buffer.name);
    match found {
        Some(buffer) if buffer.active => Ok(buffer),
        Some(buffer) if removal(&buffer).is_some() => Err(ApiError::NoBuffer(format!(
            "buffer {name} is being removed and takes nothing any more"
        ))),
        Some(_) => Err(ApiError::NoBuffer(format!(
            "buffer {name} is not active: switch it on first"
        ))),
        None => Err(ApiError::no_buffer(name)),
    }
}

/// The answer to a message.
fn accepted<'a>(incoming: &'a Incoming, appended: &Appended) -> Accepted<'a> {
    Accepted {
        message: match appended.taken {
            Taken::Appended => "Message buffered",
            Taken::Duplicate => DUPLICATE,
            Taken::Repeated => "Said just before, dropped",
            Taken::Paused => "The chat is paused, dropped",
        },
        buffered: Some(appended.count),
        expires_in: Some(appended.left.as_secs_f64()),
        duplicate: appended.taken == Taken::Duplicate,
        repeated: appended.taken == Taken::Repeated,
        paused: appended.taken == Taken::Paused,
        ..about(incoming)
    }
}

/// The answer to a message that is to leave later.
fn kept(incoming: &Incoming, at: Option<Millis>, duplicate: bool) -> Accepted<'_> {
    Accepted {
        message: if duplicate {
            DUPLICATE
        } else {
            "Message kept until its time"
        },
        message_id: incoming.message_id.as_deref(),
        send_at: at.map(|at| rfc3339(at, Tz::UTC)),
        duplicate,
        ..about(incoming)
    }
}

fn about(incoming: &Incoming) -> Accepted<'_> {
    Accepted {
        success: true,
        message: "",
        user: incoming.user.as_str(),
        buffered: None,
        expires_in: None,
        message_id: None,
        send_at: None,
        duplicate: false,
        repeated: false,
        paused: false,
    }
}

impl Api {
    /// Takes a message as it says itself: into the window of its chat in this buffer, or to leave later.
    pub(super) async fn accept<'a>(
        &self,
        buffer: &Buffer,
        incoming: &'a mut Incoming,
    ) -> Result<Accepted<'a>, ApiError> {
        // Also of a message that is in no window: what is wrong is said, and not passed over.
        let ttl = buffer.window.ttl(incoming.ttl);
        ttl.map_err(|error| BadInput::ttl(&error))?;
        match incoming.when {
            None => {
                let appended = self.take_in(buffer, incoming).await?;
                Ok(accepted(incoming, &appended))
            }
            Some(when) => self.keep(buffer, incoming, when).await,
        }
    }

    /// Puts a message into the window of its chat in this buffer.
    pub(super) async fn take_in(
        &self,
        buffer: &Buffer,
        incoming: &Incoming,
    ) -> Result<Appended, ApiError> {
        match self.take_in_once(buffer, incoming).await {
            Err(ApiError::Store(StoreError::Gone)) => {
                let buffer = self.renewed(buffer, incoming).await?;
                self.take_in_once(&buffer, incoming).await
            }
            taken => taken,
        }
    }

    async fn take_in_once(
        &self,
        buffer: &Buffer,
        incoming: &Incoming,
    ) -> Result<Appended, ApiError> {
        let (chat, item) = arrived(buffer, incoming)?;
        let text = incoming.text();
        let message = NewMessage {
            kept: self.kept(&chat),
            ..new_message(buffer, incoming, text.as_deref(), &item)?
        };
        self.ingest.memory_guard().admit()?;
        let coming = self.ingest.bounds().admit(&chat, item.len()).await?;
        let appended = self
            .store
            .append(&chat, message, &buffer.window, &buffer.destinations)
            .await
            .inspect_err(|error| self.ingest.memory_guard().make_after(error))?;
        coming.arrived(&appended);
        self.count(&appended);
        Ok(appended)
    }

    /// The buffer as it is now, where what this daemon knew of it was not there; the client hears what it would have
    /// heard had the daemon known.
    async fn renewed(&self, buffer: &Buffer, incoming: &Incoming) -> Result<Arc<Buffer>, ApiError> {
        let (name, chat) = (&buffer.name, buffer.chat(incoming.user.clone()));
        let renewed = self.registry.renewed(name, &chat).await?;
        taking(&self.registry.get(), renewed, name.as_str())
    }

    /// Keeps a message until its time; one without an id gets one, to be taken back by.
    pub(super) async fn keep<'a>(
        &self,
        buffer: &Buffer,
        incoming: &'a mut Incoming,
        when: When,
    ) -> Result<Accepted<'a>, ApiError> {
        let made = || BatchId::generate().to_string();
        let id = incoming.message_id.get_or_insert_with(made).clone();
        let (chat, item) = arrived(buffer, incoming)?;
        self.ingest.memory_guard().admit()?;
        let place = self
            .ingest
            .bounds()
            .admit_later(&chat, &id, item.len())
            .await?;
        let mut kept_there = self.store.keep(&chat, buffer.life, &id, &item, when).await;
        if let Err(StoreError::Gone) = kept_there {
            let buffer = self.renewed(buffer, incoming).await?;
            let (chat, item) = arrived(&buffer, incoming)?;
            kept_there = self.store.keep(&chat, buffer.life, &id, &item, when).await;
        }
        match kept_there? {
            Keeping::Kept(at) => {
                place.taken();
                self.metrics.accepted.inc();
                Ok(kept(incoming, Some(at), false))
            }
            Keeping::Duplicate(at) => {
                self.metrics.duplicates.inc();
                Ok(kept(incoming, at, true))
            }
            Keeping::TooFar => Err(too_far().into()),
        }
    }

    /// What became of a message, counted if it was refused.
    pub(super) fn counted<T>(&self, taken: Result<T, ApiError>) -> Result<T, ApiError> {
        taken.inspect_err(|error| count(&self.metrics.refused, "reason", error.reason()))
    }

    /// What is kept of the messages of a chat.
    pub(super) fn kept(&self, chat: &Chat) -> Kept {
        let retention = Retention {
            whole: self.registry.get().has_ordered(Shard::of(chat)),
            ..self.retention
        };
        Kept::by(&retention, self.payloads)
    }

    fn count(&self, appended: &Appended) {
        match appended.taken {
            Taken::Appended => drop(self.metrics.accepted.inc()),
            Taken::Duplicate => drop(self.metrics.duplicates.inc()),
            Taken::Repeated => count(&self.metrics.dropped, "reason", "repeated"),
            Taken::Paused => count(&self.metrics.dropped, "reason", "paused"),
        }
        if let Some(reason) = appended.closed {
            count(&self.metrics.batches, "reason", reason.as_str());
        }
    }
}
