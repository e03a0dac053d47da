//! Sending many dead letters again: first what that would do, then the button with its number.

use askama::Template;
use axum::Router;
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::PATH;
use super::answers::Preview;
use crate::console::Console;
use crate::console::acts::{Act, Wanted};
use crate::console::asking::{Asking, with_query};
use crate::console::pages::refused;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page, see};

#[derive(Template)]
#[template(path = "dead/preview.html")]
struct Page {
    shell: Shell,
    /// By what they are narrowed, in words; empty: all are meant.
    narrowed: Vec<(String, String)>,
    preview: Preview,
    /// None: there is nothing to send.
    act: Option<Act>,
    back: String,
}

impl Page {
    fn oldest(&self) -> Option<String> {
        let at = self.preview.oldest_at.as_deref()?;
        let clock = &self.shell.clock;
        Some(format!("{} ({})", clock.ago(at), clock.moment(at)))
    }
}

pub(super) fn routes() -> Router<Console> {
    // Counting is posted, as it goes by what is kept for long: whoever reloads a kept address is led to the list.
    Router::new().route(
        "/console/dead/preview",
        get(async || see(PATH)).post(preview),
    )
}

async fn preview(mut visit: Visit, Form(wanted): Form<Wanted>) -> Response {
    let query = [
        ("destination", wanted.destination.as_str()),
        ("buffer", &wanted.buffer),
        ("reason", &wanted.reason),
    ];
    let back = with_query(PATH, &query);
    visit.shell.here.clone_from(&back);
    let preview: Preview = match visit.ask.read(&wanted.revival(true)).await {
        Ok(preview) => preview,
        Err(refusal) => return refused(&visit, &refusal, &back),
    };
    let Visit { ask, shell } = visit;
    let shown = Page {
        narrowed: narrowed(&shell, &wanted),
        act: act(&ask, &shell, &wanted, preview.count),
        preview,
        back,
        shell,
    };
    page(&ask, StatusCode::OK, &shown)
}

fn narrowed(shell: &Shell, wanted: &Wanted) -> Vec<(String, String)> {
    let words = &shell.words.narrow;
    let all = [
        (&words.destination, &wanted.destination),
        (&words.buffer, &wanted.buffer),
        (&words.reason, &wanted.reason),
    ];
    let all = all.into_iter().filter(|(_, value)| !value.is_empty());
    all.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// As many as were counted and no more: what is given up on meanwhile is younger, and stays.
fn act(ask: &Asking, shell: &Shell, wanted: &Wanted, count: u64) -> Option<Act> {
    let counted = Wanted {
        limit: count.to_string(),
        ..wanted.clone()
    };
    let label = shell.words.dead.revive_many.of(count);
    (count > 0).then(|| counted.revive_button(ask, label))
}
