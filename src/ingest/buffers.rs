//! Which buffer something is for, and whether that takes anything.

use std::sync::Arc;

use thiserror::Error;

use super::{Ingest, IngestError};
use crate::core::chat::{Chat, Name};
use crate::registry::Snapshot;
use crate::spec::Buffer;
use crate::store::config::Kind;

/// Why a buffer takes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoBuffer {
    /// There is none that is called so.
    #[error("there is no buffer {0:?}: configure it, or name another")]
    Unknown(String),
    /// It is switched off.
    #[error("buffer {0} is not active: switch it on first")]
    NotActive(String),
    /// It is about to go.
    #[error("buffer {0} is being removed and takes nothing any more")]
    BeingRemoved(String),
    /// It is that of messages that leave one by one: see [`Ingest::enqueue`].
    #[error("the buffer messages only takes messages that leave one by one")]
    Queue,
}

impl Ingest {
    /// The buffer of this name, or of the name that is made of these words, if it takes messages.
    ///
    /// # Errors
    /// Why it takes none.
    pub fn buffer(&self, words: &str) -> Result<Arc<Buffer>, NoBuffer> {
        let snapshot = self.0.registry.get();
        let name = Name::slug(words).ok();
        let found = name.and_then(|name| snapshot.buffer(&name).cloned());
        match found {
            Some(buffer) if buffer.name == Name::messages_name() => Err(NoBuffer::Queue),
            found => taking(&snapshot, found, words),
        }
    }

    /// The buffer of a chat as it is now, if it takes messages, after something was not stored because what this daemon
    /// knew of it was not there: the caller hears what it would have heard had the daemon known.
    pub(super) async fn taking_now(&self, chat: &Chat) -> Result<Arc<Buffer>, IngestError> {
        let (name, registry) = (&chat.buffer, &self.0.registry);
        let renewed = registry.renewed(name, chat).await?;
        Ok(taking(&registry.get(), renewed, name.as_str())?)
    }

    /// The same, whether or not it takes messages.
    pub(super) async fn there_now(&self, chat: &Chat) -> Result<Arc<Buffer>, IngestError> {
        let (name, registry) = (&chat.buffer, &self.0.registry);
        let renewed = registry.renewed(name, chat).await?;
        Ok(there(&registry.get(), renewed, name.as_str())?)
    }
}

/// A buffer that was looked up by this name, if it takes messages.
fn taking(
    snapshot: &Snapshot,
    found: Option<Arc<Buffer>>,
    name: &str,
) -> Result<Arc<Buffer>, NoBuffer> {
    let buffer = there(snapshot, found, name)?;
    if !buffer.active {
        return Err(NoBuffer::NotActive(name.to_owned()));
    }
    Ok(buffer)
}

/// A buffer that was looked up by this name, unless it is about to go.
fn there(
    snapshot: &Snapshot,
    found: Option<Arc<Buffer>>,
    name: &str,
) -> Result<Arc<Buffer>, NoBuffer> {
    let buffer = found.ok_or_else(|| NoBuffer::Unknown(name.to_owned()))?;
    let removal = snapshot.configured.removal(Kind::Buffer, &buffer.name);
    if removal.is_some() {
        return Err(NoBuffer::BeingRemoved(name.to_owned()));
    }
    Ok(buffer)
}
