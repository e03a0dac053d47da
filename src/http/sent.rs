//! `GET /api/messages/sent`: delivered batches, from history.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;

use super::Api;
use super::error::ApiError;
use super::query::{List, ListQuery};
use crate::store::EntryId;
use crate::store::history::Settlement;
use crate::wire::answer::{Page, SentAnswer};
use crate::wire::payload::rfc3339;

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(query)?;
    let (sent, next_cursor) = api
        .store
        .sent(&list.whose, list.after(EntryId::parse)?, list.limit)
        .await?;
    let items: Vec<_> = sent.into_iter().map(shown).collect();
    Ok(Json(Page {
        items,
        total: None,
        next_cursor,
    })
    .into_response())
}

fn shown(Settlement { at, record }: Settlement) -> SentAnswer {
    SentAnswer {
        webhook_id: record.id,
        user: record.chat,
        buffer: record.buffer,
        destination: record.destination,
        messages: record.messages,
        status: record.status,
        attempts: u64::from(record.attempt),
        duration_ms: record.ms,
        reason: record.reason,
        opened_at: rfc3339(record.opened, Tz::UTC),
        closed_at: rfc3339(record.closed, Tz::UTC),
        sent_at: rfc3339(at, Tz::UTC),
    }
}
