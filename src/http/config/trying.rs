//! `POST /api/destinations/{name}/test`: one marked call, of which nothing is kept.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::super::admin_error::NO_DESTINATION;
use super::super::error::ApiError;
use super::super::{Api, now};
use super::named;
use crate::core::batch::Outcome;
use crate::delivery::trial::Trial;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::spec::shown::{Tried, TriedRequest, TriedResponse};

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Destinations, "/api/destinations/{name}/test", test)
            .says(
                "Try a destination",
                "Makes one call with a sample, marked as a test, of which nothing is kept. It takes as long as the destination's `timeout` at most.",
            )
            .answers::<Tried>(200, "What was sent, and what came back.")
            .refusing(&[404, 409]),
    ]
}

pub(super) async fn test(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_DESTINATION)?;
    let tried = api.admin.try_destination(&name, now()).await?;
    Ok(Json(shown(tried)).into_response())
}

fn shown(Trial { request, attempt }: Trial) -> Tried {
    Tried {
        success: attempt.outcome == Outcome::Delivered,
        request: TriedRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
        },
        response: TriedResponse {
            status: attempt.status,
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            summary: attempt.summary,
            body: attempt.answer,
        },
    }
}
