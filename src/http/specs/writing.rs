//! Creating, replacing and removing buffers and destinations: the same handlers serve both.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use super::{ShownSpec, created, named, spec_named, spec_of};
use crate::admin::{Drained, Ended, NoSuch};
use crate::core::life::Asked;
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::error::ApiError;
use crate::http::removal::RemovalQuery;
use crate::store::config::Mode;

/// What is written and removed at a path of its own.
pub(in crate::http) trait Resource: Drained {
    /// Behind `/api/`.
    const PATH: &'static str;

    /// The answer to a removal.
    fn removed(asked: Asked, ended: Ended) -> Response;
}

pub(in crate::http) async fn create<T: Resource>(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let spec: T = spec_of(fields)?;
    let written = api.admin.put(spec, Mode::New, &by).await?;
    let name = written.spec.name().to_owned();
    let shown = ShownSpec::from(api.admin.shown(written));
    Ok(created(T::PATH, &name, shown))
}

pub(in crate::http) async fn put<T: Resource>(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(name, NoSuch::Kind(T::KIND).into())?;
    let spec: T = spec_named(fields, &name)?;
    let written = api.admin.put(spec, Mode::Any, &by).await?;
    Ok(Json(ShownSpec::from(api.admin.shown(written))).into_response())
}

pub(in crate::http) async fn remove<T: Resource>(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<RemovalQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NoSuch::Kind(T::KIND).into())?;
    let asked = RemovalQuery::parse(query)?;
    let ended = api.admin.remove::<T>(&name, asked, &by).await?;
    Ok(T::removed(asked, ended))
}
