//! `/api/destinations`: list, show, write and remove them, and try one with a marked call of which nothing is kept.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::admin_error::NO_DESTINATION;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::removal::{Removed, still_draining};
use super::specs::writing::{Resource, create, put, remove};
use super::specs::{All, Draft, New, Put, ShownDestination, ShownSpec, draft_of, named};
use crate::admin::Ended;
use crate::clock::now;
use crate::core::batch::{BatchId, Outcome};
use crate::core::life::Asked;
use crate::delivery::trial::{Depth, Trial};
use crate::spec::DestinationSpec;

/// The answer to a test of a destination.
#[derive(Debug, Serialize, ToSchema)]
struct Tried {
    /// Whether a batch would count as delivered; of a dry run, that there can be a call.
    success: bool,
    /// What was sent; of a dry run, what would be.
    request: TriedRequest,
    /// What came back; null of a dry run.
    response: Option<TriedResponse>,
}

/// The call of a test, with masks in place of secrets.
#[derive(Debug, Serialize, ToSchema)]
struct TriedRequest {
    /// Its method; of a stream `XADD` and its key, of an exchange `PUBLISH`, its name and the routing key.
    method: String,
    /// Where it went.
    url: String,
    /// Its headers; of a stream the fields of the entry but for `body`, of an exchange those of the message and its content type.
    headers: BTreeMap<String, String>,
    /// Its body; a GET carries its fields as query.
    body: String,
}

/// What came of the call.
#[derive(Debug, Serialize, ToSchema)]
struct TriedResponse {
    /// The HTTP status; none: there was no answer, or it is no destination that has one.
    status: Option<u16>,
    /// How long it took, in ms.
    took_ms: u64,
    /// What happened, for people.
    summary: String,
    /// The beginning of the answer's body, or why there was no call.
    body: Option<String>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Destinations, "/api/destinations", list)
            .says(
                "List destinations",
                "Those of the environment first. Secrets, the values of headers, and user info and the values of the query of URLs are masked.",
            )
            .without_redis()
            .answers_all::<ShownDestination>("All destinations."),
        Endpoint::post(Chapter::Destinations, "/api/destinations", create::<DestinationSpec>)
            .says(
                "Create a destination",
                "What is left out has its default. Only one of `template`, `content` and `aggregate_field` makes the body; without any of them it is the payload. A template is tried on a sample. An unknown field is refused.",
            )
            .body::<New<DestinationSpec>>(&json!({
                "name": "bot", "url": "http://127.0.0.1:9/webhook/bot",
                "headers": { "Authorization": "Bearer 71c3" }, "timeout": 20,
                "retry": { "for": 86400, "first": 1, "cap": 300 },
            }))
            .any_field()
            .answers::<ShownSpec<DestinationSpec>>(201, "The destination; `Location` names it.")
            .refusing(&[409]),
        Endpoint::get(Chapter::Destinations, "/api/destinations/{name}", show)
            .says(
                "Show a destination",
                "Secrets, the values of headers, and user info and the values of the query of the URL are masked. A mask that is put back keeps what it stands for, as long as scheme, host and port of the URL stay.",
            )
            .answers::<ShownDestination>(200, "The destination.")
            .refusing(&[404]),
        Endpoint::put(Chapter::Destinations, "/api/destinations/{name}", put::<DestinationSpec>)
            .says(
                "Write a destination",
                "Creates or replaces it whole: what is left out has its default. Masks that are put back keep what was there. `name` may be repeated in the body, and must not contradict the path.",
            )
            .body::<Put<DestinationSpec>>(&json!({
                "url": "http://127.0.0.1:9/webhook/bot", "method": "POST",
                "template": "{\"to\": {{ user }}, \"text\": {{ messages }}}",
            }))
            .any_field()
            .over_a_version()
            .answers::<ShownSpec<DestinationSpec>>(200, "The destination.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Destinations, "/api/destinations/{name}", remove::<DestinationSpec>)
            .says(
                "Remove a destination",
                "Refused with 409 while a buffer names it, or while batches wait for it, unless the query says what becomes of those. A removal that has begun is shown as `removing` and goes on whichever daemon dies; until it is over no batch comes to it, and nothing can be changed. One that drains for too long can be sent again with `discard`, and a PUT calls a drain off: the batches that wait are delivered as before.",
            )
            .removes("Not yet: batches are still on their way, and it goes when the last is delivered."),
        Endpoint::post(Chapter::Destinations, "/api/destinations/{name}/test", test)
            .says(
                "Try a destination",
                "Makes one call with a sample, or with a real batch, marked as a test, of which nothing is kept; with `dry_run` only shows that call. It takes as long as the destination's `timeout` at most.",
            )
            .query::<WithQuery>(&["webhook_id", "dry_run"])
            .answers::<Tried>(200, "What was sent, and what came back.")
            .refusing(&[404, 409]),
        Endpoint::post(Chapter::Destinations, "/api/destinations/test", test_draft)
            .says(
                "Try a destination that is not written yet",
                "The same with what stands in the body, as it would be written: nothing is stored. Masks stand for what is kept under its name. Without a name it is called `draft`.",
            )
            .query::<WithQuery>(&["webhook_id", "dry_run"])
            .body::<Draft<DestinationSpec>>(&json!({
                "url": "http://127.0.0.1:9/webhook/bot", "template": "{\"to\": {{ user }}, \"text\": {{ messages }}}", "timeout": 5,
            }))
            .any_field()
            .answers::<Tried>(200, "What was sent, and what came back.")
            .refusing(&[404, 409]),
    ]
}

