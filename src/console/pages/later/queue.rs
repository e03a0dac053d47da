//! The message queue, which leaves one by one: who is when, and taking one out of it.

use axum::Router;
use axum::extract::{Form, Path};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;

use super::answers::{Messages, Queue, Queued};
use super::{LONGEST, List, MESSAGES, PATH, Page, Which};
use crate::console::Console;
use crate::console::acts::{Act, done};
use crate::console::asking::{Asking, Call};
use crate::console::pages::saying::shortened;
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::Visit;

/// The buffer and the destination of the message queue.
const QUEUE: &str = "messages";

/// A message of the queue.
pub(super) struct Turn {
    pub(super) call: String,
    pub(super) user: String,
    pub(super) said: String,
    pub(super) about: Vec<String>,
    /// None: it was tried, so that it cannot be taken back.
    pub(super) act: Option<Act>,
}

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console/later/queue/{id}/take-back", post(taken_back))
}

fn taking_out(id: &str) -> Call {
    Call::delete(format!("/api/messages/{}", segment(id)))
}

#[derive(Deserialize)]
struct Back {
    back: String,
}

async fn taken_back(
    Path(id): Path<String>,
    visit: Visit,
    Form(Back { back }): Form<Back>,
) -> Response {
    done(visit, &taking_out(&id), "taken_back", &back).await
}

pub(super) async fn queue(which: Which, ask: &Asking, shell: Shell) -> Page {
    let query = [
        ("status", "pending"),
        ("limit", MESSAGES),
        ("cursor", which.cursor.as_str()),
    ];
    let destination = format!("/api/destinations/{QUEUE}");
    let (list, of_queue) = tokio::join!(
        ask.get::<Messages>("/api/messages", &query),
        ask.get::<Queue>(&destination, &[]),
    );
    let pace = of_queue.ok().and_then(|it| it.pace);
    let words = &shell.words.later;
    let mut about = Vec::new();
    if let Some(total) = list.as_ref().ok().and_then(|it| it.total) {
        about.push(words.queue_total.of(total));
    }
    if let Some(pace) = &pace {
        let every = shell.clock.seconds(pace.every);
        let facts: [(&str, &dyn std::fmt::Display); 2] = [("n", &pace.batch), ("every", &every)];
        about.push(words.queue_pace.with(&facts));
    }
    if let Some(Ok(strip)) = &shell.strip {
        let stopped = &strip.stopped;
        let of_queue = |names: &[String]| names.iter().any(|it| it == QUEUE);
        if stopped.everything || of_queue(&stopped.buffers) || of_queue(&stopped.destinations) {
            about.push(words.queue_stopped.clone());
        }
    }
    let (list, cursor, searched_until) = match list {
        Ok(list) => {
            // Where somebody stands is known on the first page alone.
            let first = which.cursor.is_empty();
            let turns = list.items.into_iter().zip(1_u64..);
            let turns = turns.map(|(it, n)| turn(ask, &shell, it, first.then_some(n)));
            let turns = List::Queue(turns.collect());
            (Ok(turns), list.next_cursor, list.searched_until)
        }
        Err(refusal) => (Err(refusal), None, None),
    };
    Page {
        shell,
        which,
        buffers: Vec::new(),
        list,
        cursor,
        searched_until,
        about,
    }
}

fn turn(ask: &Asking, shell: &Shell, it: Queued, place: Option<u64>) -> Turn {
    let (words, clock) = (&shell.words.later, &shell.clock);
    let mut about = Vec::new();
    about.extend(place.map(|n| words.turn.with(&[("n", &n)])));
    if let Some(at) = &it.created_at {
        about.push(words.came.with(&[("ago", &clock.ago(at))]));
    }
    about.extend(it.retry_count.filter(|n| *n > 0).map(|n| words.tried.of(n)));
    let act = it.retry_count.is_none().then(|| Act {
        action: format!("{PATH}/queue/{}/take-back", segment(&it.id)),
        label: words.take_back.clone(),
        icon: "trash",
        sure: Some(words.take_back_sure.clone()),
        harms: true,
        key: "",
        curl: taking_out(&it.id).curl(&ask.origin()),
        fields: Vec::new(),
    });
    Turn {
        act,
        call: format!("/console/history/{}", segment(&it.id)),
        said: shortened(it.content.as_deref().unwrap_or("–"), LONGEST),
        user: it.phone_number,
        about,
    }
}
