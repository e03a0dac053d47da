//! `/api/buffers`.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::super::Api;
use super::super::audit::Caller;
use super::super::body::Fields;
use super::super::error::ApiError;
use super::removing::RemovalQuery;
use super::under_way::removing_of;
use super::writing::NO_BUFFER;
use super::{All, created, is_shown_as_written, named, spec_named, spec_of};
use crate::registry::Snapshot;
use crate::spec::BufferSpec;
use crate::spec::shown::Shown;
use crate::store::config::{Kind, Mode, Versioned};

pub(super) async fn list(State(api): State<Api>) -> Response {
    let snapshot = api.registry.get();
    let of_environment = api.registry.defaults().buffers();
    let mut items: Vec<_> = of_environment.map(Shown::buffer_of_environment).into();
    let written = snapshot.configured.buffers.iter();
    let written = written.filter(|(name, _)| is_shown_as_written(name));
    items.extend(written.map(|(_, written)| shown(&snapshot, written.clone())));
    Json(All { items }).into_response()
}

pub(super) async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    let mut of_environment = api.registry.defaults().buffers().into_iter();
    let found = match of_environment.find(|buffer| buffer.name == name) {
        Some(buffer) => Shown::buffer_of_environment(buffer),
        None => {
            let written = api.written_buffer(&name).await?;
            shown(&api.registry.get(), written)
        }
    };
    Ok(Json(found).into_response())
}

pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let written = api.write_buffer(spec_of(fields)?, Mode::New, &by).await?;
    let name = written.spec.name.clone();
    Ok(created(
        "buffers",
        &name,
        shown(&api.registry.get(), written),
    ))
}

pub(super) async fn put(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    let spec = spec_named(fields, &name)?;
    let written = api.write_buffer(spec, Mode::Any, &by).await?;
    Ok(Json(shown(&api.registry.get(), written)).into_response())
}

pub(super) async fn remove(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<RemovalQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    api.remove_buffer(&name, RemovalQuery::parse(query)?, &by)
        .await
}

fn shown(snapshot: &Snapshot, written: Versioned<BufferSpec>) -> Shown<BufferSpec> {
    let removing = removing_of(snapshot, Kind::Buffer, &written.spec.name);
    Shown::by_api(written.spec.masked(), written.version, removing)
}
