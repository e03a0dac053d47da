//! Delivering: the head of a lane that is due is attempted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::closing::Begun;
use super::failing::{InFlight, cut_off_too_often};
use super::follow_ups::template_of;
use super::log::Next;
use super::settling::Call;
use super::span::AttemptSpan;
use crate::core::breaker::Turn;
use crate::core::chat::{Chat, Lane, Name};
use crate::core::item::read_items;
use crate::core::why::Why;
use crate::delivery::template::context::TemplateContext;
use crate::delivery::{Attempt, Filled};
use crate::monitor::Monitor;
use crate::monitor::destination::limiter::permit::Permit;
use crate::monitor::destination::worker::DestinationWorker;
use crate::panics;
use crate::store::keys::Shard;
use crate::store::lanes::{Lease, Verdict};

/// The retries of a destination that is back are spread over this, so that they do not knock it over.
const SPREAD: Duration = Duration::from_secs(2);

/// A lane of a stopped buffer is looked at again after this; whoever sees the buffer start brings it forward.
const PUT_OFF: Duration = Duration::from_secs(60);

/// A lease in hand.
pub(in crate::monitor) struct InHand {
    pub(in crate::monitor) lease: Lease,
    pub(in crate::monitor) since: Instant,
}

impl InHand {
    pub(in crate::monitor) fn new(lease: Lease) -> Self {
        Self {
            lease,
            since: Instant::now(),
        }
    }

    /// How long ago the first attempt began.
    pub(in crate::monitor) fn age(&self) -> Duration {
        self.lease.age + self.since.elapsed()
    }
}

impl Monitor {
    /// Attempts the head of a chat's lane, if it is due, and what comes after it.
    pub(in crate::monitor) fn attempt(
        self: &Arc<Self>,
        worker: Arc<DestinationWorker>,
        chat: Chat,
        permit: Permit,
    ) {
        let monitor = self.clone();
        self.attempts.spawn(async move {
            let lane = Lane {
                destination: worker.name().clone(),
                chat,
            };
            match monitor.lease(&worker, &lane).await {
                Some(in_hand) => {
                    let begun = Begun {
                        worker,
                        in_hand,
                        permit,
                    };
                    monitor.work(begun).await;
                }
                None => monitor.give_back(&worker, permit).await,
            }
        });
    }

    async fn lease(&self, worker: &DestinationWorker, lane: &Lane) -> Option<InHand> {
        let snapshot = self.registry.get();
        if snapshot.stops().all() {
            return None;
        }
        if snapshot.stops().holds_from(&lane.chat.buffer) {
            if let Err(error) = self.store.lanes().put_off(lane, PUT_OFF).await {
                warn!(chat = %lane.chat.hash(), error = %error, "Could not put a lane off, it comes again: {error}");
            }
            return None;
        }
        match self
            .store
            .lanes()
            .lease(lane, self.lease_rules(worker))
            .await
        {
            Ok(lease) => lease.map(InHand::new),
            Err(error) => {
                warn!(chat = %lane.chat.hash(), error = %error, "Could not lease, the sweep will: {error}");
                None
            }
        }
    }

    /// Whether an operator has stopped what comes from a buffer.
    pub(in crate::monitor) fn holds_from(&self, buffer: &Name) -> bool {
        self.registry.get().stops().holds_from(buffer)
    }

    /// Attempts what was leased, and what comes after it.
    pub(in crate::monitor) async fn work(self: &Arc<Self>, begun: Begun) {
        let Begun {
            worker,
            mut in_hand,
            mut permit,
        } = begun;
        while self.deliver_caught(&worker, &in_hand, &mut permit).await
            && !worker.stop.is_cancelled()
        {
            if worker.limiter.is_paced() {
                // What comes next has to be let begin, too.
                worker.hints.look_at(Shard::of(&in_hand.lease.lane.chat));
                break;
            }
            match self.lease(&worker, &in_hand.lease.lane).await {
                Some(next) => in_hand = next,
                None => break,
            }
        }
        self.give_back(&worker, permit).await;
    }

