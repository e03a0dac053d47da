//! The worker: attempts the heads of lanes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::Monitor;
use super::gate::Pass;
use crate::delivery::Attempt;
use crate::domain::batch::Outcome;
use crate::domain::breaker::Turn;
use crate::domain::chat::Lane;
use crate::store::lanes::{Lease, Verdict};
use crate::wire::item::read_items;

/// The retries of a destination that is back are spread over this, so that they do not knock it over.
const SPREAD: Duration = Duration::from_secs(2);

/// A lease in hand.
pub(super) struct InHand {
    pub(super) lease: Lease,
    pub(super) since: Instant,
}

impl InHand {
    pub(super) fn new(lease: Lease) -> Self {
        Self {
            lease,
            since: Instant::now(),
        }
    }
}

impl Monitor {
    /// Attempts the head of a lane, if it is due, and what comes after it.
    pub(super) fn attempt(self: &Arc<Self>, lane: Lane, pass: Pass) {
        let monitor = self.clone();
        self.attempts.spawn(async move {
            if let Some(lease) = monitor.lease(&lane).await {
                monitor.work(lease, pass).await;
            }
        });
    }

    /// Attempts what was leased, and what comes after it.
    pub(super) fn begin(self: &Arc<Self>, lease: InHand, pass: Pass) {
        self.attempts.spawn(self.clone().work(lease, pass));
    }

    async fn lease(&self, lane: &Lane) -> Option<InHand> {
        match self.store.lease(lane, self.lease_rules).await {
            Ok(lease) => lease.map(InHand::new),
            Err(error) => {
                warn!(chat = %lane.chat.hash(), error = %error, "Could not lease, the sweep will: {error}");
                None
            }
        }
    }

    async fn work(self: Arc<Self>, mut in_hand: InHand, mut pass: Pass) {
        while self.deliver(&in_hand, &mut pass).await && !self.stop.is_cancelled() {
            match self.lease(&in_hand.lease.lane).await {
                Some(next) => in_hand = next,
                None => return,
            }
        }
    }

    /// One attempt, from the lease to its settling; true when the lane has more to deliver at once.
    async fn deliver(self: &Arc<Self>, in_hand: &InHand, pass: &mut Pass) -> bool {
        let InHand { lease, since } = in_hand;
        if self.stop.is_cancelled() {
            return self.settle(in_hand, Verdict::Release, None).await;
        }
        if lease.attempt > 1 && self.retry.exhausted(lease.attempt - 1) {
            // Perhaps it is what kills the monitor.
            return self
                .bury(in_hand, "every attempt was cut off before it ended", None)
                .await;
        }
        let body = read_items(&lease.batch.items).and_then(|items| {
            let (user, closed) = (&lease.lane.chat.id, lease.batch.closed);
            Ok(self.payload.body(user, &items, closed)?)
        });
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                return self
                    .bury(in_hand, &format!("unreadable in Redis: {error}"), None)
                    .await;
            }
        };
        if lease.attempt == 1 {
            self.metrics
                .lateness
                .observe((lease.late + since.elapsed()).as_secs_f64());
        }
        self.metrics.in_flight.inc();
        let attempt = tokio::select! {
            () = self.abandon.cancelled() => None,
            attempt = self.sender.send(&lease.batch.id, body) => Some(attempt),
        };
        self.metrics.in_flight.dec();
        match attempt {
            Some(attempt) => {
                self.turn(pass.record(&attempt.outcome));
                self.conclude(in_hand, &attempt).await
            }
            None => {
                // It may have arrived; the next attempt has the same id.
                let at_once = Verdict::Retry {
                    wait: Duration::ZERO,
                    asked: false,
                };
                self.settle(in_hand, at_once, None).await
            }
        }
    }

    async fn conclude(&self, in_hand: &InHand, attempt: &Attempt) -> bool {
        self.count_attempt(attempt);
        let lease = &in_hand.lease;
        let (chat, batch, messages) = (lease.lane.chat.hash(), &lease.batch.id, lease.batch.count);
        let (number, summary, duration_ms) =
            (lease.attempt, &attempt.summary, millis(attempt.took));
        match &attempt.outcome {
            Outcome::Delivered => {
                info!(%chat, %batch, messages, attempt = number, duration_ms, "Delivered: {summary}");
                self.settle(in_hand, Verdict::Drop, Some(attempt)).await
            }
            Outcome::Retry { asked } => {
                match self.retry.wait_after(number, fastrand::f64(), *asked) {
                    Some(wait) => {
                        let wait_ms = millis(wait);
                        warn!(%chat, %batch, messages, attempt = number, duration_ms, wait_ms, "Not delivered: {summary}");
                        let verdict = Verdict::Retry {
                            wait,
                            asked: asked.is_some(),
                        };
                        self.settle(in_hand, verdict, Some(attempt)).await
                    }
                    None => self.bury(in_hand, summary, Some(attempt)).await,
                }
            }
            Outcome::Rejected => self.bury(in_hand, summary, Some(attempt)).await,
        }
    }

    fn turn(self: &Arc<Self>, turn: Turn) {
        self.metrics
            .breaker_open
            .set(i64::from(self.gate.is_open()));
        match turn {
            Turn::Unchanged => {}
            Turn::Opened => {
                warn!(
                    "{} refuses everything: only single probes until it is back",
                    self.sender.place()
                );
            }
            Turn::Closed => {
                info!("{} is back", self.sender.place());
                self.attempts.spawn(self.clone().hasten());
            }
        }
    }

    async fn hasten(self: Arc<Self>) {
        match self.store.hasten(&self.destination, SPREAD).await {
            Ok(0) => {}
            Ok(lanes) => info!(lanes, "Brought the retries of {lanes} chats forward"),
            Err(error) => {
                warn!(error = %error, "Could not bring retries forward, they keep their times: {error}");
            }
        }
        self.lanes_changed.notify_one();
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
