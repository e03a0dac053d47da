//! What becomes of work in which Lull itself fails: it is said, it lets go of what it held, and it is tried again as
//! whatever else has failed.

use std::sync::Arc;

use tracing::error;

use super::delivering::InHand;
use super::log::Next;
use crate::core::batch::Outcome;
use crate::monitor::Monitor;
use crate::monitor::destination::limiter::Permit;
use crate::monitor::destination::worker::DestinationWorker;
use crate::panics::{self, Panic};
use crate::store::lanes::Verdict;
use crate::telemetry::metrics::Metrics;

/// An attempt on its way, however it ends.
pub(in crate::monitor) struct InFlight<'a>(&'a Metrics);

impl<'a> InFlight<'a> {
    pub(in crate::monitor) fn one(metrics: &'a Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

impl Monitor {
    /// One attempt; true when the lane has more to deliver at once. One that panics has failed: its lane waits as after
    /// any failure, and its batch is given up on as any other.
    pub(in crate::monitor) async fn deliver_caught(
        self: &Arc<Self>,
        worker: &Arc<DestinationWorker>,
        in_hand: &InHand,
        permit: &mut Permit,
    ) -> bool {
        match panics::caught(self.deliver(worker, in_hand, permit)).await {
            Ok(more) => more,
            Err(panic) => self.settle_failed(worker, in_hand, &panic).await,
        }
    }

    async fn settle_failed(
        &self,
        worker: &DestinationWorker,
        in_hand: &InHand,
        panic: &Panic,
    ) -> bool {
        let lease = &in_hand.lease;
        let (chat, batch) = (lease.lane.chat.hash(), &lease.batch.id);
        let destination = worker.name();
        error!(%chat, %batch, %destination, "An attempt has failed within Lull, please report it: {panic}");
        match Next::after(&Outcome::Retry { asked: None }, in_hand, worker) {
            Next::Retry { wait, asked } => {
                let verdict = Verdict::Retry { wait, asked };
                self.settle(worker, in_hand, verdict, None).await
            }
            Next::Done | Next::DeadLetter { .. } => {
                let why = format!("Lull itself failed: {panic}");
                self.bury(worker, in_hand, &why, None).await
            }
        }
    }
}
