//! `GET /api/history` and `GET /api/messages/sent`: the batches that were tried.

mod answers;
mod sending_again;
mod whole;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::http::Api;
use crate::http::endpoint::takes::ENTRY;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::page::page;
use crate::http::query::{List, ListQuery};
use crate::store::history::{DELIVERED, Settlement};
pub(super) use answers::{HistoryAnswer, shown};
use answers::{SentAnswer, sent_answer};

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
    let lists = vec![
        Endpoint::get(Chapter::History, "/api/history", list)
            .says(
                "List batches that were tried",
                "With their calls, answers and attempts, the newest first.",
            )
            .query::<ListQuery>(&ALL)
            .matching(&["cursor"], ENTRY)
            .answers_page::<HistoryAnswer>("A page of batches.")
            .refusing(&[404, 409]),
        Endpoint::get(Chapter::History, "/api/messages/sent", sent)
            .says("List delivered batches", "The newest first.")
            .query::<ListQuery>(&ALL)
            .matching(&["cursor"], ENTRY)
            .answers_page::<SentAnswer>("A page of batches.")
            .refusing(&[404, 409]),
    ];
    let one = whole::endpoints().into_iter();
    let lists = lists.into_iter();
    lists.chain(one).chain(sending_again::endpoints()).collect()
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?.by_status()?;
    let wanted = |settlement: &Settlement| is_wanted(&list, settlement);
    let found = api.admin.history(&list.filter, wanted, list.look()?);
    Ok(page(found.await?, |settlement| shown(&api, settlement)))
}

pub(super) async fn sent(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(&api, query).await?.by_status()?;
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
