//! `GET /api/messages/forwarded`: the newest calls, from history.

use std::cmp::Reverse;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::newest;
use crate::core::batch::Millis;
use crate::core::moment::utc;
use crate::http::Api;
use crate::http::endpoint::takes::ENTRY;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::history::ALL;
use crate::http::query::{List, ListQuery};
use crate::spec::masked::masked_url;
use crate::store::history::{Request, Settlement, Try};

/// What history calls an attempt that was followed by another.
const FAILED: &str = "failed";

/// A call as the service Buffer lists it.
#[derive(Debug, Serialize, ToSchema)]
struct ForwardedAnswer {
    /// The `webhook-id`.
    id: String,
    /// The buffer.
    buffer: String,
    /// The id of the forwarding.
    forwarding: String,
    /// The value of the key field.
    key: String,
    /// `delivered`, `failed` or `buried`.
    status: String,
    /// The HTTP status, if there was an answer.
    status_code: Option<u16>,
    /// The number of the attempt.
    attempt: u32,
    /// How long it took.
    duration_ms: u64,
    /// How many messages it held.
    messages: u64,
    /// When it had ended (RFC 3339).
    #[schema(format = DateTime)]
    forwarded_at: String,
    /// Where the newest call for a batch went; null for the ones before it, and where payloads are not kept.
    url: Option<String>,
    /// What it said; likewise, and null above 64 KiB.
    payload: Option<String>,
    /// The beginning of the answer, where payloads are kept; why there was none, where there was none.
    response: Option<String>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/messages/forwarded", list)
            .says(
                "List calls",
                "One entry for each attempt, the newest first. Without `limit` and `cursor` the newest 100 as a bare list.",
            )
            .query::<ListQuery>(&ALL)
            .matching(&["cursor"], ENTRY)
            .by_words(&["buffer", "destination"])
            .answers_newest::<ForwardedAnswer>("Calls."),
    ]
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::of_words(&api, query)?.by_status()?;
    let wanted = |settlement: &Settlement| {
        list.is_to(&settlement.record.destination) && calls(settlement, &list).next().is_some()
    };
    let history = api.admin.history(&list.filter, wanted, list.look()?);
    let found = history.await?;
    let mut all: Vec<_> = found
        .items
        .iter()
        .flat_map(|settlement| calls(settlement, &list).map(move |call| (settlement, call)))
        .collect();
    all.sort_by_key(|(_, call)| Reverse(call.at));
    let items = all
        .into_iter()
        .map(|(settlement, call)| shown(settlement, &call));
    Ok(newest(&list, items, found.next_cursor))
}

/// A call for a batch.
struct Call<'a> {
    at: Millis,
    made: &'a Try,
    outcome: &'a str,
    /// That of the newest call.
    request: Option<&'a Request>,
}

/// The calls for a batch that a list is asked for.
fn calls<'a>(settlement: &'a Settlement, list: &List) -> impl Iterator<Item = Call<'a>> {
    let record = &settlement.record;
    let earlier = settlement.earlier.iter().map(|(at, made)| Call {
        at: *at,
        made,
        outcome: FAILED,
        request: None,
    });
    let last = record.last.iter().map(|made| Call {
        at: settlement.at,
        made,
        outcome: &record.outcome,
        request: record.request.as_ref(),
    });
    earlier
        .chain(last)
        .filter(|call| list.is_since(call.at) && list.has_status(call.outcome, call.made.status))
}

fn shown(Settlement { record, .. }: &Settlement, call: &Call<'_>) -> ForwardedAnswer {
    ForwardedAnswer {
        id: record.id.clone(),
        buffer: record.buffer.clone(),
        forwarding: record.destination.clone(),
        key: record.chat.clone(),
        status: call.outcome.to_owned(),
        status_code: call.made.status,
        attempt: call.made.number,
        duration_ms: call.made.ms,
        messages: record.messages,
        forwarded_at: utc(call.at),
        url: call.request.map(|request| masked_url(&request.url)),
        payload: call.request.and_then(|request| request.body.clone()),
        response: response(call.made),
    }
}

/// What came back; where nothing did, why.
fn response(made: &Try) -> Option<String> {
    let why = || made.status.is_none().then(|| made.summary.clone());
    made.answer.clone().or_else(why)
}
