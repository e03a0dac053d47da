//! `/api/buffer-configs`.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::config::{NO_BUFFER, RemovalQuery, named, spec_of};
use crate::http::error::ApiError;
use crate::spec::BufferSpec;
use crate::spec::source::FIELDS;
use crate::store::audit::By;
use crate::store::config::Mode;
use crate::wire::buffer_compat::{BufferConfig, BufferConfigAnswer};

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
    let spec = config.into_new(&api.timezone())?;
    let written = api.write_buffer(spec, Mode::New, &by).await;
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
    let old = api.written_buffer(&name).await?.spec;
    let config: BufferConfig = spec_of(fields)?;
    let changed = |spec| config.clone().onto(spec);
    let written = api.change_buffer(name.as_str(), changed, &by).await;
    let spec = written.map_err(in_their_words)?.spec;
    api.rename_key(&old, &spec.key, &by).await?;
    Ok(Json(BufferConfigAnswer::from(spec)).into_response())
}

pub(super) async fn remove(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<RemovalQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(id, NO_BUFFER)?;
    api.remove_buffer(&name, RemovalQuery::parse(query)?, &by)
        .await
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
                self.write_destination(spec, Mode::Known, by).await?;
            }
        }
        Ok(())
    }
}

fn in_their_words(error: ApiError) -> ApiError {
    match error {
        ApiError::Spec(error) => BufferConfig::in_its_words(error).into(),
        other => other,
    }
}
