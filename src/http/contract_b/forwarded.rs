//! `GET /api/messages/forwarded`: the newest calls, from history.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono_tz::Tz;
use serde::Deserialize;

use super::super::Api;
use super::super::error::ApiError;
use super::super::query::moment;
use crate::domain::batch::Millis;
use crate::domain::chat::Name;
use crate::domain::whose::Whose;
use crate::store::Look;
use crate::store::history::{DELIVERED, Record, Settlement};
use crate::wire::contract_b::ForwardedAnswer;
use crate::wire::payload::rfc3339;

const MOST: usize = 100;

#[derive(Deserialize)]
pub(super) struct ForwardedQuery {
    #[serde(alias = "buffer_name", alias = "buffer_id")]
    buffer: Option<String>,
    #[serde(alias = "forwarding_name", alias = "forwarding_id")]
    forwarding: Option<String>,
    status: Option<String>,
    #[serde(alias = "start_date")]
    from: Option<String>,
    #[serde(alias = "end_date")]
    to: Option<String>,
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ForwardedQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let whose = slug("buffer", query.buffer.as_deref())?.map_or(Whose::Everybody, Whose::Buffer);
    let forwarding = slug("forwarding", query.forwarding.as_deref())?;
    let from = moment("from", query.from.as_deref())?.unwrap_or(Millis::MIN);
    let to = moment("to", query.to.as_deref())?.unwrap_or(Millis::MAX);
    let wanted = |record: &Record| {
        whose.includes(&record.buffer, &record.chat)
            && forwarding
                .as_ref()
                .is_none_or(|name| name.as_str() == record.destination)
            && query
                .status
                .as_deref()
                .is_none_or(|status| has_status(record, status))
    };
    let look = Look {
        from,
        to,
        ..Look::first(MOST)
    };
    let (calls, _) = api.store.settlements(&whose, wanted, look).await?;
    let items: Vec<_> = calls.into_iter().map(shown).collect();
    Ok(Json(items).into_response())
}

/// By our words, by theirs, or by the HTTP status.
fn has_status(record: &Record, status: &str) -> bool {
    match status {
        "success" => record.outcome == DELIVERED,
        "failed" | "error" => record.outcome != DELIVERED,
        other => {
            let code = record.status.map(|code| code.to_string());
            record.outcome == other || code.as_deref() == Some(other)
        }
    }
}

fn slug(field: &str, words: Option<&str>) -> Result<Option<Name>, ApiError> {
    let name = words.map(Name::slug).transpose();
    name.map_err(|error| ApiError::BadRequest(format!("{field}: {error}")))
}

fn shown(Settlement { at, record }: Settlement) -> ForwardedAnswer {
    ForwardedAnswer {
        id: record.id,
        buffer: record.buffer,
        forwarding: record.destination,
        key: record.chat,
        status: record.outcome,
        status_code: record.status,
        attempt: record.attempt,
        duration_ms: record.ms,
        messages: record.messages,
        forwarded_at: rfc3339(at, Tz::UTC),
    }
}
