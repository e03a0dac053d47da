//! `GET /api/messages/sent`: delivered batches, from history.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use chrono_tz::Tz;

use super::Api;
use super::error::ApiError;
use super::query::{List, ListQuery, page};
use crate::store::history::Settlement;
use crate::wire::answer::SentAnswer;
use crate::wire::payload::rfc3339;

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::parse(query)?;
    let (sent, next_cursor) = api.store.sent(&list.whose, list.look()?).await?;
    Ok(page(sent.into_iter().map(shown), None, next_cursor))
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
