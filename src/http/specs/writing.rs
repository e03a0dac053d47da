//! Creating, replacing and removing buffers and destinations: the same handlers serve both.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{ShownSpec, created, named, new_name, spec_named, spec_of};
use crate::admin::{Drained, Ended, NoSuch};
use crate::core::life::Asked;
use crate::http::Api;
use crate::http::audit::Caller;
use crate::http::body::Fields;
use crate::http::endpoint::Endpoint;
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

/// The query of a write.
#[derive(Deserialize, IntoParams)]
pub(in crate::http) struct WriteQuery {
    /// The `version` that is to be replaced, as it was shown: 409 if it was written or removed since. Absent: whatever is
    /// there is replaced.
    #[param(pattern = "^[0-9]{1,15}$")]
    version: Option<String>,
}

impl WriteQuery {
    /// The version that is to be replaced.
    pub(in crate::http) fn version(self) -> Result<Option<u64>, ApiError> {
        let why = || ApiError::parameter("version", "must be a version as it was shown");
        let read = |text: String| text.parse().map_err(|_| why());
        self.version.map(read).transpose()
    }
}

impl Endpoint {
    /// It may be told over which version it writes.
    pub(in crate::http) fn over_a_version(self) -> Self {
        self.query::<WriteQuery>(&["version"])
    }
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
    query: Result<Query<WriteQuery>, QueryRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = new_name(name)?;
    let Query(query) = query?;
    let spec: T = spec_named(fields, &name)?;
    let written = api.admin.put_over(query.version()?, spec, &by).await?;
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
