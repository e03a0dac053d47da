//! `/api/destinations`.

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
use super::writing::NO_DESTINATION;
use super::{All, created, is_shown_as_written, named, spec_named, spec_of};
use crate::core::chat::Name;
use crate::registry::Snapshot;
use crate::spec::DestinationSpec;
use crate::spec::shown::{Shown, ShownDestination, Untold};
use crate::store::config::{Kind, Mode, Versioned};

pub(super) async fn list(State(api): State<Api>) -> Response {
    let snapshot = api.registry.get();
    let mut items: Vec<_> = of_environment()
        .map(|name| shown_of_environment(&api, &name))
        .into();
    let written = snapshot.configured.destinations.iter();
    let written = written.filter(|(name, _)| is_shown_as_written(name));
    items.extend(written.map(|(_, written)| shown(&snapshot, written.clone())));
    Json(All { items }).into_response()
}

pub(super) async fn show(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let name = named(name, NO_DESTINATION)?;
    let found = if of_environment().contains(&name) {
        shown_of_environment(&api, &name)
    } else {
        let written = api.written_destination(&name).await?;
        shown(&api.registry.get(), written)
    };
    Ok(Json(found).into_response())
}

pub(super) async fn create(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let written = api
        .write_destination(spec_of(fields)?, Mode::New, &by)
        .await?;
    let name = written.spec.name.clone();
    let shown = shown(&api.registry.get(), written);
    Ok(created("destinations", &name, shown))
}

pub(super) async fn put(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let name = named(name, NO_DESTINATION)?;
    let spec = spec_named(fields, &name)?;
    let written = api.write_destination(spec, Mode::Any, &by).await?;
    Ok(Json(shown(&api.registry.get(), written)).into_response())
}

pub(super) async fn remove(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<RemovalQuery>, QueryRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NO_DESTINATION)?;
    api.remove_destination(&name, RemovalQuery::parse(query)?, &by)
        .await
}

fn shown(snapshot: &Snapshot, written: Versioned<DestinationSpec>) -> ShownDestination {
    let removing = removing_of(snapshot, Kind::Destination, &written.spec.name);
    let shown = Shown::by_api(written.spec.masked(), written.version, removing);
    ShownDestination::Known(Box::new(shown))
}

fn of_environment() -> [Name; 2] {
    [Name::default_name(), Name::messages_name()]
}

fn shown_of_environment(api: &Api, name: &Name) -> ShownDestination {
    let mut told = api.registry.defaults().destinations();
    match told.find(|destination| destination.name == *name) {
        Some(destination) => {
            let shown = Shown::destination_of_environment(destination);
            ShownDestination::Known(Box::new(shown))
        }
        None => ShownDestination::Untold(Untold::new(name)),
    }
}
