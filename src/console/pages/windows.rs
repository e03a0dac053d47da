//! Who is writing now? All open windows, the next to close first, and what can be done to each.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::chat::of_window;
use super::narrow::{Asked, By, Narrow, Narrowed};
use super::now::answers::{Window, Windows};
use crate::console::Console;
use crate::console::acts::Act;
use crate::console::asking::{Asking, Refused};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};

const PATH: &str = "/console/windows";
const WINDOWS: Narrowed = Narrowed {
    page: PATH,
    list: "/api/chats",
    by: &[By::Buffer],
    limit: "50",
};

struct Row {
    window: Window,
    /// Where its story is; none: nobody has one.
    story: Option<String>,
    acts: Vec<Act>,
}

#[derive(Template)]
#[template(path = "windows.html")]
struct Page {
    shell: Shell,
    narrow: Narrow,
    rows: Result<Vec<Row>, Refused>,
    total: Option<u64>,
    /// Where the list goes on.
    more: Option<String>,
}

pub(super) fn routes() -> Router<Console> {
    Router::new().route(PATH, get(show))
}

async fn show(Visit { ask, shell }: Visit, Query(asked): Query<Asked>) -> Response {
    let (windows, narrow) = WINDOWS.read::<Windows>(&ask, &shell.words, asked).await;
    let (mut total, mut more) = (None, None);
    let rows = windows.map(|windows| {
        total = windows.total;
        more = windows.next_cursor.map(|cursor| narrow.at(&cursor));
        let windows = windows.items.into_iter();
        windows.map(|it| row(&ask, &shell, it)).collect()
    });
    let shown = Page {
        shell,
        narrow,
        rows,
        total,
        more,
    };
    page(&ask, StatusCode::OK, &shown)
}

fn row(ask: &Asking, shell: &Shell, window: Window) -> Row {
    let token = window.token.as_deref();
    let acts = token.map(|token| of_window(ask, shell, token, window.messages));
    // A key that stands for the one window of a page cannot stand for fifty.
    let acts = acts.into_iter().flatten().map(|act| Act { key: "", ..act });
    Row {
        acts: acts.collect(),
        story: token.map(|token| format!("/console/chats/{token}")),
        window,
    }
}
