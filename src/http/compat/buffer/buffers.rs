//! `/api/buffer-configs`.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::buffer_config::{
    BufferConfig, BufferConfigAnswer, BufferConfigBody, NewBufferConfigBody,
};
use crate::admin::AdminError;
use crate::http::Api;
use crate::http::admin_error::NO_BUFFER;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::specs::writing::remove;
use crate::http::specs::{named, spec_of};
use crate::spec::BufferSpec;
use crate::spec::source::FIELDS;
use crate::store::audit::By;
use crate::store::config::Mode;

/// Other names of fields, and what their lists show beside them, which their clients put back.
const OF_BUFFER: [&str; 8] = [
    "key_field",
    "key",
    "is_active",
    "enabled",
    "name",
    "id",
    "created_at",
    "updated_at",
];

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/api/buffer-configs";
    const ONE: &str = "/api/buffer-configs/{id}";
    let example =
        json!({ "name": "Loja B", "filter_field": "phone", "max_size": 10, "max_time": 60 });
    vec![
        Endpoint::get(Chapter::Buffer, ALL, list)
            .says(
                "List buffers of the service Buffer",
                "Those that are read by paths, as a bare list.",
            )
            .without_redis()
            .answers_list::<BufferConfigAnswer>("All of them."),
        Endpoint::post(Chapter::Buffer, ALL, create)
            .says(
                "Create a buffer of the service Buffer",
                "`name` and `filter_field` must be there.",
            )
            .body::<NewBufferConfigBody>(&example)
            .also_fields(&OF_BUFFER)
            .answers::<BufferConfigAnswer>(201, "The buffer.")
            .refusing(&[409]),
        Endpoint::put(Chapter::Buffer, ONE, change)
            .says(
                "Change a buffer of the service Buffer",
                "What is absent stays as it was.",
            )
            .body::<BufferConfigBody>(&json!({ "max_time": 30 }))
            .also_fields(&OF_BUFFER)
            .answers::<BufferConfigAnswer>(200, "The buffer.")
            .refusing(&[404, 409]),
        Endpoint::delete(Chapter::Buffer, ONE, remove::<BufferSpec>)
            .says(
                "Remove a buffer of the service Buffer",
                "As `DELETE /api/buffers/{name}`.",
            )
            .removes("Not yet: windows are left, and it goes when they are gone."),
    ]
}

pub(super) async fn list(State(api): State<Api>) -> Response {
    let snapshot = api.registry.get();
    let written = snapshot.configured.buffers.values();
    let items: Vec<BufferConfigAnswer> = written
        .filter(|written| written.spec.source == FIELDS)
        .map(|written| written.spec.clone().into())
        .collect();
    Json(items).into_response()
}

pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let config: BufferConfig = spec_of(fields)?;
    let spec = config.into_new(&api.admin.timezone())?;
    let written = api.admin.put(spec, Mode::New, &by).await;
    let spec = written.map_err(in_their_words)?.spec;
    Ok((StatusCode::CREATED, Json(BufferConfigAnswer::from(spec))).into_response())
}

pub(super) async fn change(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(id, NO_BUFFER)?;
    let old = api.admin.written::<BufferSpec>(&name).await?.spec;
    let config: BufferConfig = spec_of(fields)?;
    let changed = |spec| Ok::<_, AdminError>(config.clone().onto(spec)?);
    let written = api.admin.change(name.as_str(), changed, &by).await;
    let spec = written.map_err(in_their_words)?.spec;
    api.rename_key(&old, &spec.key, &by).await?;
    Ok(Json(BufferConfigAnswer::from(spec)).into_response())
}

impl Api {
    /// The forwardings of a buffer call the chat what its messages call it.
    async fn rename_key(&self, old: &BufferSpec, key: &str, by: &By) -> Result<(), ApiError> {
        if old.key == key {
            return Ok(());
        }
        let snapshot = self.registry.get();
        for name in &old.destinations {
            let Some(written) = snapshot.configured.destinations.get(name) else {
                continue;
            };
            let mut spec = written.spec.clone();
            let content = spec.content.as_mut();
            if let Some(content) = content.filter(|content| content.key_field == old.key) {
                key.clone_into(&mut content.key_field);
                self.admin.put(spec, Mode::Known, by).await?;
            }
        }
        Ok(())
    }
}

fn in_their_words(error: AdminError) -> ApiError {
    match error {
        AdminError::Spec(error) => BufferConfig::in_its_words(error).into(),
        other => other.into(),
    }
}
