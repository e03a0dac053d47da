//! The pages.

mod audit;
pub(super) mod bare;
mod buffers;
pub(super) mod chat;
mod dead;
mod destinations;
mod entrance;
mod find;
mod form;
mod history;
mod later;
mod narrow;
pub(super) mod now;
mod numbers;
mod posts;
mod removal;
mod saying;
mod schedules;
mod settings;
mod start;
mod tries;
mod waiting;
mod windows;

use askama::Template;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::ACCEPT;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use chrono_tz::TZ_VARIANTS;
use serde_json::Value;

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
        .merge(posts::routes())
        .merge(numbers::routes())
        .merge(audit::routes())
        .merge(settings::routes())
        .merge(start::routes())
        .merge(buffers::routes())
        .merge(waiting::routes())
        .merge(windows::routes())
        .merge(dead::routes())
        .merge(history::routes())
        .merge(destinations::routes())
        .merge(schedules::routes())
        .merge(later::routes())
        .merge(acts::routes())
        .method_not_allowed_fallback(bare::other_method)
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

impl More {
    /// The pages that stand nowhere else on a phone: path, name, and the question that each answers.
    fn pages(&self) -> [(&'static str, &str, &str); 12] {
        let words = &self.shell.words;
        let windows = &words.windows;
        let (waiting, history) = (&words.waiting, &words.history);
        let (posts, numbers) = (&words.posts, &words.numbers);
        let (audit, settings) = (&words.audit, &words.settings);
        let (destinations, schedules) = (&words.destinations, &words.schedules);
        let later = &words.later;
        let buffers = &words.buffers;
        [
            ("/console/windows", &windows.title, &windows.question),
            ("/console/waiting", &waiting.title, &waiting.about),
            ("/console/history", &history.title, &history.about),
            (
                "/console/destinations",
                &destinations.title,
                &destinations.question,
            ),
            ("/console/schedules", &schedules.title, &schedules.question),
            ("/console/later", &later.title, &later.question),
            ("/console/posts", &posts.title, &posts.question),
            ("/console/buffers", &buffers.title, &buffers.question),
            ("/console/numbers", &numbers.title, &numbers.question),
            ("/console/audit", &audit.title, &audit.question),
            ("/console/settings", &settings.title, &settings.question),
            ("/console/start", &words.start.title, &words.start.about),
        ]
    }
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

/// As much of a body is shown, in letters: a page of them stays small.
const SHOWN: usize = 4000;

/// What somebody sent, to be read: a text as it is, anything else as JSON in lines. Whether its end is left out.
pub(super) fn shortened(value: &Value) -> (String, bool) {
    let text = match value {
        Value::String(text) => text.clone(),
        other => format!("{other:#}"),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => (format!("{}…", &text[..end]), true),
        None => (text, false),
    }
}

/// Zones that are offered; any other can be written.
pub(super) fn zones() -> impl Iterator<Item = &'static str> {
    let all = TZ_VARIANTS.iter().map(|zone| zone.name());
    all.filter(|name| {
        let near = ["UTC", "Europe/Lisbon", "Europe/Madrid"].contains(name);
        near || name.starts_with("America/")
    })
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
