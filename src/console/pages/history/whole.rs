//! One call whole: what was said, and at each destination its attempts, its call, the answer, and what can be done now.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{SecondsFormat, TimeDelta};

use super::answers::{Attempt, DeadLetter, Destined, OnLane, Request, Said, Tried, Whole};
use super::curl::curl;
use super::{PATH, tone};
use crate::console::acts::{Act, OfBatch, again_button, call_path};
use crate::console::asking::Asking;
use crate::console::pages::refused;
use crate::console::pages::saying::{shortened, words_of};
use crate::console::pages::waiting::{lane_acts, lane_of, story};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page};

/// Most characters of a body, and of a message.
const LONGEST_BODY: usize = 20_000;
const LONGEST: usize = 2_000;

/// What became of it at a destination.
struct At {
    destined: Destined,
    acts: Vec<Act>,
    curl: Option<String>,
    /// When it is tried next, and how long that is.
    next: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "history/whole.html")]
struct Page {
    shell: Shell,
    whole: Whole,
    story: Option<String>,
    all: Vec<At>,
}

impl Page {
    fn tone(&self, state: &str) -> &'static str {
        tone(state)
    }

    fn words(&self, said: &Said) -> String {
        words_of(&said.message, LONGEST)
    }

    fn body(&self, body: &str) -> String {
        let read: Option<serde_json::Value> = serde_json::from_str(body).ok();
        let text = read.and_then(|it| serde_json::to_string_pretty(&it).ok());
        shortened(text.as_deref().unwrap_or(body), LONGEST_BODY)
    }

    fn bytes(&self, request: &Request) -> String {
        self.shell.words.history.bytes.of(request.bytes)
    }

    fn attempt(&self, it: &Attempt) -> String {
        let length = self.shell.clock.length(it.duration_ms);
        format!("{} · {length}", self.shell.words.told(&it.summary))
    }

    fn closed(&self, it: &Tried) -> String {
        let words = &self.shell.words;
        let reason = words.reasons.of(&it.reason);
        let time = self.shell.clock.moment(&it.closed_at);
        let closed = match it.repeats {
            Some(_) => words.story.sent_again.clone(),
            None => words.story.closed.with(&[("reason", &reason)]),
        };
        format!("{closed} · {time} · {}", words.now.messages.of(it.messages))
    }

    /// The call that was sent again in this one, and where that stands.
    fn repeats<'a>(&self, it: &'a Tried) -> Option<(&'a str, String)> {
        let id = it.repeats.as_deref()?;
        Some((id, call_path(id)))
    }

    fn on_lane(&self, lane: &OnLane) -> &str {
        let (history, held) = (&self.shell.words.history, &self.shell.words.held);
        match () {
            () if lane.in_hand => held.of("in_hand"),
            () if !lane.first => &history.behind,
            () if lane.attempts == 0 => &self.shell.words.waiting.never_tried,
            () => &history.first,
        }
    }

    fn buried(&self, letter: &DeadLetter) -> String {
        let (ago, moment) = (
            self.shell.clock.ago(&letter.buried_at),
            self.shell.clock.moment(&letter.buried_at),
        );
        format!("{moment} · {ago}")
    }

    fn searched_until(&self) -> Option<String> {
        let at = self.whole.searched_until.as_deref()?;
        let time = self.shell.clock.moment(at);
        let words = &self.shell.words.history;
        Some(words.searched_until.with(&[("time", &time)]))
    }
}

pub(super) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let path = format!("/api/history/{}", segment(&id));
    let mut whole = match visit.ask.get::<Whole>(&path, &[]).await {
        Ok(whole) => whole,
        Err(refusal) => return refused(&visit, &refusal, PATH),
    };
    let Visit { ask, shell } = visit;
    let destinations = std::mem::take(&mut whole.destinations);
    let all = destinations.into_iter();
    let all = all.map(|it| at(&ask, &shell, &whole, it)).collect();
    let shown = Page {
        story: story(whole.token.as_deref(), &whole.buffer),
        shell,
        whole,
        all,
    };
    page(&ask, StatusCode::OK, &shown)
}

fn at(ask: &Asking, shell: &Shell, whole: &Whole, destined: Destined) -> At {
    let request = destined.history.as_ref().and_then(|it| it.request.as_ref());
    let seconds = destined.lane.as_ref().and_then(|it| it.next_attempt_in);
    let next = seconds.filter(|it| *it > 0.0).map(|seconds| {
        let ms = std::time::Duration::try_from_secs_f64(seconds).map_or(0, |it| {
            i64::try_from(it.as_millis()).unwrap_or(i64::MAX / 2)
        });
        let at = shell.clock.now + TimeDelta::milliseconds(ms);
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        (at, shell.clock.seconds(seconds))
    });
    At {
        curl: request.and_then(curl),
        acts: acts(ask, shell, whole, &destined),
        next,
        destined,
    }
}

/// What can be done to it at a destination: what is the first of its lane and not on its way, what is dead, and what was
/// delivered.
fn acts(ask: &Asking, shell: &Shell, whole: &Whole, destined: &Destined) -> Vec<Act> {
    if let Some(letter) = &destined.dead_letter {
        let (acts, dead) = (&shell.words.acts, &shell.words.dead);
        let sure = Some(acts.revive_sure.as_str());
        return vec![
            OfBatch::Revive.button(ask, &letter.id, acts.revive.clone(), sure),
            OfBatch::Drop.button(ask, &letter.id, dead.drop.clone(), Some(&dead.drop_sure)),
        ];
    }
    if destined.state == "delivered" {
        return vec![again_button(
            ask,
            shell,
            &whole.webhook_id,
            &destined.destination,
        )];
    }
    match &destined.lane {
        Some(lane) if lane.first && !lane.in_hand => {
            let token = whole.token.as_deref();
            let wanted = lane_of(token, &whole.user, &whole.buffer, &destined.destination);
            lane_acts(ask, shell, &wanted, &whole.webhook_id)
        }
        _ => Vec::new(),
    }
}
