//! Why something may not wait: which limit it would cross, for the person who is refused.

use std::time::Duration;

use thiserror::Error;

use crate::core::chat::Name;
use crate::core::code::Code;
use crate::core::refused::RefusedFor;
use crate::store::work::Kind;

/// Which limit of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// How many in all.
    Count(u64),
    /// The bytes of all.
    Bytes(u64),
    /// How many of one buffer.
    InBuffer(Name, u64),
}

/// A limit that would be crossed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}; nothing was stored: {}", self.told(), self.advice())]
pub struct Overfull {
    kind: Kind,
    which: Which,
}

impl Overfull {
    pub(super) fn new(kind: Kind, which: Which) -> Self {
        Self { kind, which }
    }

    /// What waits, and how it is limited.
    pub(super) fn told(&self) -> String {
        match (self.kind, &self.which) {
            (Kind::Windows, Which::Count(most)) => {
                format!("{most} chats are open, and this is none of them (MAX_OPEN_CHATS)")
            }
            (Kind::Windows, Which::Bytes(most)) => format!(
                "messages of {most} bytes may wait in open chats (MAX_OPEN_CHATS_BYTES), and this one would be too much"
            ),
            (Kind::Windows, Which::InBuffer(buffer, most)) => format!(
                "{most} chats of {buffer} are open, and this is none of them (MAX_OPEN_CHATS_PER_BUFFER)"
            ),
            (Kind::Lanes, Which::Count(most)) => format!(
                "{most} batches wait for their destinations, with the open chats that will (MAX_ON_LANES), and this would be another"
            ),
            (Kind::Lanes, Which::Bytes(most)) => format!(
                "batches of {most} bytes may wait for their destinations, with the open chats that will (MAX_ON_LANES_BYTES), and this would be too much"
            ),
            (Kind::Lanes, Which::InBuffer(buffer, most)) => format!(
                "{most} batches of {buffer} wait for their destinations, with the open chats that will (MAX_ON_LANES_PER_BUFFER), and this would be another"
            ),
            (Kind::Later, Which::Count(most)) => {
                format!("{most} messages wait for their time (MAX_LATER)")
            }
            (Kind::Later, Which::Bytes(most)) => format!(
                "messages of {most} bytes may wait for their time (MAX_LATER_BYTES), and this one would be too much"
            ),
            (Kind::Later, Which::InBuffer(buffer, most)) => {
                format!("{most} messages of {buffer} wait for their time (MAX_LATER_PER_BUFFER)")
            }
        }
    }

    fn advice(&self) -> &'static str {
        match self.kind {
            Kind::Windows => "try again",
            Kind::Lanes => "see why the destination does not take them, or try again",
            Kind::Later => "send it when it is to leave, or try again",
        }
    }

    /// What programs are told.
    pub fn code(&self) -> Code {
        match (self.kind, &self.which) {
            (Kind::Windows, Which::Count(_)) => Code::TooManyOpenChats,
            (Kind::Windows, Which::Bytes(_)) => Code::TooMuchInOpenChats,
            (Kind::Windows, Which::InBuffer(..)) => Code::TooManyOpenChatsInBuffer,
            (Kind::Lanes, Which::Count(_)) => Code::TooManyOnLanes,
            (Kind::Lanes, Which::Bytes(_)) => Code::TooMuchOnLanes,
            (Kind::Lanes, Which::InBuffer(..)) => Code::TooManyOnLanesInBuffer,
            (Kind::Later, Which::Count(_)) => Code::TooManyForLater,
            (Kind::Later, Which::Bytes(_)) => Code::TooMuchForLater,
            (Kind::Later, Which::InBuffer(..)) => Code::TooManyForLaterInBuffer,
        }
    }

    /// How metrics count it.
    pub fn reason(&self) -> RefusedFor {
        match self.kind {
            Kind::Windows => RefusedFor::OpenChats,
            Kind::Lanes => RefusedFor::Lanes,
            Kind::Later => RefusedFor::Later,
        }
    }

    /// After how long it may be tried again: chats close sooner than what waits for a destination, or for its time,
    /// leaves.
    pub fn retry_after(&self) -> Duration {
        Duration::from_secs(match self.kind {
            Kind::Windows => 1,
            Kind::Lanes | Kind::Later => 5,
        })
    }
}
