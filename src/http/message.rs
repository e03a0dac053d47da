//! `POST /api/message`: one thing said.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::body::Fields;
use super::error::ApiError;
use crate::wire::fields::BadInput;
use crate::wire::incoming::{Incoming, check_message_id};

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
    identify(&mut incoming, headers)?;
    let accepted = api.accept(api.default_buffer(), &mut incoming).await?;
    Ok(Json(accepted).into_response())
}

/// A message whose body has no id goes by the client's in the header.
pub(super) fn identify(incoming: &mut Incoming, headers: &HeaderMap) -> Result<(), BadInput> {
    if let (None, Some(key)) = (&incoming.message_id, headers.get(IDEMPOTENCY_KEY)) {
        let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
        incoming.message_id = Some(check_message_id(IDEMPOTENCY_KEY, key)?);
    }
    Ok(())
}
