//! The worker: closes windows, attempts the heads of lanes, and settles how it went.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::{error, info, warn};

use super::Monitor;
use super::gate::Pass;
use crate::delivery::Attempt;
use crate::domain::batch::{BatchId, Outcome};
use crate::domain::breaker::Turn;
use crate::domain::chat::{Chat, Lane};
use crate::store::dead::Letter;
use crate::store::history::{DELIVERED, Record};
use crate::store::lanes::{Lease, Settled, Verdict};
use crate::store::windows::Closing;
use crate::telemetry::metrics::count;
use crate::wire::item::read_items;

/// The retries of a destination that is back are spread over this, so that they do not knock it over.
const SPREAD: Duration = Duration::from_secs(2);
/// Between tries to settle while Redis is away.
const SETTLE_PAUSE: Duration = Duration::from_millis(200);

/// What announced that a window may have to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An expired event.
    ByEvent,
    /// The sweep.
    BySweep,
}

impl Monitor {
    /// Closes the window of a chat, if it is time, and begins to deliver if there is room.
    pub(super) async fn close(self: &Arc<Self>, chat: Chat, found: Found) {
        let id = BatchId::generate();
        let lane = Lane {
            destination: self.destination.clone(),
            chat,
        };
        let closing = self
            .store
            .close(&lane.chat, &id, std::slice::from_ref(&self.destination));
        // The sweep is nearly always right, so the lease is asked for in the same breath; an event mostly comes after
        // the sweep, when there is nothing left to do.
        let pass = if found == Found::BySweep {
            self.gate.try_enter()
        } else {
            None
        };
        let (closed, pass_and_lease) = match pass {
            Some(pass) => {
                let (closed, lease) =
                    tokio::join!(closing, self.store.lease(&lane, self.lease_rules));
                (closed, lease.map(|lease| lease.map(|lease| (pass, lease))))
            }
            None => (closing.await, Ok(None)),
        };
        let has_closed = match closed {
            Ok(Closing::Closed { reason, .. }) => {
                count(&self.metrics.batches, "reason", reason.as_str());
                let by = if found == Found::BySweep {
                    "sweep"
                } else {
                    "event"
                };
                count(&self.metrics.found, "by", by);
                true
            }
            Ok(Closing::Open | Closing::NoWindow) => false,
            Err(error) => {
                warn!(chat = %lane.chat.hash(), error = %error, "Could not close a window, the sweep will: {error}");
                false
            }
        };
        match pass_and_lease {
            Ok(Some((pass, lease))) => {
                self.attempts.spawn(self.clone().work(lease, pass));
            }
            Ok(None) if has_closed => match self.gate.try_enter() {
                Some(pass) => self.attempt(lane, pass),
                None => self.lanes_changed.notify_one(),
            },
            Ok(None) => {}
            Err(error) => {
                warn!(chat = %lane.chat.hash(), error = %error, "Could not lease, the sweep will: {error}");
            }
        }
    }

    /// Attempts the head of a lane, if it is due, and what comes after it.
    pub(super) fn attempt(self: &Arc<Self>, lane: Lane, pass: Pass) {
        let monitor = self.clone();
        self.attempts.spawn(async move {
            match monitor.store.lease(&lane, monitor.lease_rules).await {
                Ok(Some(lease)) => monitor.work(lease, pass).await,
                Ok(None) => {}
                Err(error) => {
                    warn!(chat = %lane.chat.hash(), error = %error, "Could not lease, the sweep will: {error}");
                }
            }
        });
    }

    async fn work(self: Arc<Self>, mut lease: Lease, mut pass: Pass) {
        let mut leased = Instant::now();
        loop {
            let delivered = self.deliver(&lease, leased, &mut pass).await;
            if !delivered || self.stop.is_cancelled() {
                return;
            }
            match self.store.lease(&lease.lane, self.lease_rules).await {
                Ok(Some(next)) => (lease, leased) = (next, Instant::now()),
                Ok(None) => return,
                Err(error) => {
                    warn!(chat = %lease.lane.chat.hash(), error = %error, "Could not lease, the sweep will: {error}");
                    return;
                }
            }
        }
    }

