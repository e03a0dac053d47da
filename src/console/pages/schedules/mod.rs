//! What leaves by itself, and when? The schedules with their next times, and of each its call, its last runs, and what can be
//! done to it.

mod acts;
mod answers;
mod editing;
mod one;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use answers::Schedule;

/// The list. Names have no dot, so what has one below it is no schedule.
const PATH: &str = "/console/schedules";
/// The same in the API.
const API: &str = "/api/schedules";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(PATH, get(show))
        .route(
            "/console/schedules/.new",
            get(editing::new).post(editing::create),
        )
        .route("/console/schedules/.preview", post(editing::preview))
        .route("/console/schedules/{schedule}", get(one::show))
        .route(
            "/console/schedules/{schedule}/edit",
            get(editing::edit).post(editing::save_over),
        )
        .route("/console/schedules/{schedule}/{act}", post(acts::acted))
}

/// A time in the zone of its schedule, where that is another than the reader's.
fn own_time(shell: &Shell, at: &str, zone: &str) -> Option<String> {
    if zone == shell.clock.zone.name() {
        return None;
    }
    let at = chrono::DateTime::parse_from_rfc3339(at).ok()?;
    let place = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
    Some(format!("{} {place}", at.format("%H:%M")))
}

#[derive(Template)]
#[template(path = "schedules/page.html")]
struct Page {
    shell: Shell,
    all: Result<Vec<Schedule>, Refused>,
}

async fn show(Visit { ask, shell }: Visit) -> Response {
    let all = ask.get(API, &[]).await;
    page(&ask, StatusCode::OK, &Page { shell, all })
}
