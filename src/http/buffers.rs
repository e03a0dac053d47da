//! `/api/buffers`: list, show, write and remove them.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use super::admin_error::NO_BUFFER;
use super::audit::Caller;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::removal::{RemovalQuery, Removed, still_draining};
use super::specs::{All, New, Put, ShownSpec, created, named, spec_named, spec_of};
use crate::admin::Ended;
use crate::core::life::Asked;
use crate::spec::BufferSpec;
use crate::store::config::Mode;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Buffers, "/api/buffers", list)
            .says(
                "List buffers",
                "Those of the environment first. Secrets are masked.",
            )
            .without_redis()
            .answers_all::<ShownSpec<BufferSpec>>("All buffers."),
        Endpoint::post(Chapter::Buffers, "/api/buffers", create)
            .says(
                "Create a buffer",
                "What is left out has its default. Its destinations must be there already. An unknown field is refused.",
            )
            .body::<New<BufferSpec>>(&json!({
                "name": "loja", "source": "fields", "key": "data.from", "text": "data.text", "id": "data.id",
                "window": { "wait": 8, "max_wait": 60, "flush_words": ["ok"] }, "timezone": "America/Sao_Paulo",
                "destinations": ["bot"],
            }))
            .any_field()
            .answers::<ShownSpec<BufferSpec>>(201, "The buffer; `Location` names it.")
            .refusing(&[409]),
        Endpoint::get(Chapter::Buffers, "/api/buffers/{name}", show)
            .says("Show a buffer", "Secrets are masked.")
            .answers::<ShownSpec<BufferSpec>>(200, "The buffer.")
            .refusing(&[404]),
        Endpoint::put(Chapter::Buffers, "/api/buffers/{name}", put)
            .says(
                "Write a buffer",
                "Creates or replaces it whole: what is left out has its default. A mask that is put back keeps the secret. `name` may be repeated in the body, and must not contradict the path.",
            )
            .body::<Put<BufferSpec>>(&json!({
                "key": "data.from", "text": "data.text", "id": "data.id", "window": { "wait": 10 },
                "destinations": ["bot"],
            }))
            .any_field()
            .answers::<ShownSpec<BufferSpec>>(200, "The buffer.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Buffers, "/api/buffers/{name}", remove)
            .says(
                "Remove a buffer",
                "Refused with 409 while it has open windows or messages for later, unless the query says what becomes of them. A removal that has begun is shown as `removing` and goes on whichever daemon dies; until it is over nothing comes in, and nothing can be changed; a PUT calls a drain off.",
            )
            .removes("Not yet: windows are left, and it goes when they are gone."),
    ]
}

pub(super) async fn list(State(api): State<Api>) -> Response {
    let items = api.admin.buffers().into_iter();
    let items: Vec<_> = items.map(ShownSpec::from).collect();
    Json(All { items }).into_response()
}

pub(super) async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    Ok(Json(ShownSpec::from(api.admin.buffer(&name).await?)).into_response())
}

pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let spec: BufferSpec = spec_of(fields)?;
    let written = api.admin.put(spec, Mode::New, &by).await?;
    let name = written.spec.name.clone();
    Ok(created(
        "buffers",
        &name,
        ShownSpec::from(api.admin.shown(written)),
    ))
}

pub(super) async fn put(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    let spec: BufferSpec = spec_named(fields, &name)?;
    let written = api.admin.put(spec, Mode::Any, &by).await?;
    Ok(Json(ShownSpec::from(api.admin.shown(written))).into_response())
}

pub(super) async fn remove(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<RemovalQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let (name, asked) = (named(name, NO_BUFFER)?, RemovalQuery::parse(query)?);
    let ended = api.admin.remove::<BufferSpec>(&name, asked, &by).await?;
    Ok(removed(asked, ended))
}

/// The answer to a removal.
pub(super) fn removed(asked: Asked, ended: Ended) -> Response {
    let (cleared, later) = match ended {
        Ended::Gone { cleared, later } => (cleared, later),
        Ended::Draining(windows) => return still_draining(windows),
    };
    Json(Removed {
        success: true,
        message: match asked {
            Asked::Empty => "Removed",
            Asked::Drain => "Removed; its open windows are closed and on their way",
            Asked::Discard => "Removed; its open windows are dropped",
        },
        chats: cleared.chats,
        messages: Some(cleared.held),
        later: Some(later),
        batches: None,
    })
    .into_response()
}
