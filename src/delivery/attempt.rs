//! What one call came to.

use std::time::{Duration, Instant};

use super::guard::Refused;
use crate::core::batch::Outcome;
use crate::core::why::Why;

/// How much of a refusal is kept with its dead context.
const MOST_OF_A_REFUSAL: usize = 300;

/// What one call came to.
#[derive(Debug)]
pub struct Attempt {
    /// What it means for the batch.
    pub outcome: Outcome,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// What happened, for logs: never anything out of a body.
    pub summary: String,
    /// No socket was to be had for it, so there was no call.
    pub had_no_socket: bool,
    /// The first KiB of the answer's body with the destination's secrets masked, or why there was no call; it may quote
    /// what was said, so it goes into no log.
    pub answer: Option<String>,
}

impl Attempt {
    /// How the destination refused, in a few of its own words, for the operator.
    pub fn refusal(&self) -> Option<String> {
        let answer = self.answer.as_ref();
        let refusal = answer.filter(|_| self.outcome != Outcome::Delivered);
        refusal.map(|refusal| refusal.chars().take(MOST_OF_A_REFUSAL).collect())
    }

    /// Whether its time ran out before there was an answer.
    pub fn had_no_answer_within(&self, timeout: Duration) -> bool {
        self.status.is_none() && self.took >= timeout
    }

    /// A call that was let go before it ended, because its daemon ends.
    pub fn cut_off(took: Duration) -> Self {
        Self {
            outcome: Outcome::Retry { asked: None },
            status: None,
            took,
            summary: Why::CutOff.to_string(),
            had_no_socket: false,
            answer: None,
        }
    }

    /// One that was taken where there is no status for that.
    pub(super) fn taken(why: &Why<'_>, began: Instant) -> Self {
        Self {
            outcome: Outcome::Delivered,
            ..Self::failed(why, began)
        }
    }

    /// One that came to nothing and may be better later, where there is no status for that.
    pub(super) fn failed(why: &Why<'_>, began: Instant) -> Self {
        Self {
            outcome: Outcome::Retry { asked: None },
            status: None,
            took: began.elapsed(),
            summary: why.to_string(),
            had_no_socket: false,
            answer: None,
        }
    }

    /// A call that must not be made, now or ever.
    pub(super) fn refused(refused: &Refused, began: Instant) -> Self {
        Self {
            outcome: Outcome::Rejected,
            status: None,
            took: began.elapsed(),
            summary: Why::Inside("").to_string(),
            had_no_socket: false,
            answer: Some(refused.to_string()),
        }
    }
}
