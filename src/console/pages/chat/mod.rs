//! The story of a chat: the verdict for each complaint, what can be done, and everything that happened.

mod answers;
mod person;
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
use super::waiting::lane_of;
use crate::console::Console;
use crate::console::acts::{Act, LONGER, OfBatch, OfChat, OfLane, PAUSE};
use crate::console::asking::{Asking, with_query};
use crate::console::shell::Shell;
use crate::console::spelling::is_seen;
use crate::console::visit::{Visit, page};
use answers::{Detail, Story, Window};
use person::{Chip, Person};
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
    /// The chats of the same person.
    chips: Vec<Chip>,
    lines: Vec<Line>,
    acts: Vec<Act>,
    /// Where what was before stands.
    older: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Which {
    cursor: String,
    /// All chats of the person are told as one story.
    all: bool,
    /// Of that only what is not newer.
    to: String,
}

impl Page {
    fn called(&self) -> &str {
        let story = &self.story;
        let name = story.name.as_deref().filter(|name| is_seen(name));
        let number = story.phone.as_deref();
        name.or(number).unwrap_or(&story.user)
    }

    fn number(&self) -> Option<&str> {
        self.story.phone.as_deref()
    }

    fn window(&self) -> Option<&Window> {
        self.detail.as_ref()?.window.as_ref()
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

async fn show(Path(token): Path<String>, Query(which): Query<Which>, visit: Visit) -> Response {
    let path = format!("/api/chats/{token}");
    let story = format!("{path}/story");
    let query = [
        ("limit", ENTRIES),
        ("cursor", which.cursor.as_str()),
        ("to", which.to.as_str()),
    ];
    let (story, detail) = tokio::join!(
        visit.ask.get::<Story>(&story, &query),
        visit.ask.get::<Detail>(&path, &[]),
    );
    let mut story = match story {
        Ok(story) => story,
        Err(refusal) => return refused(&visit, &refusal, "/console/find"),
    };
    let Visit { ask, shell } = visit;
    let detail = detail.ok();
    let person = Person::of(&ask, &token, &story).await;
    // Somebody with one chat has the story of that one.
    let together = which.all && person.has_several();
    let (entries, older) = if together {
        let all = person.together(&ask, &token, &mut story, &which.to).await;
        (all.entries, all.before.map(|to| ("to", to)))
    } else {
        let entries = std::mem::take(&mut story.items).into_iter();
        let older = story.next_cursor.take().map(|cursor| ("cursor", cursor));
        (entries.map(|it| (String::new(), it)).collect(), older)
    };
    let all = if together { "true" } else { "" };
    let older = older
        .map(|(name, value)| with_query(&path_of(&token), &[("all", all), (name, value.as_str())]));
    let verdict = story.verdict.as_ref().filter(|_| which.to.is_empty());
    let shown = Page {
        verdict: verdict.map(|verdict| told(&shell, verdict)),
        chips: person.chips(&shell, &token, together),
        lines: lines(&ask, &shell, &entries),
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

/// Where the story of a chat stands.
fn path_of(token: &str) -> String {
    format!("/console/chats/{token}")
}

/// What can be done to the chat as it is.
fn acts(ask: &Asking, shell: &Shell, token: &str, detail: &Detail) -> Vec<Act> {
    let words = &shell.words.acts;
    let window = detail.window.as_ref();
    let mut acts = window.map_or_else(Vec::new, |window| {
        to_window(ask, shell, token, window.messages)
    });
    if let Some(letter) = detail.dead_letters.first() {
        let sure = format!(
            "{} → {}. {}",
            shell.words.told(&letter.reason),
            letter.destination,
            words.revive_sure
        );
        acts.push(OfBatch::Revive.button(ask, &letter.id, words.revive.clone(), Some(&sure)));
    }
    let waiting = detail.lanes.iter();
    let waiting = waiting.filter(|it| it.next_attempt_in > 0.0 && !it.in_hand);
    acts.extend(waiting.map(|lane| {
        let wanted = lane_of(Some(token), "", "", &lane.destination);
        let label = format!("{} → {}", shell.words.waiting.try_now, lane.destination);
        OfLane::Now.button(ask, &wanted, label, None)
    }));
    acts.push(match detail.paused_for {
        Some(_) => OfChat::Resume.button(ask, token, words.resume.clone(), None),
        None => pause(ask, shell, token, window.map_or(0, |it| it.messages)),
    });
    let erase = words.erase.clone();
    acts.push(OfChat::Erase.button(ask, token, erase, Some(&words.erase_sure)));
    acts
}

/// What can be done to a chat that is known by its open window alone, of which so many messages are shown.
pub(in crate::console) fn of_window(
    ask: &Asking,
    shell: &Shell,
    token: &str,
    messages: u64,
) -> Vec<Act> {
    let mut acts = to_window(ask, shell, token, messages);
    acts.push(pause(ask, shell, token, messages));
    acts
}

fn to_window(ask: &Asking, shell: &Shell, token: &str, messages: u64) -> Vec<Act> {
    let words = &shell.words.acts;
    let length = shell.clock.length(LONGER * 1000);
    let longer = words.wait_longer.with(&[("length", &length)]);
    let drop = words.drop_window.of(messages);
    vec![
        OfChat::Flush
            .button(ask, token, words.send_now.of(messages), None)
            .showing(messages),
        OfChat::Extend.button(ask, token, longer, None),
        OfChat::Cancel
            .button(ask, token, drop, Some(&words.drop_sure))
            .showing(messages),
    ]
}

fn pause(ask: &Asking, shell: &Shell, token: &str, messages: u64) -> Act {
    let words = &shell.words.acts;
    let length = shell.clock.length(PAUSE * 1000);
    let label = words.pause.with(&[("length", &length)]);
    let sure = (messages > 0).then_some(words.pause_sure.as_str());
    OfChat::Pause
        .button(ask, token, label, sure)
        .showing(messages)
}
