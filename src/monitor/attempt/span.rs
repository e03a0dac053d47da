//! The trace of an attempt: which span it is, for the webhook, for the log, and for a collector if there is one.

use super::log::{self, Next};
use crate::core::batch::Outcome;
use crate::core::item::Item;
use crate::core::trace::TraceContext;
use crate::delivery::Attempt;
use crate::monitor::destination::worker::DestinationWorker;
use crate::store::lanes::Lease;
use crate::telemetry::tracer::{Span, Tracer};

/// The span that an attempt is.
pub(in crate::monitor) struct AttemptSpan {
    /// What the webhook is told; none where no message of the batch has a trace and nothing is exported.
    context: Option<TraceContext>,
    /// Only where spans are exported.
    span: Option<Span>,
}

impl AttemptSpan {
    /// Begins it. A batch that was attempted never changes, so all of its attempts have the same first trace.
    pub(in crate::monitor) fn begin(
        tracer: &Tracer,
        worker: &DestinationWorker,
        lease: &Lease,
        items: &[Item],
    ) -> Self {
        if !tracer.is_on() {
            let first = items.iter().find_map(|item| item.trace.as_ref());
            return Self {
                context: first.map(|first| first.child(fastrand::u64(..))),
                span: None,
            };
        }
        let mut causes: Vec<&TraceContext> = Vec::new();
        for trace in items.iter().filter_map(|item| item.trace.as_ref()) {
            // A gateway's post may hold several messages, which follow each other.
            if causes.last() != Some(&trace) {
                causes.push(trace);
            }
        }
        let span = tracer.client("attempt", &causes);
        let span = span.map(|span| described(span, worker, lease));
        Self {
            context: span.as_ref().map(|span| span.context().clone()),
            span,
        }
    }

    /// What the webhook is told.
    pub(in crate::monitor) fn context(&self) -> Option<&TraceContext> {
        self.context.as_ref()
    }

    /// Ends it: writes the line of the attempt, and what its span tells.
    pub(in crate::monitor) fn end(self, lease: &Lease, attempt: &Attempt, next: Next) {
        log::write(lease, self.context.as_ref(), attempt, next);
        let Some(mut span) = self.span else { return };
        span.note("lull.next", next.as_str());
        if let Some(status) = attempt.status {
            span.note("http.response.status_code", i64::from(status));
        }
        if attempt.outcome != Outcome::Delivered {
            let status = attempt.status.map(|status| status.to_string());
            span.note(
                "error.type",
                status.unwrap_or_else(|| "no_answer".to_owned()),
            );
            span.fail(attempt.summary.clone());
        }
    }
}

fn described(mut span: Span, worker: &DestinationWorker, lease: &Lease) -> Span {
    let (host, port) = worker.sender.server();
    for (name, value) in worker.sender.described() {
        span.note(name, value);
    }
    span.note("server.address", host.to_owned());
    span.note("server.port", i64::from(port));
    if lease.attempt > 1 {
        span.note("http.request.resend_count", i64::from(lease.attempt - 1));
    }
    span.note("lull.attempt", i64::from(lease.attempt));
    span.note("lull.batch", lease.batch.id.to_string());
    span.note("lull.buffer", lease.lane.chat.buffer.to_string());
    span.note("lull.chat", lease.lane.chat.hash().to_string());
    span.note("lull.destination", lease.lane.destination.to_string());
    let messages = i64::try_from(lease.batch.count).unwrap_or(i64::MAX);
    span.note("lull.messages", messages);
    span
}
