//! Removing a buffer or a destination: nothing that stands there is lost unless the operator says so.

use std::time::Duration;

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use tracing::info;
use utoipa::IntoParams;

use super::super::Api;
use super::super::error::ApiError;
use super::writing::{busy, not_of_the_environment, writing};
use crate::catalog::TAKEN_UP;
use crate::domain::chat::Name;
use crate::domain::control::Scope;
use crate::store::audit::{Act, By};
use crate::store::clearing::Cleared;
use crate::store::config::{Kind, Mode, Written};
use crate::wire::config::BufferSpec;
use crate::wire::config::shown::Removed;

/// How long a removal waits for lanes to empty before it answers that they have not.
const DRAIN_FOR: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What is to become of what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Removal {
    /// Nothing may stand there.
    Empty,
    /// It is delivered.
    Drain,
    /// It is dropped.
    Discard,
}

#[derive(Deserialize, IntoParams)]
pub(in super::super) struct RemovalQuery {
    /// What stands there is delivered first. It excludes `discard`.
    #[serde(default)]
    drain: bool,
    /// What stands there is dropped.
    #[serde(default)]
    discard: bool,
}

impl RemovalQuery {
    pub(in super::super) fn parse(
        query: Result<Query<Self>, QueryRejection>,
    ) -> Result<Removal, ApiError> {
        let Query(query) = query?;
        match (query.drain, query.discard) {
            (false, false) => Ok(Removal::Empty),
            (true, false) => Ok(Removal::Drain),
            (false, true) => Ok(Removal::Discard),
            (true, true) => Err(ApiError::parameter(
                "drain",
                "drain and discard contradict each other: send one of them",
            )),
        }
    }
}

