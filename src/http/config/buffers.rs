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
use super::writing::NO_BUFFER;
use super::{All, created, named, spec_named, spec_of};
use crate::domain::chat::Name;
use crate::store::config::{Mode, Versioned};
use crate::wire::anonymous::is_anonymous;
use crate::wire::config::BufferSpec;
use crate::wire::config::shown::Shown;

pub(super) async fn list(State(api): State<Api>) -> Response {
    let catalog = api.catalogs.get();
    let mut items = vec![Shown::default_buffer(api.default_buffer())];
    let written = catalog.configured.buffers.iter();
    // Those that came with a message are nobody's to change.
    let written = written.filter(|(name, _)| !is_anonymous(name));
    items.extend(written.map(|(_, written)| shown(written.clone())));
    Json(All { items }).into_response()
}

pub(super) async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_BUFFER)?;
    let found = if name == Name::default_name() {
        Shown::default_buffer(api.default_buffer())
    } else {
        shown(api.written_buffer(&name).await?)
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
    Ok(created("buffers", &name, shown(written)))
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
    Ok(Json(shown(written)).into_response())
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

fn shown(written: Versioned<BufferSpec>) -> Shown<BufferSpec> {
    Shown::by_api(written.spec.masked(), written.version)
}