    /// One attempt, from the lease to its settling; true when the lane has more to deliver at once.
    pub(in crate::monitor) async fn deliver(
        self: &Arc<Self>,
        worker: &Arc<DestinationWorker>,
        in_hand: &InHand,
        permit: &mut Permit,
    ) -> bool {
        let InHand { lease, since } = in_hand;
        if worker.stop.is_cancelled() || self.holds_from(&lease.lane.chat.buffer) {
            return self.settle(worker, in_hand, Verdict::Release, None).await;
        }
        if let Some(why) = cut_off_too_often(worker, lease) {
            return self.bury(worker, in_hand, &why, None).await;
        }
        let (said, span) = match self.call(worker, lease) {
            Ok(call) => call,
            Err(why) => return self.bury(worker, in_hand, &why, None).await,
        };
        if !self.may_set_out(worker, permit).await {
            let more = self.settle(worker, in_hand, Verdict::Release, None).await;
            // It is due as before, and the sweep may be asleep.
            worker.hints.look_at(Shard::of(&lease.lane.chat));
            return more;
        }
        if lease.is_fresh() {
            let late = lease.late + since.elapsed();
            self.metrics.lateness.observe(late);
            self.metrics.tally.late(late.as_secs_f64());
            self.late.observe(late);
        }
        let unused = permit.unused();
        permit.begin();
        panics::provoke("attempt");
        let in_flight = InFlight::one(&self.metrics);
        let began = Instant::now();
        let attempt = tokio::select! {
            () = self.abandon.cancelled() => None,
            attempt = worker.sender.send(&lease.batch.id, said.clone(), span.context()) => Some(attempt),
        };
        drop(in_flight);
        match attempt {
            Some(attempt) if attempt.had_no_socket => {
                permit.let_in_at(unused);
                self.no_socket(worker, in_hand).await
            }
            Some(attempt) => {
                permit.note_answer(!attempt.had_no_answer_within(worker.destination.timeout));
                self.turn(worker, permit.record(&attempt.outcome, lease.is_fresh()));
                self.conclude(worker, in_hand, &Call { attempt, said }, span)
                    .await
            }
            None => {
                let cut_off = Attempt::cut_off(began.elapsed());
                // It may have arrived; the next attempt has the same id.
                let (wait, asked) = (Duration::ZERO, false);
                span.end(lease, &cut_off, Next::Retry { wait, asked });
                self.settle(worker, in_hand, Verdict::Retry { wait, asked }, None)
                    .await
            }
        }
    }

    /// What the call says, and the span that it is; else why it never can be made.
    fn call(
        &self,
        worker: &DestinationWorker,
        lease: &Lease,
    ) -> Result<(Filled, AttemptSpan), String> {
        let (chat, batch) = (&lease.lane.chat, &lease.batch);
        let items =
            read_items(&batch.items).map_err(|error| format!("unreadable in Redis: {error}"))?;
        let snapshot = self.registry.get();
        let context = TemplateContext {
            user: chat.id.as_str(),
            buffer: chat.buffer.as_str(),
            opened: batch.opened,
            closed: batch.closed,
            reason: batch.reason,
            zone: snapshot.zone(chat),
            language: snapshot.language(chat),
            items: &items,
        };
        let said = match template_of(&snapshot, lease) {
            Some(template) => worker.sender.fill_by(template, &context),
            None => worker.sender.fill(&context),
        };
        let said = said.map_err(|error| error.to_string())?;
        Ok((
            said,
            AttemptSpan::begin(&self.tracer, worker, lease, &items),
        ))
    }

    async fn conclude(
        &self,
        worker: &DestinationWorker,
        in_hand: &InHand,
        call: &Call,
        span: AttemptSpan,
    ) -> bool {
        let Call { attempt, .. } = call;
        self.count_attempt(worker.name(), attempt);
        worker.calls.note(attempt);
        let lease = &in_hand.lease;
        let next = Next::after(&attempt.outcome, in_hand, worker);
        span.end(lease, attempt, next);
        match next {
            Next::Done => {
                let verdict = self.delivered(lease);
                self.settle(worker, in_hand, verdict, Some(call)).await
            }
            Next::Retry { wait, asked } => {
                let verdict = Verdict::Retry { wait, asked };
                self.settle(worker, in_hand, verdict, Some(call)).await
            }
            Next::DeadLetter { after: None } => {
                self.bury(worker, in_hand, &attempt.summary, Some(call))
                    .await
            }
            Next::DeadLetter { after: Some(after) } => {
                let within = humantime::format_duration(after).to_string();
                let why = Why::NotWithin(&within, &attempt.summary).to_string();
                self.bury(worker, in_hand, &why, Some(call)).await
            }
        }
    }

    fn turn(self: &Arc<Self>, worker: &Arc<DestinationWorker>, turn: Turn) {
        if turn == Turn::Unchanged {
            return;
        }
        let (name, place) = (worker.name(), worker.sender.place());
        match turn {
            Turn::Opened => {
                warn!(destination = %name, "{place} refuses everything: only single probes until it is back");
                return;
            }
            Turn::Closed => info!(destination = %name, "{place} is back"),
            Turn::Recovered | Turn::Unchanged => {}
        }
        self.attempts.spawn(self.clone().promote(worker.clone()));
    }

    async fn promote(self: Arc<Self>, worker: Arc<DestinationWorker>) {
        match self.store.lanes().promote(worker.name(), SPREAD).await {
            Ok(0) => {}
            Ok(lanes) => info!(lanes, "Brought the retries of {lanes} chats forward"),
            Err(error) => {
                warn!(error = %error, "Could not bring retries forward, they keep their times: {error}");
            }
        }
        worker.hints.look_everywhere();
    }
}
