//! The story of a chat: the verdict for each complaint, what can be done, and everything that happened.

mod answers;
mod telling;
mod verdict;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::refused;
use crate::console::Console;
use crate::console::acts::{Act, LONGER, OfBatch, OfChat, PAUSE};
use crate::console::asking::{Asking, with_query};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use answers::{Detail, Story};
use telling::{Line, lines};
use verdict::{Told, told};

/// Entries on a page, about.
const ENTRIES: &str = "100";

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console/chats/{token}", get(show))
}

#[derive(Template)]
#[template(path = "chat/page.html")]
struct Page {
    shell: Shell,
    story: Story,
    /// None: it could not be read now.
    detail: Option<Detail>,
    verdict: Option<Told>,
    lines: Vec<Line>,
    acts: Vec<Act>,
    /// Where what was before stands.
    older: Option<String>,
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    cursor: String,
}

impl Page {
    fn called(&self) -> &str {
        let story = &self.story;
        let number = story.phone.as_deref();
        story.name.as_deref().or(number).unwrap_or(&story.user)
    }

    fn number(&self) -> Option<&str> {
        self.story.phone.as_deref()
    }

    fn paused(&self) -> Option<String> {
        let left = self.detail.as_ref()?.paused_for?;
        let length = self.shell.clock.seconds(left);
        Some(
            self.shell
                .words
                .chat
                .paused_for
                .with(&[("length", &length)]),
        )
    }
}

async fn show(
    Path(token): Path<String>,
    Query(Which { cursor }): Query<Which>,
    visit: Visit,
) -> Response {
    let path = format!("/api/chats/{token}");
    let story = format!("{path}/story");
    let query = [("limit", ENTRIES), ("cursor", cursor.as_str())];
    let (story, detail) = tokio::join!(
        visit.ask.get::<Story>(&story, &query),
        visit.ask.get::<Detail>(&path, &[]),
    );
    let story = match story {
        Ok(story) => story,
        Err(refusal) => return refused(&visit, &refusal, "/console/find"),
    };
    let Visit { ask, shell } = visit;
    let detail = detail.ok();
    let older = story.next_cursor.as_deref();
    let older =
        older.map(|cursor| with_query(&format!("/console/chats/{token}"), &[("cursor", cursor)]));
    let shown = Page {
        verdict: story.verdict.as_ref().map(|verdict| told(&shell, verdict)),
        lines: lines(&shell, &story),
        acts: detail
            .as_ref()
            .map_or_else(Vec::new, |it| acts(&ask, &shell, &token, it)),
        older,
        story,
        detail,
        shell,
    };
    page(&ask, StatusCode::OK, &shown)
}

/// What can be done to the chat as it is.
fn acts(ask: &Asking, shell: &Shell, token: &str, detail: &Detail) -> Vec<Act> {
    let (words, clock) = (&shell.words.acts, &shell.clock);
    let mut acts = Vec::new();
    if let Some(window) = &detail.window {
        let n = window.messages;
        let longer = words
            .wait_longer
            .with(&[("length", &clock.length(LONGER * 1000))]);
        acts.push(OfChat::Flush.button(ask, token, words.send_now.of(n), None));
        acts.push(OfChat::Extend.button(ask, token, longer, None));
        let drop = words.drop_window.of(n);
        acts.push(OfChat::Cancel.button(ask, token, drop, Some(&words.drop_sure)));
    }
    if let Some(letter) = detail.dead_letters.first() {
        let sure = format!(
            "{} → {}. {}",
            shell.words.told(&letter.reason),
            letter.destination,
            words.revive_sure
        );
        acts.push(OfBatch::Revive.button(ask, &letter.id, words.revive.clone(), Some(&sure)));
    }
    acts.push(match detail.paused_for {
        Some(_) => OfChat::Resume.button(ask, token, words.resume.clone(), None),
        None => {
            let label = words.pause.with(&[("length", &clock.length(PAUSE * 1000))]);
            let sure = detail.window.is_some().then_some(words.pause_sure.as_str());
            OfChat::Pause.button(ask, token, label, sure)
        }
    });
    let erase = words.erase.clone();
    acts.push(OfChat::Erase.button(ask, token, erase, Some(&words.erase_sure)));
    acts
}
