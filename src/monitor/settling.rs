//! Settling: recording how an attempt ended, in Redis, history and metrics.

use std::time::Duration;

use tokio::time::sleep;
use tracing::{error, warn};

use super::Monitor;
use super::agenda::LONGEST_SLEEP;
use super::outlet::Outlet;
use super::worker::{InHand, millis};
use crate::delivery::Attempt;
use crate::store::dead::Letter;
use crate::store::history::{Record, Retention};
use crate::store::keys::Shard;
use crate::store::lanes::{Lease, Settled, Verdict};
use crate::telemetry::metrics::count;

/// Between tries to settle while Redis is away.
const PAUSE: Duration = Duration::from_millis(200);

impl Monitor {
    /// Gives a batch up; `summary` says why, without anything out of a body.
    pub(super) async fn bury(
        &self,
        outlet: &Outlet,
        in_hand: &InHand,
        summary: &str,
        attempt: Option<&Attempt>,
    ) -> bool {
        let lease = &in_hand.lease;
        let (chat, batch, messages) = (lease.lane.chat.hash(), &lease.batch.id, lease.batch.count);
        // Without an attempt, this lease's own was not made.
        let attempts = if attempt.is_some() {
            lease.attempt
        } else {
            lease.attempt - 1
        };
        error!(%chat, %batch, messages, attempts, "Given up, now a dead letter: {summary}");
        let reason = match attempt.and_then(|attempt| attempt.refusal.as_ref()) {
            Some(refusal) => format!("{summary}: {refusal}"),
            None => summary.to_owned(),
        };
        let letter = Letter {
            buffer: lease.lane.chat.buffer.to_string(),
            chat: lease.lane.chat.id.as_str().to_owned(),
            destination: lease.lane.destination.to_string(),
            reason,
            attempts,
            first_attempt: lease.first_attempt,
        };
        self.settle(outlet, in_hand, Verdict::Bury { letter }, attempt)
            .await
    }

    /// Records the verdict, trying until the lease has run out; true when the lane has more to deliver at once.
    pub(super) async fn settle(
        &self,
        outlet: &Outlet,
        in_hand: &InHand,
        verdict: Verdict,
        attempt: Option<&Attempt>,
    ) -> bool {
        let InHand { lease, since } = in_hand;
        let (chat, batch) = (lease.lane.chat.hash(), &lease.batch.id);
        let record = attempt.map(|attempt| record(lease, &verdict, attempt));
        let retention = Retention {
            whole: self.catalogs.get().has_ordered(Shard::of(&lease.lane.chat)),
            ..self.retention
        };
        loop {
            match self
                .store
                .settle(lease, &verdict, record.as_ref(), &retention)
                .await
            {
                Ok(Settled::Done { more, dropped }) => {
                    if dropped > 0 {
                        self.metrics.dead_letters_dropped.inc_by(dropped);
                        error!(
                            dropped,
                            "DEAD_LETTER_COUNT is reached: {dropped} of the oldest dead letters are gone"
                        );
                    }
                    if matches!(verdict, Verdict::Retry { wait, .. } if wait < LONGEST_SLEEP) {
                        // The sweep may be asleep for longer than that.
                        outlet.lanes_changed.notify_one();
                    }
                    return more && matches!(verdict, Verdict::Drop | Verdict::Bury { .. });
                }
                Ok(Settled::Stale) => {
                    warn!(%chat, %batch, "The lease ran out before the attempt was settled");
                    return false;
                }
                Err(error) if since.elapsed() < self.lease_rules(outlet).length => {
                    warn!(%chat, %batch, error = %error, "Could not settle, trying again: {error}");
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    error!(%chat, %batch, error = %error, "Could not settle; the batch will come again under its id: {error}");
                    return false;
                }
            }
        }
    }

    pub(super) fn count_attempt(&self, attempt: &Attempt) {
        count(&self.metrics.attempts, "outcome", attempt.outcome.as_str());
        self.metrics.delivery.observe(attempt.took.as_secs_f64());
    }
}

fn record(lease: &Lease, verdict: &Verdict, attempt: &Attempt) -> Record {
    let Lease { lane, batch, .. } = lease;
    Record {
        id: batch.id.to_string(),
        buffer: lane.chat.buffer.to_string(),
        chat: lane.chat.id.as_str().to_owned(),
        destination: lane.destination.to_string(),
        outcome: verdict.outcome().to_owned(),
        status: attempt.status,
        attempt: lease.attempt,
        ms: millis(attempt.took),
        messages: batch.count,
        reason: batch.reason.to_string(),
        opened: batch.opened,
        closed: batch.closed,
    }
}
