//! How do I set it up? Each buffer: its way in, its window, where it delivers, what it does about silence, and a trial.

mod acts;
mod answers;
mod one;
mod tabs;
mod trying;
mod tuner;
mod way_in;

use askama::Template;
use axum::Router;
use axum::extract::{Form as Posted, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::form::{Filled, Form};
use super::narrow::names;
use super::now::{Line, Lines, last_post};
use crate::console::Console;
use crate::console::acts::told;
use crate::console::asking::{Asking, Call, Refused};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page};
pub(super) use acts::{has_own_secret, random_secret};
pub(super) use answers::Buffer;
use answers::{Buffers, Counted, Held};
pub(super) use tabs::sources;
pub(super) use way_in::Steps;

const HERE: &str = "/console/buffers";
const ALL: &str = "/api/buffers";
/// Buffers on a page: of each its open windows are counted.
const ON_A_PAGE: usize = 50;

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(HERE, get(list).post(make))
        .route(
            "/console/buffers/{buffer}",
            get(one::way_in).post(one::save_way_in),
        )
        .route("/console/buffers/{buffer}/secret", post(acts::make_secret))
        .route("/console/buffers/{buffer}/switch", post(acts::switch))
        .route("/console/buffers/{buffer}/remove", post(acts::remove))
        .route(
            "/console/buffers/{buffer}/try",
            get(trying::show).post(trying::try_out),
        )
        .route(
            "/console/buffers/{buffer}/{tab}",
            get(one::show).post(one::save),
        )
}

/// The page of a buffer.
fn path_of(name: &str) -> String {
    format!("{HERE}/{}", segment(name))
}

/// The same in the API.
fn api_path(name: &str) -> String {
    format!("{ALL}/{}", segment(name))
}

/// How many open windows it has; none: that cannot be told now.
async fn windows_in(ask: &Asking, name: &str) -> Option<u64> {
    let query = [("buffer", name), ("limit", "1")];
    let windows = ask.get::<Counted>("/api/chats", &query).await;
    windows.ok()?.total
}

/// What is in a buffer; none: that cannot be told now.
async fn held_by(ask: &Asking, name: &str) -> Option<Held> {
    let query = [("buffer", name), ("limit", "500")];
    let (windows, later) = tokio::join!(
        windows_in(ask, name),
        ask.get::<Counted>("/api/messages/later", &query),
    );
    let later = later.ok()?;
    let counted = later.items.len();
    Some(Held {
        windows: windows?,
        later: match later.next_cursor {
            Some(_) => format!("{counted}+"),
            None => counted.to_string(),
        },
    })
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    from: usize,
}

/// A buffer of the list.
struct Row {
    buffer: Buffer,
    lines: Vec<Line>,
    /// Whether it is known what was posted to it.
    is_heard: bool,
    /// None: it is not known now.
    windows: Option<u64>,
}

#[derive(Template)]
#[template(path = "buffers/list.html")]
struct List {
    shell: Shell,
    rows: Result<Vec<Row>, Refused>,
    /// The next page.
    next: Option<String>,
    /// That of a new one.
    form: Form,
    curl: String,
}

impl Row {
    /// When something was last posted to it.
    fn last_post(&self) -> Option<&str> {
        let posts = self
            .lines
            .iter()
            .filter_map(|it| it.last_post_at.as_deref());
        posts.max()
    }

    /// The lines that have a name.
    fn named_lines(&self) -> Vec<&str> {
        let named = self.lines.iter().filter_map(|it| it.line.as_deref());
        named.take(5).collect()
    }

    fn path(&self) -> String {
        path_of(&self.buffer.name)
    }
}

impl List {
    fn last_post(&self, at: &str) -> String {
        last_post(&self.shell, at)
    }

    fn source(&self, buffer: &Buffer) -> String {
        tabs::called(&self.shell, &buffer.source)
    }
}

async fn list(Query(which): Query<Which>, visit: Visit) -> Response {
    let begins_with = json!({ "source": "evolution", "destinations": ["default"] });
    let form = Form::new(&tabs::NEW, &begins_with);
    answer(visit, which.from, form, StatusCode::OK).await
}

async fn make(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    let form = Form::filled(&tabs::NEW, filled);
    let name = form.filled.get("name").trim().to_owned();
    match form.write(&visit.ask, ALL, &api_path(&name)).await {
        Ok(()) => told(&path_of(&name), "buffer_made", 0),
        Err(form) => {
            let status = form.refusal().map(|refused| refused.status);
            answer(visit, 0, form, status.unwrap_or_default()).await
        }
    }
}

async fn answer(
    Visit { ask, shell }: Visit,
    from: usize,
    form: Form,
    status: StatusCode,
) -> Response {
    let (buffers, lines, destinations) = tokio::join!(
        ask.get::<Buffers>(ALL, &[]),
        ask.get::<Lines>("/api/lines", &[]),
        names(&ask, "/api/destinations", ""),
    );
    let is_heard = lines.is_ok();
    let mut lines = lines.map(|lines| lines.items).unwrap_or_default();
    let mut next = None;
    let rows = match buffers {
        Err(refused) => Err(refused),
        Ok(Buffers { items }) => {
            let more = items.len() > from.saturating_add(ON_A_PAGE);
            next = more.then(|| format!("{HERE}?from={}", from + ON_A_PAGE));
            let mut rows = Vec::new();
            for buffer in items.into_iter().skip(from).take(ON_A_PAGE) {
                let is_its = |line: &mut Line| line.buffer.as_ref() == Some(&buffer.name);
                rows.push(Row {
                    windows: windows_in(&ask, &buffer.name).await,
                    lines: lines.extract_if(.., is_its).collect(),
                    is_heard,
                    buffer,
                });
            }
            Ok(rows)
        }
    };
    let example = json!({ "name": "loja", "source": "evolution", "destinations": ["default"] });
    let shown = List {
        curl: Call::post(ALL, Some(example)).curl(&ask.origin()),
        form: form.among(destinations),
        rows,
        next,
        shell,
    };
    page(&ask, status, &shown)
}
