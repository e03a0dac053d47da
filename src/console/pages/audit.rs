//! Who did what, when, and from where?

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use crate::console::Console;
use crate::console::asking::{Refused, with_query};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use crate::core::action::Action;

/// Entries on a page.
const ENTRIES: &str = "50";
const HERE: &str = "/console/audit";

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

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    action: String,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "audit/page.html")]
struct Page {
    shell: Shell,
    which: Which,
    audit: Result<Audit, Refused>,
}

impl Which {
    fn from(&self, cursor: &str) -> String {
        let query = [("action", self.action.as_str()), ("cursor", cursor)];
        with_query(HERE, &query)
    }
}

impl Page {
    /// The actions to choose among, with what each is called.
    fn actions(&self) -> Vec<(&'static str, &str)> {
        let words = &self.shell.words.actions;
        let all = Action::ALL.iter().map(|it| it.word());
        let mut all: Vec<_> = all.map(|word| (word, words.of(word))).collect();
        all.sort_by_key(|(_, called)| called.to_lowercase());
        all
    }

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

async fn show(Query(which): Query<Which>, Visit { ask, shell }: Visit) -> Response {
    let query = [
        ("limit", ENTRIES),
        ("action", which.action.as_str()),
        ("cursor", which.cursor.as_str()),
    ];
    let audit = ask.get("/api/audit", &query).await;
    let shown = Page {
        shell,
        which,
        audit,
    };
    page(&ask, StatusCode::OK, &shown)
}
