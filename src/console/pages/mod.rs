//! The pages.

pub(super) mod chat;
mod entrance;
mod find;
pub(super) mod now;

use askama::Template;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::ACCEPT;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::get;

use super::acts;
use super::asking::{Api, Refused};
use super::shell::Shell;
use super::visit::{Visit, page, see};
use super::{Console, words::Said};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/", get(async || see("/console")))
        .route("/console/more", get(more))
        .route("/console/{*rest}", get(missing))
        .merge(now::routes())
        .merge(find::routes())
        .merge(chat::routes())
        .merge(entrance::routes())
        .merge(acts::routes())
}

/// A browser is sent to the console; whoever else asks gets the answer of the API.
pub(super) async fn home(State(api): State<Api>, mut request: Request) -> Response {
    let accepted = request
        .headers()
        .get(ACCEPT)
        .and_then(|it| it.to_str().ok());
    let is_browser = accepted.is_some_and(|it| it.contains("text/html"));
    if is_browser && request.method() == Method::GET {
        return see("/console");
    }
    // It is the path of a page here, and one of its own there.
    request.extensions_mut().remove::<MatchedPath>();
    api.answer(request).await
}

#[derive(Template)]
#[template(path = "more.html")]
struct More {
    shell: Shell,
}

async fn more(Visit { ask, shell }: Visit) -> Response {
    page(&ask, StatusCode::OK, &More { shell })
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    shell: &'a Shell,
    title: String,
    text: String,
    request_id: String,
    back: &'a str,
    back_label: String,
}

/// A page that says why something was not done, with a way back.
pub(super) fn refused(visit: &Visit, refusal: &Refused, back: &str) -> Response {
    let Visit { ask, shell } = visit;
    let words: &Said = &shell.words;
    let shown = RefusedPage {
        shell,
        title: words.shell.failed.clone(),
        text: shell.refusal(refusal),
        request_id: refusal.request_id.clone(),
        back,
        back_label: words.shell.back.clone(),
    };
    page(ask, refusal.status, &shown)
}

async fn missing(visit: Visit) -> Response {
    let Visit { ask, shell } = &visit;
    let shown = RefusedPage {
        shell,
        title: shell.words.shell.not_found.clone(),
        text: shell.words.shell.not_found.clone(),
        request_id: String::new(),
        back: "/console",
        back_label: shell.words.shell.to_now.clone(),
    };
    page(ask, StatusCode::NOT_FOUND, &shown)
}
