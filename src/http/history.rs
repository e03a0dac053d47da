//! `GET /api/history` and `GET /api/messages/sent`: the batches that were tried.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono_tz::Tz;

use super::Api;
use super::endpoint::takes::ENTRY;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::messages::over_answer;
use super::query::{List, ListQuery, page};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::moment::rfc3339;
use crate::store::history::{DELIVERED, Request, Settlement, Try};
use crate::wire::answer::SentAnswer;
use crate::wire::history::{AttemptAnswer, HistoryAnswer, RequestAnswer, ResponseAnswer};
use crate::wire::outbound::{MessageAnswer, SentStatus};

/// The parameters of a list of what is over.
pub(super) const ALL: [&str; 8] = [
    "limit",
    "cursor",
    "user",
    "buffer",
    "destination",
    "status",
    "from",
    "to",
];

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/history", list)
            .says(
                "List batches that were tried",
                "With their calls, answers and attempts, the newest first.",
            )
            .query::<ListQuery>(&ALL)
            .matching(&["cursor"], ENTRY)
            .answers_page::<HistoryAnswer>("A page of batches."),
        Endpoint::get(Chapter::History, "/api/messages/sent", sent)
            .says("List delivered batches", "The newest first.")
            .query::<ListQuery>(&ALL)
            .matching(&["cursor"], ENTRY)
            .answers_page::<SentAnswer>("A page of batches."),
    ]
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(query)?;
    let wanted = |settlement: &Settlement| is_wanted(&list, settlement);
    let found = api.admin.history(&list.filter, wanted, list.look()?);
    Ok(page(found.await?, shown))
}

pub(super) async fn sent(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(query)?;
    let wanted = |settlement: &Settlement| {
        settlement.record.outcome == DELIVERED && is_wanted(&list, settlement)
    };
    let found = api.admin.history(&list.filter, wanted, list.look()?);
    Ok(page(found.await?, sent_answer))
}

fn is_wanted(list: &List, Settlement { record, .. }: &Settlement) -> bool {
    let status = record.last.as_ref().and_then(|last| last.status);
    list.is_to(&record.destination) && list.has_status(&record.outcome, status)
}

/// A batch with all its attempts.
pub(super) fn shown(settlement: Settlement) -> HistoryAnswer {
    let Settlement {
        at,
        record,
        earlier,
    } = settlement;
    let mut attempts: Vec<_> = earlier
        .iter()
        .map(|(at, made)| attempt(*at, made))
        .collect();
    attempts.extend(record.last.as_ref().map(|last| attempt(at, last)));
    let response = record.last.and_then(|last| {
        Some(ResponseAnswer {
            status: last.status?,
            head: last.answer,
        })
    });
    HistoryAnswer {
        webhook_id: record.id,
        user: record.chat,
        buffer: record.buffer,
        destination: record.destination,
        status: record.outcome,
        messages: record.messages,
        reason: record.reason,
        opened_at: rfc3339(record.opened, Tz::UTC),
        closed_at: rfc3339(record.closed, Tz::UTC),
        settled_at: rfc3339(at, Tz::UTC),
        attempts,
        why: record.why,
        request: record.request.map(request),
        response,
    }
}

/// An attempt that ended at that moment.
pub(super) fn attempt(at: Millis, made: &Try) -> AttemptAnswer {
    AttemptAnswer {
        attempt: made.number,
        at: rfc3339(at, Tz::UTC),
        status: made.status,
        duration_ms: made.ms,
        summary: made.summary.clone(),
    }
}

fn request(request: Request) -> RequestAnswer {
    let note = request.body.is_none();
    RequestAnswer {
        method: request.method,
        url: request.url,
        body: request.body,
        bytes: request.bytes,
        note: note.then_some("a body above 64 KiB is not kept"),
    }
}

fn sent_answer(settlement: Settlement) -> SentAnswer {
    let is_message = settlement.record.buffer == Name::messages_name().as_str();
    let of_queue = is_message.then(|| over_answer(&settlement));
    let Settlement { at, record, .. } = settlement;
    let last = record.last.as_ref();
    let http_status = last.and_then(|last| last.status);
    SentAnswer {
        webhook_id: record.id,
        user: record.chat,
        buffer: record.buffer,
        destination: record.destination,
        messages: record.messages,
        status: match &of_queue {
            Some(message) => SentStatus::Word(message.status),
            None => SentStatus::Http(http_status),
        },
        http_status: http_status.filter(|_| is_message),
        id: of_queue.as_ref().map(|message| message.id.clone()),
        of_queue: of_queue.map(MessageAnswer::of_queue),
        attempts: last.map_or(0, |last| u64::from(last.number)),
        duration_ms: last.map_or(0, |last| last.ms),
        reason: record.reason,
        opened_at: rfc3339(record.opened, Tz::UTC),
        closed_at: rfc3339(record.closed, Tz::UTC),
        sent_at: rfc3339(at, Tz::UTC),
    }
}
