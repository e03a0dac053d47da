//! What buffers, destinations and schedules have in common over HTTP: their names in paths, reading what is written, and how
//! it is shown.

mod shown;
pub(super) mod writing;
mod written;

pub(super) use shown::{ShownDestination, ShownSpec, object_shown};
pub(super) use written::{Draft, New, Put};

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;

use crate::core::chat::Name;
use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;
use crate::http::error::ApiError;
use crate::spec::{SpecError, read};

/// All of a list; it is never long enough for pages.
#[derive(Serialize)]
pub(super) struct All<T> {
    pub(super) items: Vec<T>,
}

/// The name in a path; one that cannot be names nothing.
pub(super) fn named(
    path: Result<Path<String>, PathRejection>,
    not_there: ApiError,
) -> Result<Name, ApiError> {
    let Path(name) = path?;
    Name::parse(&name).map_err(|_| not_there)
}

/// The name in the path of something that is written, whether or not it is there yet.
pub(super) fn new_name(path: Result<Path<String>, PathRejection>) -> Result<Name, ApiError> {
    let Path(name) = path?;
    Name::parse(&name).map_err(|error| ApiError::parameter("name", format!("name: {error}")))
}

/// What is shown beside a specification, and may be put back with it.
const BESIDE: [&str; 3] = ["version", "from", "removing"];

/// Reads a specification out of a body.
pub(super) fn spec_of<T: DeserializeOwned>(mut fields: RawObject) -> Result<T, ApiError> {
    fields.retain(|name, _| !BESIDE.contains(&name.as_str()));
    let body = serde_json::to_vec(&fields).map_err(BadInput::NotJson)?;
    Ok(read(&body)?)
}

/// What a draft is called that has no name yet.
const DRAFT: &str = "draft";

/// The same of one that is not to be written, and need have no name.
pub(super) fn draft_of<T: DeserializeOwned>(mut fields: RawObject) -> Result<T, ApiError> {
    if !fields.contains_key("name") {
        let name = to_raw_value(DRAFT).map_err(BadInput::NotJson)?;
        fields.insert("name".to_owned(), name);
    }
    spec_of(fields)
}

/// The same where the path names it: the body may repeat that, and must not contradict it.
pub(super) fn spec_named<T: DeserializeOwned>(
    mut fields: RawObject,
    name: &Name,
) -> Result<T, ApiError> {
    let own = to_raw_value(name.as_str()).map_err(BadInput::NotJson)?;
    let other = fields.insert("name".to_owned(), own);
    let same = other.is_none_or(|other| {
        serde_json::from_str::<String>(other.get()).is_ok_and(|other| other == name.as_str())
    });
    if !same {
        let why = "is another than in the URL, and nothing can be renamed: leave it out";
        return Err(SpecError::new("name", why).into());
    }
    spec_of(fields)
}

/// 201, with where it is from now on.
pub(super) fn created(path: &str, name: &str, shown: impl Serialize) -> Response {
    let at = [(LOCATION, format!("/api/{path}/{name}"))];
    (StatusCode::CREATED, at, Json(shown)).into_response()
}
