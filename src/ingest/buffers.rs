//! Which buffer something is for, and whether that takes anything.

use std::sync::Arc;

use thiserror::Error;

use super::{Ingest, IngestError};
use crate::core::chat::Chat;
use crate::spec::Buffer;
use crate::store::config::Kind;

/// Why a buffer takes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoBuffer {
    /// There is none that is called so.
    #[error("there is no buffer {0:?}: configure it, or name another")]
    Unknown(String),
    /// It is about to go.
    #[error("buffer {0} is being removed and takes nothing any more")]
    BeingRemoved(String),
}

impl Ingest {
    /// The buffer of a chat as it is now, whether or not it takes messages, after something was not stored because what
    /// this daemon knew of it was not there.
    pub(super) async fn renewed(&self, chat: &Chat) -> Result<Arc<Buffer>, IngestError> {
        let (name, registry) = (&chat.buffer, &self.0.registry);
        let renewed = registry.renewed(name, chat).await?;
        if registry
            .get()
            .configured
            .removal(Kind::Buffer, name)
            .is_some()
        {
            return Err(NoBuffer::BeingRemoved(name.to_string()).into());
        }
        Ok(renewed.ok_or_else(|| NoBuffer::Unknown(name.to_string()))?)
    }
}
