//! Reading a body, JSON or form, into its fields.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};

use super::Api;
use super::error::ApiError;
use crate::wire::RawObject;
use crate::wire::fields::{form_fields, json_fields};

/// The fields of a body.
pub(super) struct Fields(pub(super) RawObject);

/// The fields of a body that need not be there.
pub(super) struct OptionalFields(pub(super) RawObject);

impl FromRequest<Api> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let kind = Kind::of(&request)?;
        let body = read(request, api.max_body_bytes).await?;
        kind.fields(&body).map(Self)
    }
}

impl FromRequest<Api> for OptionalFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let kind = Kind::of(&request);
        let body = read(request, api.max_body_bytes).await?;
        if body.trim_ascii().is_empty() {
            return Ok(Self(RawObject::new()));
        }
        kind?.fields(&body).map(Self)
    }
}

enum Kind {
    Json,
    Form,
}

impl Kind {
    fn of(request: &Request) -> Result<Self, ApiError> {
        let header = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = header
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::Form),
            "application/json" => Ok(Self::Json),
            // Such as application/cloudevents+json.
            kind if kind.starts_with("application/") && kind.ends_with("+json") => Ok(Self::Json),
            _ => Err(ApiError::ContentType),
        }
    }

    fn fields(&self, body: &[u8]) -> Result<RawObject, ApiError> {
        Ok(match self {
            Self::Json => json_fields(body)?,
            Self::Form => form_fields(body)?,
        })
    }
}

async fn read(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(ApiError::TooLarge(limit));
    }
    to_bytes(request.into_body(), limit).await.map_err(|error| {
        // The limit is the only failure with a cause that axum names; all others are the connection's.
        if std::error::Error::source(&error)
            .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>())
        {
            ApiError::TooLarge(limit)
        } else {
            ApiError::BadRequest("the body broke off".to_owned())
        }
    })
}
