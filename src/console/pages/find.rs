//! What happened to this customer? Everybody whose number matches. What is looked for is posted, so that no proxy logs a number.

use askama::Template;
use axum::Router;
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::now::{Lines, last_post};
use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::spelling::is_seen;
use crate::console::visit::{Visit, page, see};

/// As in `GET /api/find`.
#[derive(Debug, Deserialize)]
struct Found {
    people: Vec<Person>,
    more: bool,
    searched_until: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Person {
    number: Option<String>,
    name: Option<String>,
    chats: Vec<Chat>,
}

#[derive(Debug, Deserialize)]
struct Chat {
    user: String,
    buffer: String,
    token: Option<String>,
    state: String,
    last_heard_at: Option<String>,
    #[serde(default)]
    shared: bool,
}

impl Person {
    /// What they call themselves, if anything of it is seen.
    fn called(&self) -> Option<&str> {
        self.name.as_deref().filter(|name| is_seen(name))
    }

    /// Where all that happened in their chats is told as one story; none: there is but one.
    fn together(&self) -> Option<String> {
        let own = self.chats.iter().filter(|it| !it.shared);
        let mut tokens = own.filter_map(|it| it.token.as_deref());
        let first = tokens.next()?;
        tokens.next()?;
        Some(format!("/console/chats/{first}?all=true"))
    }
}

#[derive(Template)]
#[template(path = "find/page.html")]
struct Page {
    shell: Shell,
    asked: String,
    found: Option<Result<Found, Refused>>,
    /// When nobody was found: whether gateways post at all.
    lines: Option<Result<Lines, Refused>>,
}

#[derive(Deserialize)]
struct Asked {
    q: String,
}

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console/find", get(show).post(find))
}

impl Page {
    fn last_heard(&self, at: &str) -> String {
        let ago = self.shell.clock.ago(at);
        self.shell.words.find.last_heard.with(&[("ago", &ago)])
    }

    fn last_post(&self, at: &str) -> String {
        last_post(&self.shell, at)
    }

    fn searched_until(&self, at: &str) -> String {
        let time = self.shell.clock.moment(at);
        self.shell
            .words
            .find
            .searched_until
            .with(&[("time", &time)])
    }
}

async fn show(Visit { ask, shell }: Visit) -> Response {
    let empty = Page {
        shell,
        asked: String::new(),
        found: None,
        lines: None,
    };
    page(&ask, StatusCode::OK, &empty)
}

/// Of what is longer the API says that it is too long, and is not handed all of it.
const LONGEST: usize = 1025;

async fn find(Visit { ask, mut shell }: Visit, Form(Asked { q }): Form<Asked>) -> Response {
    // No number and no id has signs that nobody can type.
    let q: String = q
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect();
    let found = ask.get::<Found>("/api/find", &[("q", &q)]).await;
    // Where there is only one chat that can be meant, its story is what is asked for.
    if let Ok(found) = &found
        && let [person] = found.people.as_slice()
        && let [chat] = person.chats.as_slice()
        && let Some(token) = &chat.token
    {
        return see(&format!("/console/chats/{token}"));
    }
    let nobody = matches!(&found, Ok(found) if found.people.is_empty());
    let lines = if nobody {
        Some(ask.get("/api/lines", &[]).await)
    } else {
        None
    };
    shell.here = "/console/find".to_owned();
    let status = found.as_ref().err().map_or(StatusCode::OK, |it| it.status);
    let shown = Page {
        shell,
        asked: q,
        found: Some(found),
        lines,
    };
    page(&ask, status, &shown)
}
