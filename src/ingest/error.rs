//! Why something was not taken in.

use std::time::Duration;

use thiserror::Error;

use super::bounds::{Overfull, TooManyPaused};
use super::brought::PLACES;
use super::buffers::NoBuffer;
use crate::core::code::Code;
use crate::core::item::UnreadableItems;
use crate::core::json::fields::BadInput;
use crate::core::refused::RefusedFor;
use crate::spec::SpecError;
use crate::store::StoreError;
use crate::store::config::bringing::Whose;

/// Why something was not taken in. Unless it says otherwise, nothing was stored.
#[derive(Debug, Error)]
pub enum IngestError {
    /// Whoever brought it must change something.
    #[error(transparent)]
    BadInput(#[from] BadInput),
    /// It could not be read back as it would be kept.
    #[error(transparent)]
    Unreadable(#[from] UnreadableItems),
    /// There is no such buffer, or it takes nothing.
    #[error(transparent)]
    NoBuffer(#[from] NoBuffer),
    /// A buffer or destination that came with it cannot be.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// There is no room for more destinations that come with messages.
    #[error("{}: configure a buffer and a destination instead", full(*.0))]
    TooManyBrought(Whose),
    /// Redis is about to be full.
    #[error("storage is full, nothing was stored: try again")]
    Full,
    /// As much waits as may.
    #[error(transparent)]
    Overfull(#[from] Overfull),
    /// As many chats are paused as may be.
    #[error(transparent)]
    TooManyPaused(#[from] TooManyPaused),
    /// Nothing that whoever brought it did: it may come again.
    #[error("{}", .0.told())]
    Store(#[from] StoreError),
}

fn full(whose: Whose) -> String {
    match whose {
        Whose::Own => format!(
            "{} different webhooks, or ways to gather for them, came with messages of this key within a day, and all are in use",
            PLACES.of_one
        ),
        Whose::All => format!(
            "{} different webhooks, or ways to gather for them, came with messages within a day, and all are in use",
            PLACES.of_all
        ),
    }
}

impl IngestError {
    /// What programs are told.
    pub fn code(&self) -> Code {
        match self {
            Self::BadInput(bad) => bad.code(),
            Self::Unreadable(_) => Code::InvalidRequest,
            Self::NoBuffer(_) => Code::NoSuchBuffer,
            Self::Spec(error) => error.code,
            Self::TooManyBrought(_) => Code::TooManyWebhooks,
            Self::Full => Code::StorageFull,
            Self::Overfull(full) => full.code(),
            Self::TooManyPaused(full) => full.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// The field that is at fault, if one is.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::BadInput(bad) => bad.field_name(),
            Self::Spec(error) => error.field_name(),
            _ => None,
        }
    }

    /// How metrics count it.
    pub fn reason(&self) -> &'static str {
        let word = match self {
            Self::BadInput(bad) => return bad.at_fault(),
            Self::Unreadable(_) => RefusedFor::Request,
            Self::NoBuffer(_) => RefusedFor::Buffer,
            Self::Spec(_) => RefusedFor::Spec,
            Self::TooManyBrought(_) => RefusedFor::TooMany,
            Self::Full => RefusedFor::Full,
            Self::Overfull(full) => full.reason(),
            Self::TooManyPaused(_) => RefusedFor::Paused,
            Self::Store(StoreError::NotOnReplicas { .. }) => RefusedFor::Replicas,
            Self::Store(_) => RefusedFor::Redis,
        };
        word.as_str()
    }

    /// After how long the same may be tried again; none: something must be changed first.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::BadInput(_)
            | Self::Unreadable(_)
            | Self::NoBuffer(_)
            | Self::Spec(_)
            | Self::TooManyBrought(_) => None,
            Self::Full | Self::TooManyPaused(_) => Some(Duration::from_secs(5)),
            Self::Overfull(full) => Some(full.retry_after()),
            Self::Store(error) => Some(error.retry_after()),
        }
    }
}
