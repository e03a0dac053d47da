//! Who did what, when, and from where?

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use super::narrow::{Asked, By, Narrow, Narrowed};
use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};

const HERE: &str = "/console/audit";
const AUDIT: Narrowed = Narrowed {
    page: HERE,
    list: "/api/audit",
    by: &[By::Action],
    limit: "50",
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route(HERE, get(show))
}

/// As in `GET /api/audit`.
#[derive(Debug, Deserialize)]
struct Audit {
    items: Vec<Entry>,
    next_cursor: Option<String>,
    searched_until: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    at: String,
    action: String,
    subject: Option<String>,
    actor: Option<String>,
    address: Option<String>,
    count: Option<u64>,
    before: Option<Value>,
    after: Option<Value>,
}

#[derive(Template)]
#[template(path = "audit/page.html")]
struct Page {
    shell: Shell,
    narrow: Narrow,
    audit: Result<Audit, Refused>,
    older: Option<String>,
}

impl Page {
    /// By whom, and from where.
    fn by(&self, entry: &Entry) -> String {
        let words = &self.shell.words.audit;
        let who = match (&entry.actor, &entry.address) {
            (Some(name), _) => words.by_key.with(&[("name", name)]),
            (None, Some(_)) => words.by_nobody.clone(),
            (None, None) => words.by_itself.clone(),
        };
        match &entry.address {
            Some(address) => format!("{who}, {}", words.at.with(&[("address", address)])),
            None => who,
        }
    }
}

async fn show(Query(asked): Query<Asked>, Visit { ask, shell }: Visit) -> Response {
    let (audit, narrow) = AUDIT.read::<Audit>(&ask, &shell.words, asked).await;
    let next = audit.as_ref().ok().and_then(|it| it.next_cursor.as_deref());
    let shown = Page {
        older: next.map(|cursor| narrow.at(cursor)),
        shell,
        narrow,
        audit,
    };
    page(&ask, StatusCode::OK, &shown)
}
