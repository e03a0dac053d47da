//! `GET /api/daemons`: the daemons that give signs of life.

mod doctor;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::core::moment::utc;
use crate::store::work::{Daemon, Work};

/// A daemon, as it is seen by its signs of life. Times are by Redis's clock.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DaemonAnswer {
    /// Its own, for as long as it runs.
    id: String,
    /// The name of its host or container.
    name: String,
    /// `api` or `monitor`.
    role: String,
    /// Its version of Lull.
    version: String,
    /// Since when it runs (RFC 3339, UTC).
    #[schema(format = DateTime)]
    since: String,
    /// When it gave its last sign, which it does every 3 s.
    #[schema(format = DateTime)]
    last_sign: String,
    /// Whether that is at most 10 s ago.
    alive: bool,
    /// What it does not work off, though it should: `windows`, `later`, `lanes` or `lanes:<destination>`.
    stands: Vec<String>,
}

/// All of a list that is short.
#[derive(Debug, Serialize)]
struct Daemons {
    items: Vec<DaemonAnswer>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Service, "/api/daemons", list)
            .says(
                "List the daemons",
                "All that gave a sign of life within the last hour, the newest first. One that was told to stop has taken its sign back; one that is listed and not alive was killed, or does not reach Redis.",
            )
            .answers_all::<DaemonAnswer>("The daemons."),
        doctor::endpoint(),
    ]
}

async fn list(State(api): State<Api>) -> Result<Response, ApiError> {
    let work = api.store.daemons().all().await?;
    let items = work.daemons.iter().map(|it| shown(&work, it)).collect();
    Ok(Json(Daemons { items }).into_response())
}

pub(super) fn shown(work: &Work, daemon: &Daemon) -> DaemonAnswer {
    let about = &daemon.about;
    DaemonAnswer {
        id: daemon.id.clone(),
        name: about.name.clone(),
        role: about.role.clone(),
        version: about.version.clone(),
        since: utc(daemon.since),
        last_sign: utc(daemon.last_sign),
        alive: work.is_alive(daemon),
        stands: about.stands.clone(),
    }
}
