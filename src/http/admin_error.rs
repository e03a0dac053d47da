//! Answers to what an operator asked for and is not done: [`AdminError`] says what is wrong, and here stands what to do
//! about it over HTTP.

use std::borrow::Cow;

use super::error::ApiError;
use crate::admin::{AdminError, Conflict, NoSuch};
use crate::ingest::{IngestError, NoBuffer};
use crate::store::config::Kind;

pub(super) const NO_BUFFER: ApiError = ApiError::NotFound(Cow::Borrowed(
    "there is no buffer of this name: GET /api/buffers lists them",
));
pub(super) const NO_DESTINATION: ApiError = ApiError::NotFound(Cow::Borrowed(
    "there is no destination of this name: GET /api/destinations lists them",
));
pub(super) const NO_SCHEDULE: ApiError = ApiError::NotFound(Cow::Borrowed(
    "there is no schedule of this name: GET /api/schedules lists them",
));
const NO_KEY: ApiError = ApiError::NotFound(Cow::Borrowed(
    "there is no key of this name: GET /api/keys lists them; those of the environment go with API_KEYS",
));

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::NoSuch(no_such) => no_such.into(),
            AdminError::Conflict(conflict) => Self::Conflict(match advice(&conflict) {
                Some(advice) => format!("{conflict}: {advice}"),
                None => conflict.to_string(),
            }),
            AdminError::Spec(error) => Self::Spec(error),
            AdminError::Sample(_) => Self::BadRequest(error.to_string()),
            AdminError::NotKept(error) => Self::NotKept(error),
            AdminError::Ingest(error) => Self::Ingest(error),
            AdminError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NoSuch> for ApiError {
    fn from(no_such: NoSuch) -> Self {
        match no_such {
            NoSuch::Kind(Kind::Buffer) => NO_BUFFER,
            NoSuch::Kind(Kind::Destination) => NO_DESTINATION,
            NoSuch::Kind(Kind::Schedule) => NO_SCHEDULE,
            NoSuch::Buffer(name) => IngestError::from(NoBuffer::Unknown(name)).into(),
            NoSuch::Key => NO_KEY,
            NoSuch::Chat { .. } => {
                Self::NotFound(format!("{no_such}: GET /api/find looks everywhere").into())
            }
            NoSuch::Lane => {
                Self::NotFound(format!("{no_such}: GET /api/lanes lists what waits").into())
            }
            NoSuch::Post(_) => Self::NotFound(
                format!("{no_such}: GET /api/posts?result=not_taken lists them").into(),
            ),
            NoSuch::Batch(_)
            | NoSuch::Unheard { .. }
            | NoSuch::DeadLetter
            | NoSuch::Scheduled
            | NoSuch::Queued
            | NoSuch::BatchTo(..)
            | NoSuch::Said(_) => Self::NotFound(no_such.to_string().into()),
        }
    }
}

/// What to do about it, where that is something of HTTP.
fn advice(conflict: &Conflict) -> Option<&'static str> {
    match conflict {
        Conflict::Exists { .. } => Some("PUT replaces it"),
        Conflict::Changed { .. } => Some("look at what is there before you write over it"),
        Conflict::BeingRemoved { .. } => Some("wait until it is gone; a PUT calls a drain off"),
        Conflict::HoldsMessages { .. } => {
            Some("?drain=true delivers them now, ?discard=true drops them")
        }
        Conflict::BatchesWait { .. } => {
            Some("?drain=true waits until they are delivered, ?discard=true drops them")
        }
        Conflict::Unusable(_) => Some("put it right, or send ?discard=true"),
        Conflict::Stopped(_) => Some("start it at POST /api/control"),
        Conflict::SeveralChats => Some("name one with ?user= and ?buffer="),
        Conflict::SeveralPeople { .. } => Some("name one whole, and its buffer"),
        Conflict::AnotherFirst => Some("GET /api/lanes shows whose it is"),
        Conflict::Tried => {
            Some("POST /api/lanes/give-up makes a dead letter of it between two tries")
        }
        Conflict::SeveralDestinations(_) => Some("name one with ?destination="),
        Conflict::StillWaits(_) => Some("POST /api/lanes/now lets its next try begin at once"),
        Conflict::IsDead(_) => Some("POST /api/dead-letter/{id}/revive sends it again"),
        Conflict::InHand
        | Conflict::NotDelivered(_)
        | Conflict::KeyExists(_)
        | Conflict::TooManyKeys(_)
        | Conflict::OfEnvironment { .. }
        | Conflict::WrittenAnew(_)
        | Conflict::InUse(_)
        | Conflict::Named { .. }
        | Conflict::UntoldUrl
        | Conflict::TooManyRevivals
        | Conflict::NoWayAgain(_)
        | Conflict::NoWayBack(_)
        | Conflict::Busy => None,
    }
}
