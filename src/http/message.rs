//! `POST /api/message`: one thing said.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::body::Fields;
use super::error::ApiError;
use super::middleware::trace::trace_of;
use crate::core::incoming::{Incoming, check_message_id};
use crate::core::json::fields::BadInput;

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(super) async fn post(
    State(api): State<Api>,
    headers: HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    api.counted(take(&api, &headers, fields).await)
}

async fn take(
    api: &Api,
    headers: &HeaderMap,
    fields: Result<Fields, ApiError>,
) -> Result<Response, ApiError> {
    let Fields(fields) = fields?;
    let mut incoming = Incoming::from_fields(fields)?;
    read_headers(&mut incoming, headers)?;
    let accepted = api.accept(api.default_buffer(), &mut incoming).await?;
    Ok(Json(accepted).into_response())
}

/// What headers tell of a message: its trace, and its id where the body has none.
pub(super) fn read_headers(incoming: &mut Incoming, headers: &HeaderMap) -> Result<(), BadInput> {
    incoming.trace = trace_of(headers);
    if let Some(key) = headers.get(IDEMPOTENCY_KEY) {
        let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
        let key = check_message_id(IDEMPOTENCY_KEY, key)?;
        incoming.message_id.get_or_insert(key);
    }
    Ok(())
}
