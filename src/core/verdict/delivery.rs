//! A batch that was tried, as a verdict goes by it.

use crate::core::batch::{Gathering, Millis};
use crate::core::why::Why;
use crate::core::window::CloseReason;

/// A batch that was tried, to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// Where it went.
    pub destination: String,
    /// When its first and its last message came.
    pub said: (Millis, Millis),
    /// When its window was closed, or it was made without one, perhaps as somebody sent again what it holds.
    pub closed: Millis,
    /// When that was to be; none: it is not known.
    pub due: Option<Millis>,
    /// What closed its window, or made it.
    pub reason: CloseReason,
    /// How it was gathered; none: there was no window.
    pub gathered: Option<Gathering>,
    /// The `webhook-id` of the batch that somebody sent again in this one.
    pub repeats: Option<String>,
    /// Its tries, the oldest first.
    pub tries: Vec<Attempted>,
    /// It was delivered, by the last of them.
    pub delivered: bool,
}

/// A try, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// When it had ended.
    pub at: Millis,
    /// How long it took.
    pub took: Millis,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What happened, in a few words.
    pub summary: String,
}

impl Attempted {
    pub(super) fn began(&self) -> Millis {
        self.at.saturating_sub(self.took)
    }

    /// Whether the bot may have worked on the call: it took it, or was not waited for.
    pub(super) fn may_be_answered(&self) -> bool {
        let is_taken = self
            .status
            .is_some_and(|status| (200..300).contains(&status));
        is_taken || self.status.is_none() && self.may_have_come()
    }

    /// Whether the call may have reached the destination, as far as is known.
    pub(super) fn may_have_come(&self) -> bool {
        let why = Why::read(&self.summary);
        !matches!(
            why,
            Some(Why::NoConnection(_) | Why::Inside(_) | Why::NotTaken(_))
        )
    }
}

impl Delivery {
    /// Since when it can have been answered: what is sent again was said, and perhaps answered, long before.
    pub(super) fn since(&self) -> Millis {
        match self.repeats {
            Some(_) => self.said.1,
            None => self.closed,
        }
    }

    /// Whether it is the same batch, to whichever destination, also sent again.
    pub(super) fn is_of_one_with(&self, other: &Self) -> bool {
        let id = |it: &Self| it.repeats.clone().unwrap_or_else(|| it.webhook_id.clone());
        id(self) == id(other)
    }

    /// When it was last called before that moment; none: it was not.
    pub(super) fn called_before(&self, moment: Millis) -> Option<Millis> {
        let calls = self.tries.iter().map(Attempted::began);
        calls.filter(|began| *began <= moment).max()
    }

    /// When the destination had taken it.
    pub(super) fn delivered_at(&self) -> Option<Millis> {
        let last = self.tries.last().filter(|_| self.delivered)?;
        Some(last.at)
    }
}
