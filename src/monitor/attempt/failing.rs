//! What becomes of work in which Lull itself fails: it is said, it lets go of what it held, and it is tried again as
//! whatever else has failed. Where only a socket is wanting, nothing was tried.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use super::delivering::InHand;
use super::log::Next;
use crate::core::batch::Outcome;
use crate::core::why::Why;
use crate::monitor::Monitor;
use crate::monitor::destination::limiter::permit::Permit;
use crate::monitor::destination::worker::DestinationWorker;
use crate::panics::{self, Panic};
use crate::store::keys::Shard;
use crate::store::lanes::{Lease, Verdict};
use crate::telemetry::metrics::Metrics;

/// So many attempts in a row may be cut off before they end, as when a monitor is killed; then the batch is given up.
const MOST_CUT_OFF: u32 = 12;

/// That sockets are wanting is said so often.
const SAID_EVERY: Duration = Duration::from_secs(60);

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

    /// Gives a batch back for which no socket was to be had: it says nothing of its destination, and is tried as soon as
    /// there may be one.
    pub(in crate::monitor) async fn no_socket(
        &self,
        worker: &DestinationWorker,
        in_hand: &InHand,
    ) -> bool {
        self.room.out_of_sockets();
        self.say_no_socket();
        let more = self.settle(worker, in_hand, Verdict::Release, None).await;
        // It is due as before, and the sweep may be asleep.
        let lane = &in_hand.lease.lane;
        worker.hints.look_at(Shard::of(&lane.chat));
        more
    }

    fn say_no_socket(&self) {
        let mut said = self
            .out_of_sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if said.is_some_and(|at| at.elapsed() < SAID_EVERY) {
            return;
        }
        *said = Some(Instant::now());
        warn!(
            "This process may have no more open files, so attempts wait: raise the limit (ulimit -n, in Compose ulimits: nofile), or lower MAX_ATTEMPTS"
        );
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

/// Why a batch is not attempted again whose attempts do not end: perhaps it is what kills the monitor.
pub(in crate::monitor) fn cut_off_too_often(
    worker: &DestinationWorker,
    lease: &Lease,
) -> Option<String> {
    let retry = &worker.destination.retry;
    let counted_out = lease.attempt > 1 && retry.counted_out(lease.attempt - 1);
    let too_often = lease.cut_off >= MOST_CUT_OFF || counted_out && lease.cut_off > 0;
    too_often.then(|| Why::CutOffOften(lease.cut_off).to_string())
}