/// What a destination is tried with.
#[derive(Deserialize, IntoParams)]
struct WithQuery {
    /// The `webhook-id` of a batch whose messages are kept; without it a sample is sent.
    #[param(pattern = "^msg_[0-9a-f]{32}(-[0-9]{1,9})?$")]
    webhook_id: Option<String>,
    /// No call is made: the answer only shows which it would be.
    #[serde(default)]
    dry_run: bool,
}

impl WithQuery {
    fn read(
        query: Result<Query<Self>, QueryRejection>,
    ) -> Result<(Option<BatchId>, Depth), ApiError> {
        let Query(Self {
            webhook_id,
            dry_run,
        }) = query?;
        let depth = if dry_run { Depth::Preview } else { Depth::Call };
        let read = |text: String| {
            BatchId::read(&text).ok_or_else(|| {
                let why = "webhook_id must be msg_ and 32 hex digits";
                ApiError::parameter("webhook_id", why)
            })
        };
        Ok((webhook_id.map(read).transpose()?, depth))
    }
}

async fn test_draft(
    State(api): State<Api>,
    query: Result<Query<WithQuery>, QueryRejection>,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let (batch, depth) = WithQuery::read(query)?;
    let draft: DestinationSpec = draft_of(fields)?;
    let trial = api.admin.try_draft(draft, batch.as_ref(), now(), depth);
    Ok(Json(tried(trial.await?)).into_response())
}

async fn list(State(api): State<Api>) -> Response {
    let items = api.admin.destinations().into_iter();
    let items: Vec<_> = items.map(ShownDestination::from).collect();
    Json(All { items }).into_response()
}

async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_DESTINATION)?;
    Ok(Json(ShownDestination::from(api.admin.destination(&name).await?)).into_response())
}

async fn test(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<WithQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_DESTINATION)?;
    let (batch, depth) = WithQuery::read(query)?;
    let trial = api
        .admin
        .try_destination(&name, batch.as_ref(), now(), depth);
    Ok(Json(tried(trial.await?)).into_response())
}

impl Resource for DestinationSpec {
    const PATH: &'static str = "destinations";

    fn removed(asked: Asked, ended: Ended) -> Response {
        let cleared = match ended {
            Ended::Gone { cleared, .. } => cleared,
            Ended::Draining(lanes) => return still_draining(lanes),
        };
        Json(Removed {
            success: true,
            message: match asked {
                Asked::Empty => "Removed",
                Asked::Drain => "Removed; all its batches were delivered",
                Asked::Discard => "Removed; its batches are dropped",
            },
            chats: cleared.chats,
            messages: None,
            later: None,
            batches: Some(cleared.held),
        })
        .into_response()
    }
}

fn tried(Trial { request, attempt }: Trial) -> Tried {
    Tried {
        success: attempt
            .as_ref()
            .is_none_or(|attempt| attempt.outcome == Outcome::Delivered),
        request: TriedRequest {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body: request.body,
        },
        response: attempt.map(|attempt| TriedResponse {
            status: attempt.status,
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            summary: attempt.summary,
            body: attempt.answer,
        }),
    }
}