impl Api {
    /// Removes a buffer, its windows cleared away as told. Its batches on lanes still go out.
    pub(in super::super) async fn remove_buffer(
        &self,
        name: &Name,
        removal: Removal,
        by: &By,
    ) -> Result<Response, ApiError> {
        not_of_the_environment(Kind::Buffer, name)?;
        let spec = self.written_buffer(name).await?.spec;
        let buffer = spec.check(&self.default_buffer().window)?;
        if removal == Removal::Empty {
            self.nothing_in(name).await?;
        }
        // A window that is opened after the last look would be nobody's: first every daemon hears that the buffer is
        // off.
        let off = BufferSpec {
            active: false,
            follow_up: None,
            ..spec.clone()
        };
        let (on_masked, off_masked) = (spec.clone().masked(), off.clone().masked());
        let act = writing(Kind::Buffer, name, by).from_to(Some(&on_masked), Some(&off_masked));
        self.store
            .configure(Kind::Buffer, name, &off, Mode::Known, None, Some(&act))
            .await?;
        self.catalogs.catch_up().await?;
        sleep(TAKEN_UP).await;
        let (cleared, message) = match removal {
            Removal::Empty => (Cleared::default(), "Removed"),
            Removal::Drain => (
                self.store.flush_all(name, &buffer.destinations).await?,
                "Removed; its open windows are closed and on their way",
            ),
            Removal::Discard => (
                self.store.cancel_all(name).await?,
                "Removed; its open windows are dropped",
            ),
        };
        let later = match removal {
            Removal::Empty => 0,
            Removal::Drain => self.store.send_all_kept(name, &buffer.destinations).await?,
            Removal::Discard => self.store.drop_all_kept(name).await?,
        };
        if let Err(refused) = self.nothing_in(name).await {
            // It was in use after all.
            let act = writing(Kind::Buffer, name, by).from_to(Some(&off_masked), Some(&on_masked));
            self.store
                .configure(Kind::Buffer, name, &spec, Mode::Known, None, Some(&act))
                .await?;
            self.catalogs.catch_up().await?;
            return Err(refused);
        }
        let act = removing(Kind::Buffer, name, by).from_to(Some(&off_masked), NOTHING);
        let act = act.times(cleared.held);
        self.store.drop_follow_ups(name).await?;
        self.unconfigure(Kind::Buffer, name, None, &act).await?;
        let answer = Removed {
            success: true,
            message,
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
        removal: Removal,
        by: &By,
    ) -> Result<Response, ApiError> {
        not_of_the_environment(Kind::Destination, name)?;
        let spec = self.written_destination(name).await?.spec;
        self.no_buffers_to(name)?;
        if removal == Removal::Empty {
            self.no_lanes(name).await?;
        }
        // A monitor may close a window by what it knew until now.
        sleep(TAKEN_UP).await;
        let (cleared, message) = match removal {
            Removal::Empty => (Cleared::default(), "Removed"),
            Removal::Drain if self.catalogs.get().stops().holds_to(name) => {
                let why = format!(
                    "{name} is stopped, so its batches cannot be delivered: start it at POST /api/control"
                );
                return Err(ApiError::Conflict(why));
            }
            Removal::Drain => match self.drained(name).await? {
                0 => (
                    Cleared::default(),
                    "Removed; all its batches were delivered",
                ),
                lanes => return Ok(still_draining(lanes)),
            },
            Removal::Discard => (
                self.store.discard_lanes(name).await?,
                "Removed; its batches are dropped",
            ),
        };
        self.no_lanes(name).await?;
        self.catalogs.catch_up().await?;
        let base = self.catalogs.get().configured.version;
        self.no_buffers_to(name)?;
        let act = removing(Kind::Destination, name, by).from_to(Some(&spec.masked()), NOTHING);
        let act = act.times(cleared.held);
        self.unconfigure(Kind::Destination, name, Some(base), &act)
            .await?;
        let answer = Removed {
            success: true,
            message,
            chats: cleared.chats,
            messages: None,
            later: None,
            batches: Some(cleared.held),
        };
        Ok(Json(answer).into_response())
    }

    pub(in super::super) async fn unconfigure(
        &self,
        kind: Kind,
        name: &Name,
        base: Option<u64>,
        act: &Act,
    ) -> Result<(), ApiError> {
        if self.store.unconfigure(kind, name, base, act).await? == Written::Stale {
            return Err(busy());
        }
        // Another of this name shall not begin as stopped.
        let scope = match kind {
            Kind::Buffer => Some(Scope::Buffer(name.clone())),
            Kind::Destination => Some(Scope::Destination(name.clone())),
            Kind::Schedule => None,
        };
        if let Some(scope) = scope {
            self.store.set_stopped(&scope, false, None).await?;
        }
        self.catalogs.catch_up().await?;
        let kind = kind.as_str();
        info!(kind, name = %name, "An operator removed the {kind} {name}");
        Ok(())
    }

    fn no_buffers_to(&self, name: &Name) -> Result<(), ApiError> {
        let buffers = self.buffers_to(name);
        if buffers.is_empty() {
            return Ok(());
        }
        let buffers = buffers.join(", ");
        let why = format!("{name} is a destination of {buffers}: take it out there first");
        Err(ApiError::Conflict(why))
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

    /// Waits for the lanes to empty; answers how many have not.
    async fn drained(&self, name: &Name) -> Result<u64, ApiError> {
        let deadline = Instant::now() + DRAIN_FOR;
        loop {
            let lanes = self.store.lanes_to(name).await?;
            if lanes == 0 || Instant::now() >= deadline {
                return Ok(lanes);
            }
            sleep(LOOK_AGAIN).await;
        }
    }
}

/// What is written there after a removal.
pub(in super::super) const NOTHING: Option<&()> = None;

/// What the audit says of a removal.
pub(in super::super) fn removing(kind: Kind, name: &Name, by: &By) -> Act {
    Act::new(format!("{}.remove", kind.as_str()), by).on(name)
}

fn still_draining(lanes: u64) -> Response {
    let answer = Removed {
        success: false,
        message: "Not yet: batches are still on their way; send this again",
        chats: lanes,
        messages: None,
        later: None,
        batches: None,
    };
    (StatusCode::ACCEPTED, Json(answer)).into_response()
}
