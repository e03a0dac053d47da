//! What was tried: the list, and one call whole.

mod answers;
mod curl;
mod whole;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::narrow::{Asked, By, Narrow, Narrowed};
use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
pub(super) use answers::{History, Tried};

const PATH: &str = "/console/history";
const HISTORY: Narrowed = Narrowed {
    page: PATH,
    list: "/api/history",
    by: &[By::Destination, By::Buffer, By::Status],
    // Each comes with its call.
    limit: "30",
};

#[derive(Template)]
#[template(path = "history/page.html")]
struct Page {
    shell: Shell,
    narrow: Narrow,
    history: Result<History, Refused>,
    older: Option<String>,
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(PATH, get(show))
        .route("/console/history/{webhook_id}", get(whole::show))
}

/// How good a state or a status is: a class of the styles.
pub(super) fn tone(state: &str) -> &'static str {
    match state {
        "delivered" => "good",
        "failed" | "waiting" => "warn",
        "buried" | "dead" => "bad",
        _ => "",
    }
}

/// What came of it last, and after how many attempts.
pub(super) fn about(shell: &Shell, it: &Tried) -> String {
    let (words, clock) = (&shell.words, &shell.clock);
    let mut told = vec![words.now.messages.of(it.messages)];
    if let Some(last) = it.attempts.last() {
        told.push(words.waiting.tried.of(last.attempt));
        let length = clock.length(last.duration_ms);
        told.push(format!("{} · {length}", words.told(&last.summary)));
    }
    told.extend(it.why.as_deref().map(|why| words.told(why)));
    told.join(" · ")
}

impl Page {
    fn tone(&self, it: &Tried) -> &'static str {
        tone(&it.status)
    }

    fn about(&self, it: &Tried) -> String {
        about(&self.shell, it)
    }
}

async fn show(Visit { ask, shell }: Visit, Query(asked): Query<Asked>) -> Response {
    let (history, narrow) = HISTORY.read::<History>(&ask, &shell.words, asked).await;
    let next = history
        .as_ref()
        .ok()
        .and_then(|it| it.next_cursor.as_deref());
    let shown = Page {
        older: next.map(|cursor| narrow.at(cursor)),
        shell,
        narrow,
        history,
    };
    page(&ask, StatusCode::OK, &shown)
}
