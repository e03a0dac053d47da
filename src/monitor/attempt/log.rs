//! The log line of an attempt: one for each, with the same fields however it ended.

use std::time::Duration;

use tracing::field::display;
use tracing::{error, info, warn};

use super::delivering::InHand;
use crate::core::batch::Outcome;
use crate::core::moment::millis;
use crate::core::retry::Exhausted;
use crate::core::trace::TraceContext;
use crate::delivery::Attempt;
use crate::monitor::destination::worker::DestinationWorker;
use crate::store::lanes::Lease;

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Next {
    /// Nothing: it was delivered.
    Done,
    /// Another one, after a wait.
    Retry {
        /// From now.
        wait: Duration,
        /// Whether the destination asked for that wait itself.
        asked: bool,
    },
    /// It is given up.
    DeadLetter {
        /// The time for its retries, where that has ended them.
        after: Option<Duration>,
    },
}

impl Next {
    /// What comes after an attempt at what is in hand that ended so.
    pub(in crate::monitor) fn after(
        outcome: &Outcome,
        in_hand: &InHand,
        worker: &DestinationWorker,
    ) -> Self {
        let retry = &worker.destination.retry;
        match *outcome {
            Outcome::Delivered => Self::Done,
            Outcome::Rejected => Self::DeadLetter { after: None },
            Outcome::Retry { asked } => {
                let (attempt, age) = (in_hand.lease.attempt, in_hand.age());
                match retry.wait_after(attempt, age, fastrand::f64(), asked) {
                    Ok(wait) => Self::Retry {
                        wait,
                        asked: asked.is_some(),
                    },
                    Err(Exhausted::Count) => Self::DeadLetter { after: None },
                    Err(Exhausted::Time(within)) => Self::DeadLetter {
                        after: Some(within),
                    },
                }
            }
        }
    }

    /// The word for it.
    pub(in crate::monitor) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } => "retry",
            Self::DeadLetter { .. } => "dead_letter",
        }
    }
}

/// Writes the line.
pub(in crate::monitor) fn write(
    lease: &Lease,
    trace: Option<&TraceContext>,
    attempt: &Attempt,
    next: Next,
) {
    let wait_ms = match next {
        Next::Retry { wait, .. } => Some(millis(wait)),
        Next::Done | Next::DeadLetter { .. } => None,
    };
    let trace_id = trace.map(|trace| display(trace.trace_id()));
    let summary = &attempt.summary;
    macro_rules! line {
        ($level:ident, $what:literal) => {
            $level!(
                chat = %lease.lane.chat.hash(),
                batch = %lease.batch.id,
                destination = %lease.lane.destination,
                messages = lease.batch.count,
                attempt = lease.attempt,
                status = attempt.status,
                duration_ms = millis(attempt.took),
                next = %next.as_str(),
                wait_ms,
                trace_id,
                concat!($what, ": {}"), summary
            )
        };
    }
    match next {
        Next::Done => line!(info, "Delivered"),
        Next::Retry { .. } => line!(warn, "Not delivered"),
        Next::DeadLetter { after: None } => line!(error, "Given up, now a dead letter"),
        Next::DeadLetter { after: Some(_) } => {
            line!(error, "Its time for retries is over, now a dead letter");
        }
    }
}
