//! Settling: recording how an attempt ended, in Redis, history and metrics.

use std::time::Duration;

use tokio::time::sleep;
use tracing::{error, warn};

use super::delivering::InHand;
use crate::core::chat::Name;
use crate::core::item::{MOST_STAMPS, digest, stamps};
use crate::core::moment::millis;
use crate::delivery::{Attempt, Filled};
use crate::monitor::Monitor;
use crate::monitor::destination::worker::DestinationWorker;
use crate::store::LONGEST_IDLE;
use crate::store::dead_letters::Letter;
use crate::store::history::{Record, Request, Retention, Try};
use crate::store::keys::Shard;
use crate::store::lanes::{Lease, Settled, Verdict};
use crate::telemetry::by_name::label_of;
use crate::telemetry::histogram::Histogram;

/// Between tries to settle while Redis is away.
const PAUSE: Duration = Duration::from_millis(200);

/// A larger body is not kept in history.
const MOST_OF_A_BODY: usize = 64 * 1024;

/// A call that was made.
pub(in crate::monitor) struct Call {
    /// What it came to.
    pub(in crate::monitor) attempt: Attempt,
    /// What it said.
    pub(in crate::monitor) said: Filled,
}

impl Monitor {
    /// Gives a batch up; `summary` says why, without anything out of a body.
    pub(in crate::monitor) async fn bury(
        &self,
        worker: &DestinationWorker,
        in_hand: &InHand,
        summary: &str,
        call: Option<&Call>,
    ) -> bool {
        let lease = &in_hand.lease;
        // Without an attempt, this lease's own was not made, and has written no line.
        let attempts = if call.is_some() {
            lease.attempt
        } else {
            let (chat, batch) = (lease.lane.chat.hash(), &lease.batch.id);
            let (destination, messages) = (&lease.lane.destination, lease.batch.count);
            let attempts = lease.attempt - 1;
            error!(%chat, %batch, %destination, messages, attempts, "Given up, now a dead letter: {summary}");
            attempts
        };
        let refusal = call.and_then(|call| call.attempt.refusal());
        let (reason, summary) = match refusal {
            Some(refusal) => (format!("{summary}: {refusal}"), Some(summary.to_owned())),
            None => (summary.to_owned(), None),
        };
        let letter = Letter {
            buffer: lease.lane.chat.buffer.to_string(),
            chat: lease.lane.chat.id.as_str().to_owned(),
            destination: lease.lane.destination.to_string(),
            reason,
            summary,
            attempts,
            first_attempt: lease.first_attempt,
        };
        self.settle(worker, in_hand, Verdict::Bury { letter }, call)
            .await
    }

    /// Records the verdict, trying until the lease has run out; true when the lane has more to deliver at once.
    pub(in crate::monitor) async fn settle(
        &self,
        worker: &DestinationWorker,
        in_hand: &InHand,
        verdict: Verdict,
        call: Option<&Call>,
    ) -> bool {
        let InHand { lease, since } = in_hand;
        let (chat, batch) = (lease.lane.chat.hash(), &lease.batch.id);
        let record = self.record(worker, lease, &verdict, call);
        let retention = Retention {
            whole: self.registry.get().has_ordered(Shard::of(&lease.lane.chat)),
            ..self.retention
        };
        loop {
            match self
                .store
                .lanes()
                .settle_and_tell(lease, &verdict, record.as_ref(), &retention)
                .await
            {
                Ok((Settled::Done { more, dropped }, told)) => {
                    if let (Some(export), Some(record)) = (self.metrics.export(), &record) {
                        export.tell(record, &told);
                    }
                    if dropped > 0 {
                        self.metrics.dead_letters_dropped.inc_by(dropped);
                        error!(
                            dropped,
                            "DEAD_LETTER_COUNT is reached: {dropped} of the oldest dead letters are gone"
                        );
                    }
                    if matches!(verdict, Verdict::Retry { wait, .. } if wait < LONGEST_IDLE) {
                        // The sweep may be asleep for longer than that.
                        worker.hints.look_at(Shard::of(&lease.lane.chat));
                    }
                    return more && !matches!(verdict, Verdict::Retry { .. } | Verdict::Release);
                }
                Ok((Settled::Stale, _)) => {
                    warn!(%chat, %batch, "The lease ran out before the attempt was settled");
                    return false;
                }
                Err(error) if since.elapsed() < self.lease_rules(worker).length => {
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

    pub(in crate::monitor) fn count_attempt(&self, destination: &Name, attempt: &Attempt) {
        let outcome = attempt.outcome.as_str();
        self.metrics.attempts.count(Some(destination), &[outcome]);
        let took = |attempts: &Histogram| attempts.observe(attempt.took);
        let destination = label_of(Some(destination));
        self.metrics.delivery.with(destination, &[], took);
        let took = attempt.took.as_secs_f64();
        self.metrics.tally.attempt(outcome, took);
    }

    /// What history is told: of every call, and of every batch that is given up on.
    fn record(
        &self,
        worker: &DestinationWorker,
        lease: &Lease,
        verdict: &Verdict,
        call: Option<&Call>,
    ) -> Option<Record> {
        let why = match (verdict, call) {
            (_, Some(_)) => None,
            (Verdict::Bury { letter }, None) => Some(letter.reason.clone()),
            (_, None) => return None,
        };
        let Lease { lane, batch, .. } = lease;
        Some(Record {
            id: batch.id.to_string(),
            buffer: lane.chat.buffer.to_string(),
            chat: lane.chat.id.as_str().to_owned(),
            destination: lane.destination.to_string(),
            outcome: verdict.outcome().to_owned(),
            messages: batch.count,
            reason: batch.reason.to_string(),
            opened: batch.opened,
            closed: batch.closed,
            due: Some(batch.deadline),
            gathered: batch.gathered,
            repeats: batch.repeats.as_ref().map(ToString::to_string),
            digest: self.payloads.then(|| digest(&batch.items)),
            stamps: stamps(&batch.items, MOST_STAMPS),
            last: call.map(|call| self.made(lease.attempt, &call.attempt)),
            why,
            request: call
                .filter(|_| self.payloads)
                .map(|call| request(worker, &call.said)),
        })
    }

    fn made(&self, number: u32, attempt: &Attempt) -> Try {
        Try {
            number,
            status: attempt.status,
            ms: millis(attempt.took),
            summary: attempt.summary.clone(),
            answer: attempt.answer.clone().filter(|_| self.payloads),
        }
    }
}

fn request(worker: &DestinationWorker, said: &Filled) -> Request {
    let (method, url) = worker.sender.shown(said);
    let body = &said.body;
    Request {
        method,
        url,
        bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        body: (body.len() <= MOST_OF_A_BODY).then(|| body.clone()),
    }
}