    /// One attempt, from the lease to its settling; true when the lane has more to deliver at once.
    async fn deliver(self: &Arc<Self>, lease: &Lease, leased: Instant, pass: &mut Pass) -> bool {
        if self.stop.is_cancelled() {
            self.settle(lease, leased, Verdict::Release, None).await;
            return false;
        }
        // Its attempts were cut off again and again: perhaps it is what kills the monitor.
        if lease.attempt > 1 && self.retry.exhausted(lease.attempt - 1) {
            let reason = "every attempt was cut off before it ended".to_owned();
            return self
                .bury(lease, leased, lease.attempt - 1, reason, None)
                .await;
        }
        let body = read_items(&lease.batch.items).and_then(|items| {
            self.payload
                .body(&lease.lane.chat.id, &items, lease.batch.closed)
        });
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                let reason = format!("what lies in Redis is not what Lull wrote: {error}");
                return self.bury(lease, leased, lease.attempt, reason, None).await;
            }
        };
        if lease.attempt == 1 {
            self.metrics
                .lateness
                .observe((lease.late + leased.elapsed()).as_secs_f64());
        }
        self.metrics.in_flight.inc();
        let attempt = tokio::select! {
            () = self.abandon.cancelled() => None,
            attempt = self.sender.send(&lease.batch.id, body) => Some(attempt),
        };
        self.metrics.in_flight.dec();
        match attempt {
            Some(attempt) => self.conclude(lease, leased, pass, &attempt).await,
            None => {
                // It may have arrived; the next attempt has the same id.
                self.settle(
                    lease,
                    leased,
                    Verdict::Retry {
                        wait: Duration::ZERO,
                        asked: false,
                    },
                    None,
                )
                .await;
                false
            }
        }
    }

    async fn conclude(
        self: &Arc<Self>,
        lease: &Lease,
        leased: Instant,
        pass: &mut Pass,
        attempt: &Attempt,
    ) -> bool {
        self.turn(pass.record(&attempt.outcome));
        count(&self.metrics.attempts, "outcome", attempt.outcome.as_str());
        self.metrics.delivery.observe(attempt.took.as_secs_f64());

        let chat = lease.lane.chat.hash();
        let (number, id, summary) = (lease.attempt, &lease.batch.id, &attempt.summary);
        let messages = lease.batch.count;
        let duration_ms = millis(attempt.took);
        match &attempt.outcome {
            Outcome::Delivered => {
                info!(%chat, batch = %id, messages, attempt = number, duration_ms, "Delivered: {summary}");
                let record = record(lease, DELIVERED, Some(attempt));
                self.settle(lease, leased, Verdict::Drop, Some(record))
                    .await
            }
            Outcome::Retry { asked } => {
                match self.retry.wait_after(number, fastrand::f64(), *asked) {
                    Some(wait) => {
                        let wait_ms = millis(wait);
                        warn!(%chat, batch = %id, messages, attempt = number, duration_ms, wait_ms, "Not delivered: {summary}");
                        let record = record(lease, attempt.outcome.as_str(), Some(attempt));
                        let verdict = Verdict::Retry {
                            wait,
                            asked: asked.is_some(),
                        };
                        self.settle(lease, leased, verdict, Some(record)).await;
                        false
                    }
                    None => {
                        self.bury(lease, leased, number, reason(attempt), Some(attempt))
                            .await
                    }
                }
            }
            Outcome::Rejected => {
                self.bury(lease, leased, number, reason(attempt), Some(attempt))
                    .await
            }
        }
    }

    async fn bury(
        &self,
        lease: &Lease,
        leased: Instant,
        attempts: u32,
        reason: String,
        attempt: Option<&Attempt>,
    ) -> bool {
        let (chat, id) = (lease.lane.chat.hash(), &lease.batch.id);
        let summary = attempt.map_or(reason.as_str(), |attempt| &attempt.summary);
        error!(%chat, batch = %id, messages = lease.batch.count, attempts, "Given up, now a dead letter: {summary}");
        let record = record(lease, "buried", attempt);
        let Lane { destination, chat } = &lease.lane;
        let letter = Letter {
            buffer: chat.buffer.to_string(),
            chat: chat.id.as_str().to_owned(),
            destination: destination.to_string(),
            reason,
            attempts,
            first_attempt: lease.first_attempt,
        };
        let letter = serde_json::to_string(&letter).unwrap_or_default();
        self.settle(lease, leased, Verdict::Bury { letter }, Some(record))
            .await
    }

    /// Records the verdict, trying until the lease has run out; true when the lane has more to deliver at once.
    async fn settle(
        &self,
        lease: &Lease,
        leased: Instant,
        verdict: Verdict,
        record: Option<Record>,
    ) -> bool {
        let record = record.and_then(|record| serde_json::to_string(&record).ok());
        let chat = lease.lane.chat.hash();
        loop {
            match self
                .store
                .settle(lease, &verdict, record.as_deref(), &self.retention)
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
                    return more && !matches!(verdict, Verdict::Retry { .. } | Verdict::Release);
                }
                Ok(Settled::Stale) => {
                    warn!(%chat, batch = %lease.batch.id, "The lease ran out before the attempt was settled");
                    return false;
                }
                Err(error) if leased.elapsed() < self.lease_rules.length => {
                    warn!(%chat, batch = %lease.batch.id, error = %error, "Could not settle, trying again: {error}");
                    sleep(SETTLE_PAUSE).await;
                }
                Err(error) => {
                    error!(
                        %chat, batch = %lease.batch.id, error = %error,
                        "Could not settle within the lease: the batch will be sent again under its id: {error}"
                    );
                    return false;
                }
            }
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

/// What an operator reads about a dead letter.
fn reason(attempt: &Attempt) -> String {
    match &attempt.refusal {
        Some(refusal) => format!("{}: {refusal}", attempt.summary),
        None => attempt.summary.clone(),
    }
}

fn record(lease: &Lease, outcome: &str, attempt: Option<&Attempt>) -> Record {
    let Lease { lane, batch, .. } = lease;
    Record {
        id: batch.id.to_string(),
        buffer: lane.chat.buffer.to_string(),
        chat: lane.chat.id.as_str().to_owned(),
        destination: lane.destination.to_string(),
        outcome: outcome.to_owned(),
        status: attempt.and_then(|attempt| attempt.status),
        attempt: lease.attempt,
        ms: attempt.map_or(0, |attempt| millis(attempt.took)),
        messages: batch.count,
        reason: batch.reason.to_string(),
        opened: batch.opened,
        closed: batch.closed,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
