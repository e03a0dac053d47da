//! The log line of an attempt: one for each, with the same fields however it ended.

use std::time::Duration;

use tracing::field::display;
use tracing::{error, info, warn};

use super::outlet::Outlet;
use super::worker::millis;
use crate::delivery::Attempt;
use crate::domain::batch::Outcome;
use crate::domain::trace::TraceContext;
use crate::store::lanes::Lease;

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
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
    DeadLetter,
}

impl Next {
    /// What comes after an attempt at this lease that ended so.
    pub(super) fn after(outcome: &Outcome, lease: &Lease, outlet: &Outlet) -> Self {
        let retry = &outlet.destination.retry;
        match *outcome {
            Outcome::Delivered => Self::Done,
            Outcome::Rejected => Self::DeadLetter,
            Outcome::Retry { asked } => {
                match retry.wait_after(lease.attempt, fastrand::f64(), asked) {
                    Some(wait) => Self::Retry {
                        wait,
                        asked: asked.is_some(),
                    },
                    None => Self::DeadLetter,
                }
            }
        }
    }

    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } => "retry",
            Self::DeadLetter => "dead_letter",
        }
    }
}

/// Writes the line.
pub(super) fn write(lease: &Lease, trace: Option<&TraceContext>, attempt: &Attempt, next: Next) {
    let wait_ms = match next {
        Next::Retry { wait, .. } => Some(millis(wait)),
        Next::Done | Next::DeadLetter => None,
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
        Next::DeadLetter => line!(error, "Given up, now a dead letter"),
    }
}
