//! What was given up on, and may I send it again? One letter at a time, or many after a look at what that would do.

mod answers;
mod many;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::narrow::{Asked, By, Narrow, Narrowed};
use super::saying::words_of;
use super::waiting::story;
use crate::console::Console;
use crate::console::acts::{Act, OfBatch};
use crate::console::asking::{Asking, Refused};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use answers::{Letter, Letters, Revivals};

const PATH: &str = "/console/dead";
const LETTERS: Narrowed = Narrowed {
    page: PATH,
    list: "/api/messages/dead-letter",
    by: &[By::Destination, By::Buffer, By::Reason],
    // Each is read whole.
    limit: "30",
};
/// Most characters of what was said, and messages of a letter.
const LONGEST: usize = 300;
const MOST_SAID: usize = 3;

/// A dead letter.
struct Row {
    id: String,
    story: Option<String>,
    user: String,
    buffer: String,
    destination: String,
    amount: String,
    buried: String,
    buried_at: String,
    reason: String,
    /// The same as it is kept, which is what the list is narrowed by; none: that is what `reason` says.
    kept: Option<String>,
    said: Vec<String>,
    call: String,
    acts: Vec<Act>,
}

#[derive(Template)]
#[template(path = "dead/page.html")]
struct Page {
    shell: Shell,
    narrow: Narrow,
    letters: Result<Vec<Row>, Refused>,
    older: Option<String>,
    /// How far revivals are that are under way.
    under_way: Vec<String>,
}

pub(super) fn routes() -> Router<Console> {
    Router::new().route(PATH, get(show)).merge(many::routes())
}

async fn show(Visit { ask, shell }: Visit, Query(asked): Query<Asked>) -> Response {
    let ((letters, narrow), revivals) = tokio::join!(
        LETTERS.read::<Letters>(&ask, &shell.words, asked),
        ask.get::<Revivals>("/api/dead-letter/revive", &[]),
    );
    let (letters, next) = match letters {
        Ok(letters) => {
            let rows = letters.items.into_iter().map(|it| row(&ask, &shell, it));
            (Ok(rows.collect()), letters.next_cursor)
        }
        Err(refusal) => (Err(refusal), None),
    };
    let shown = Page {
        under_way: revivals.map_or_else(|_| Vec::new(), |it| progress(&shell, &it)),
        older: next.map(|cursor| narrow.at(&cursor)),
        shell,
        narrow,
        letters,
    };
    page(&ask, StatusCode::OK, &shown)
}

fn progress(shell: &Shell, revivals: &Revivals) -> Vec<String> {
    let items = revivals.items.iter();
    let told = items.map(|it| {
        let ago = shell.clock.ago(&it.asked_at);
        let facts: [(&str, &dyn std::fmt::Display); 3] =
            [("back", &it.back), ("count", &it.count), ("ago", &ago)];
        shell.words.dead.progress.with(&facts)
    });
    told.collect()
}

fn row(ask: &Asking, shell: &Shell, letter: Letter) -> Row {
    let (words, acts) = (&shell.words.dead, &shell.words.acts);
    let count = u64::try_from(letter.messages.len()).unwrap_or_default();
    let messages = shell.words.now.messages.of(count);
    let tried = shell.words.waiting.tried.of(letter.attempts);
    let said = letter.messages.iter().take(MOST_SAID);
    let mut revive = OfBatch::Revive.button(ask, &letter.id, acts.revive.clone(), None);
    // On this page the key is that of many.
    revive.key = "";
    let reason = shell.words.told(&letter.reason);
    let drop = OfBatch::Drop.button(ask, &letter.id, words.drop.clone(), Some(&words.drop_sure));
    Row {
        story: story(letter.token.as_deref(), &letter.buffer),
        amount: format!("{messages} · {tried}"),
        buried: shell.clock.ago(&letter.buried_at),
        buried_at: shell.clock.moment(&letter.buried_at),
        said: said.map(|it| words_of(it, LONGEST)).collect(),
        call: format!("/console/history/{}", letter.webhook_id),
        acts: vec![revive, drop],
        id: letter.id,
        user: letter.user,
        buffer: letter.buffer,
        destination: letter.destination,
        kept: (reason != letter.reason).then_some(letter.reason),
        reason,
    }
}
