//! Does my bot answer? The destinations with how they do, and of each its call, its tries, its last answers, and a test.

mod acts;
mod answers;
mod draft;
mod editing;
mod one;
mod trying;

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::now::about;
use super::now::answers::{Destination as Doing, Overview};
use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use answers::{Destination, Destinations};
pub(super) use answers::{Pace, Tried};

/// The list. Names have no dot, so what has one below it is no destination.
const PATH: &str = "/console/destinations";
/// The same in the API.
const API: &str = "/api/destinations";

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(PATH, get(show))
        .route(
            "/console/destinations/.new",
            get(editing::new).post(editing::create),
        )
        .route("/console/destinations/.preview", post(editing::preview))
        .route("/console/destinations/.try", post(editing::try_draft))
        .route("/console/destinations/{destination}", get(one::show))
        .route(
            "/console/destinations/{destination}/edit",
            get(editing::edit).post(editing::save_over),
        )
        .route(
            "/console/destinations/{destination}/switch",
            post(acts::switched),
        )
        .route(
            "/console/destinations/{destination}/test",
            post(trying::test),
        )
        .route(
            "/console/destinations/{destination}/remove",
            post(acts::removed),
        )
}

#[derive(Template)]
#[template(path = "destinations/page.html")]
struct Page {
    shell: Shell,
    /// Each with how it does, where that is known now.
    all: Result<Vec<(Destination, Option<Doing>)>, Refused>,
}

impl Page {
    fn about(&self, doing: &Doing) -> String {
        about(&self.shell, doing)
    }
}

async fn show(Visit { ask, shell }: Visit) -> Response {
    let (all, overview) = tokio::join!(
        ask.get::<Destinations>(API, &[]),
        ask.overview::<Overview>(),
    );
    let mut doing = overview.map_or_else(|_| Vec::new(), |it| it.destinations.items);
    let all = all.map(|all| {
        let all = all.items.into_iter();
        all.map(|it| {
            let at = doing.iter().position(|doing| doing.name == it.name);
            let doing = at.map(|at| doing.swap_remove(at));
            (it, doing)
        })
        .collect()
    });
    page(&ask, StatusCode::OK, &Page { shell, all })
}
