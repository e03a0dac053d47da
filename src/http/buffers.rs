//! `/api/buffers`: list, show, write and remove them.

mod tuner;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use super::admin_error::NO_BUFFER;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::removal::{Removed, still_draining};
use super::specs::writing::{Resource, create, put, remove};
use super::specs::{All, New, Put, ShownSpec, named};
use crate::admin::Ended;
use crate::core::life::Asked;
use crate::spec::BufferSpec;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get(Chapter::Buffers, "/api/buffers", list)
            .says(
                "List buffers",
                "Those of the environment first. Secrets are masked.",
            )
            .without_redis()
            .answers_all::<ShownSpec<BufferSpec>>("All buffers."),
        Endpoint::post(Chapter::Buffers, "/api/buffers", create::<BufferSpec>)
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
        Endpoint::put(Chapter::Buffers, "/api/buffers/{name}", put::<BufferSpec>)
            .says(
                "Write a buffer",
                "Creates or replaces it whole: what is left out has its default. A mask that is put back keeps the secret. `name` may be repeated in the body, and must not contradict the path.",
            )
            .body::<Put<BufferSpec>>(&json!({
                "key": "data.from", "text": "data.text", "id": "data.id", "window": { "wait": 10 },
                "destinations": ["bot"],
            }))
            .any_field()
            .over_a_version()
            .answers::<ShownSpec<BufferSpec>>(200, "The buffer.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Buffers, "/api/buffers/{name}", remove::<BufferSpec>)
            .says(
                "Remove a buffer",
                "Refused with 409 while it has open windows or messages for later, unless the query says what becomes of them. A removal that has begun is shown as `removing` and goes on whichever daemon dies; until it is over nothing comes in, and nothing can be changed; a PUT calls a drain off.",
            )
            .removes("Not yet: windows are left, and it goes when they are gone."),
    ];
    all.into_iter().chain(tuner::endpoints()).collect()
}

async fn list(State(api): State<Api>) -> Response {
    let items = api.admin.buffers().into_iter();
    let items: Vec<_> = items.map(ShownSpec::from).collect();
    Json(All { items }).into_response()
}

async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    Ok(Json(ShownSpec::from(api.admin.buffer(&name).await?)).into_response())
}

impl Resource for BufferSpec {
    const PATH: &'static str = "buffers";

    fn removed(asked: Asked, ended: Ended) -> Response {
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
}
