//! What waits for its time, and when does it leave? Messages for later, which can be taken back, and the message queue, which
//! leaves one by one.

mod answers;
mod queue;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::narrow::names;
use super::saying::words_of;
use crate::console::Console;
use crate::console::acts::{Act, done};
use crate::console::asking::{Asking, Call, Refused, with_query};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page};
use answers::{Kept, Later};
use queue::{Turn, queue};

const PATH: &str = "/console/later";
const API: &str = "/api/messages/later";
/// Messages on a page.
const MESSAGES: &str = "50";
/// Most characters of what is to be said.
const LONGEST: usize = 300;

/// What is shown. All of it stands in the address but the chat, which is posted, so that no proxy logs a number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    /// `queue`: the message queue; else messages for later.
    what: String,
    buffer: String,
    user: String,
    cursor: String,
}

/// A message for later.
struct Row {
    id: String,
    story: Option<String>,
    user: String,
    buffer: String,
    said: String,
    leaves: String,
    came: String,
    act: Act,
}

enum List {
    Later(Vec<Row>),
    Queue(Vec<Turn>),
}

#[derive(Template)]
#[template(path = "later/page.html")]
struct Page {
    shell: Shell,
    which: Which,
    buffers: Vec<String>,
    list: Result<List, Refused>,
    /// Where the next page begins.
    cursor: Option<String>,
    /// Until when a page that has nothing was looked through.
    searched_until: Option<String>,
    /// What is told of the queue as a whole.
    about: Vec<String>,
}

impl Which {
    fn is_queue(&self) -> bool {
        self.what == "queue"
    }

    fn is_narrow(&self) -> bool {
        !self.buffer.is_empty() || !self.user.is_empty()
    }

    /// The address of the list, as far as that may tell.
    fn address(&self) -> String {
        with_query(PATH, &[("what", &self.what), ("buffer", &self.buffer)])
    }
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route(PATH, get(show).post(show_posted))
        .route("/console/later/{id}/take-back", post(taken_back))
        .merge(queue::routes())
}

async fn show(Query(mut which): Query<Which>, visit: Visit) -> Response {
    which.user.clear();
    shown(which, visit).await
}

async fn show_posted(mut visit: Visit, Form(which): Form<Which>) -> Response {
    visit.shell.here = which.address();
    shown(which, visit).await
}

async fn shown(mut which: Which, Visit { ask, shell }: Visit) -> Response {
    which.user = which.user.trim().to_owned();
    let shown = if which.is_queue() {
        queue(which, &ask, shell).await
    } else {
        later(which, &ask, shell).await
    };
    page(&ask, StatusCode::OK, &shown)
}

async fn later(which: Which, ask: &Asking, shell: Shell) -> Page {
    let query = [
        ("limit", MESSAGES),
        ("buffer", which.buffer.as_str()),
        ("user", &which.user),
        ("cursor", &which.cursor),
    ];
    let (list, buffers) = tokio::join!(
        ask.get::<Later>(API, &query),
        names(ask, "/api/buffers", &which.buffer),
    );
    let (list, cursor, searched_until) = match list {
        Ok(list) => {
            let rows = list.items.into_iter().map(|kept| row(ask, &shell, kept));
            let rows = List::Later(rows.collect());
            (Ok(rows), list.next_cursor, list.searched_until)
        }
        Err(refusal) => (Err(refusal), None, None),
    };
    Page {
        shell,
        which,
        buffers,
        list,
        cursor,
        searched_until,
        about: Vec::new(),
    }
}

fn row(ask: &Asking, shell: &Shell, kept: Kept) -> Row {
    let (words, clock) = (&shell.words.later, &shell.clock);
    let (at, ago) = (clock.moment(&kept.send_at), clock.ago(&kept.send_at));
    let came = clock.ago(&kept.received_at);
    Row {
        story: kept.token.map(|token| format!("/console/chats/{token}")),
        said: words_of(&kept.message, LONGEST),
        leaves: words.leaves.with(&[("at", &at), ("ago", &ago)]),
        came: words.came.with(&[("ago", &came)]),
        act: Act {
            action: format!("{PATH}/{}/take-back", segment(&kept.id)),
            label: words.take_back.clone(),
            icon: "trash",
            sure: Some(words.take_back_sure.clone()),
            harms: true,
            key: "",
            curl: taking_back(&kept.id, &kept.user, &kept.buffer).curl(&ask.origin()),
            fields: vec![("user", kept.user.clone()), ("buffer", kept.buffer.clone())],
        },
        id: kept.id,
        user: kept.user,
        buffer: kept.buffer,
    }
}

/// Of one chat: those of several can have the same id.
fn taking_back(id: &str, user: &str, buffer: &str) -> Call {
    let path = format!("{API}/{}", segment(id));
    Call::delete(with_query(&path, &[("user", user), ("buffer", buffer)]))
}

#[derive(Deserialize)]
struct OfChat {
    user: String,
    buffer: String,
    back: String,
}

async fn taken_back(
    Path(id): Path<String>,
    visit: Visit,
    Form(OfChat { user, buffer, back }): Form<OfChat>,
) -> Response {
    let call = taking_back(&id, &user, &buffer);
    done(visit, &call, "taken_back", &back).await
}
