//! Removing a buffer or a destination: nothing that stands there is lost unless the operator says so.
//!
//! A removal is a state: it is written down before its first step, and whoever dies in the middle of it is replaced.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep};

use super::super::Api;
use super::super::error::ApiError;
use super::under_way::written_anew;
use super::writing::{
    MOST_TRIES, NO_BUFFER, NO_DESTINATION, NO_SCHEDULE, busy, not_of_the_environment,
};
use crate::core::chat::Name;
use crate::core::life::Asked;
use crate::spec::shown::Removed;
use crate::store::audit::By;
use crate::store::clearing::Cleared;
use crate::store::config::Kind;
use crate::store::removals::{Begun, Removal};
use crate::store::removing::Outcome;

/// How long a removal waits for lanes to empty before it answers that they have not.
const DRAIN_FOR: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Api {
    /// Removes a buffer, its windows cleared away as told. Its batches on lanes still go out.
    pub(in super::super) async fn remove_buffer(
        &self,
        name: &Name,
        asked: Asked,
        by: &By,
    ) -> Result<Response, ApiError> {
        not_of_the_environment(Kind::Buffer, name)?;
        self.written_buffer(name).await?;
        match asked {
            Asked::Empty => self.nothing_in(name).await?,
            Asked::Drain if self.registry.get().buffer(name).is_none() => {
                return Err(ApiError::Conflict(format!(
                    "{name} cannot be used, so nothing of it can be delivered: put it right, or send ?discard=true"
                )));
            }
            Asked::Drain | Asked::Discard => {}
        }
        let removal = self.begin_removal(Kind::Buffer, name, asked, by, None);
        let (cleared, later) = match self.remove(Kind::Buffer, name, &removal.await?).await? {
            Ended::Gone(cleared, later) => (cleared, later),
            Ended::Kept => {
                self.nothing_in(name).await?;
                return Err(in_use(name));
            }
            Ended::Draining(windows) => return Ok(still_draining(windows)),
        };
        let answer = Removed {
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
        };
        Ok(Json(answer).into_response())
    }

    /// Removes a destination that no buffer delivers to, its lanes cleared away as told.
    pub(in super::super) async fn remove_destination(
        &self,
        name: &Name,
        asked: Asked,
        by: &By,
    ) -> Result<Response, ApiError> {
        not_of_the_environment(Kind::Destination, name)?;
        self.written_destination(name).await?;
        let base = self.registry.get().configured.version;
        self.no_buffers_to(name)?;
        match asked {
            Asked::Empty => self.no_lanes(name).await?,
            Asked::Drain if self.registry.get().stops().holds_to(name) => {
                return Err(ApiError::Conflict(format!(
                    "{name} is stopped, so its batches cannot be delivered: start it at POST /api/control"
                )));
            }
            Asked::Drain | Asked::Discard => {}
        }
        let removal = self.begin_removal(Kind::Destination, name, asked, by, Some(base));
        let removal = removal.await?;
        let cleared = match self.remove(Kind::Destination, name, &removal).await? {
            Ended::Gone(cleared, _) => cleared,
            Ended::Kept => {
                self.no_lanes(name).await?;
                return Err(in_use(name));
            }
            Ended::Draining(lanes) => return Ok(still_draining(lanes)),
        };
        let answer = Removed {
            success: true,
            message: match asked {
                Asked::Empty => "Removed",
                Asked::Drain => "Removed; all its batches were delivered",
                Asked::Discard => "Removed; its batches are dropped",
            },
            chats: cleared.chats,
            messages: None,
            later: None,
            batches: Some(cleared.held),
        };
        Ok(Json(answer).into_response())
    }

    /// Removes a schedule with the runs that wait; answers how many.
    pub(in super::super) async fn remove_schedule(
        &self,
        name: &Name,
        by: &By,
    ) -> Result<u64, ApiError> {
        let removal = self.begin_removal(Kind::Schedule, name, Asked::Discard, by, None);
        match self.remove(Kind::Schedule, name, &removal.await?).await? {
            Ended::Gone(cleared, kept) => Ok(kept + cleared.held),
            Ended::Kept | Ended::Draining(_) => Err(busy()),
        }
    }

    /// Writes down that this is to go; `base` is the version that was looked at, where that matters.
    async fn begin_removal(
        &self,
        kind: Kind,
        name: &Name,
        asked: Asked,
        by: &By,
        mut base: Option<u64>,
    ) -> Result<Removal, ApiError> {
        for _ in 0..MOST_TRIES {
            let store = &self.store;
            let begun = store.begin_removal(kind, name, asked, by, base, None);
            match begun.await? {
                Begun::Removal(removal) => {
                    self.registry.catch_up().await?;
                    return Ok(removal);
                }
                Begun::Nothing => {
                    return Err(match kind {
                        Kind::Buffer => NO_BUFFER,
                        Kind::Destination => NO_DESTINATION,
                        Kind::Schedule => NO_SCHEDULE,
                    });
                }
                Begun::Stale => {
                    self.registry.catch_up().await?;
                    self.no_buffers_to(name)?;
                    base = Some(self.registry.get().configured.version);
                }
            }
        }
        Err(busy())
    }

    /// Carries a removal out, and waits a while for what has to be delivered first.
    async fn remove(&self, kind: Kind, name: &Name, removal: &Removal) -> Result<Ended, ApiError> {
        let deadline = Instant::now() + DRAIN_FOR;
        loop {
            match self.registry.carry_out(kind, name, removal).await? {
                Outcome::Gone { cleared, later } => return Ok(Ended::Gone(cleared, later)),
                Outcome::Kept => return Ok(Ended::Kept),
                Outcome::Draining(left) if Instant::now() >= deadline => {
                    return Ok(Ended::Draining(left));
                }
                Outcome::Draining(_) => sleep(LOOK_AGAIN).await,
                Outcome::ByAnother => {
                    let snapshot = self.registry.get();
                    let configured = &snapshot.configured;
                    return match configured.removal(kind, name) {
                        // Somebody has asked otherwise since.
                        Some(_) => Err(busy()),
                        None if configured.life(kind, name) > removal.life
                            && removal.asked == Asked::Empty =>
                        {
                            Ok(Ended::Kept)
                        }
                        None if configured.life(kind, name) > removal.life => {
                            Err(written_anew(name))
                        }
                        None => Ok(Ended::Gone(Cleared::default(), 0)),
                    };
                }
            }
        }
    }

    fn no_buffers_to(&self, name: &Name) -> Result<(), ApiError> {
        let buffers = self.buffers_to(name);
        if buffers.is_empty() {
            return Ok(());
        }
        Err(ApiError::Conflict(format!(
            "{name} is a destination of {}: take it out there first",
            buffers.join(", ")
        )))
    }

    async fn nothing_in(&self, name: &Name) -> Result<(), ApiError> {
        let (windows, later) = (
            self.store.windows_in(name).await?,
            self.store.kept_in(name).await?,
        );
        let what = match (windows, later) {
            (0, 0) => return Ok(()),
            (windows, 0) => format!("{windows} open windows"),
            (windows, later) => {
                format!("{windows} open windows and {later} messages that wait for their time")
            }
        };
        Err(ApiError::Conflict(format!(
            "{name} has {what}: ?drain=true delivers them now, ?discard=true drops them"
        )))
    }

    pub(in super::super) async fn no_lanes(&self, name: &Name) -> Result<(), ApiError> {
        match self.store.lanes_to(name).await? {
            0 => Ok(()),
            lanes => Err(ApiError::Conflict(format!(
                "batches of {lanes} chats wait for {name}: ?drain=true waits until they are delivered, ?discard=true drops them"
            ))),
        }
    }
}

/// How a removal ended for whoever asked for it.
enum Ended {
    Gone(Cleared, u64),
    Kept,
    Draining(u64),
}

fn in_use(name: &Name) -> ApiError {
    ApiError::Conflict(format!(
        "{name} was in use when it was to be removed, and stays as it was: try again"
    ))
}

fn still_draining(lanes: u64) -> Response {
    let answer = Removed {
        success: false,
        message: "Not yet: batches are still on their way, and it goes when the last is delivered",
        chats: lanes,
        messages: None,
        later: None,
        batches: None,
    };
    (StatusCode::ACCEPTED, Json(answer)).into_response()
}
