//! What is stuck, and behind what? What waits for each destination, in the order in which it is looked at, with its last answer.

mod answers;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use chrono::{SecondsFormat, TimeDelta};

use super::narrow::{Asked, By, Narrow, Narrowed};
use super::saying::shortened;
use crate::console::Console;
use crate::console::acts::{Act, OfLane, Wanted};
use crate::console::asking::{Asking, Refused};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};
use answers::{Destination, Lane, Lanes, Overview};

const PATH: &str = "/console/waiting";
const LANES: Narrowed = Narrowed {
    page: PATH,
    list: "/api/lanes",
    by: &[By::Destination, By::Buffer],
    limit: "50",
};
/// Most lanes that are tried at once: as many as one request to the API lets be.
const AT_ONCE: u64 = 1_000;
/// Most characters of an answer.
const LONGEST: usize = 500;

/// What waits for a destination, as far as it is on the page.
struct Group {
    destination: String,
    /// How the destination does; none: that is not known now.
    state: Option<String>,
    tone: &'static str,
    try_all: Option<Act>,
    rows: Vec<Row>,
}

/// A lane.
struct Row {
    id: String,
    /// Where the story is; none: nobody has one.
    story: Option<String>,
    user: String,
    buffer: String,
    amount: String,
    since: String,
    /// Empty where that it waits for its next try says all.
    held: String,
    /// When it is tried next, and how long that is; none: it may be at any time.
    next: Option<(String, String)>,
    tried: String,
    last: Option<String>,
    answer: Option<String>,
    call: String,
    acts: Vec<Act>,
}

#[derive(Template)]
#[template(path = "waiting/page.html")]
struct Page {
    shell: Shell,
    narrow: Narrow,
    groups: Result<Vec<Group>, Refused>,
    older: Option<String>,
}

pub(super) fn routes() -> Router<Console> {
    Router::new().route(PATH, get(show))
}

async fn show(Visit { ask, shell }: Visit, Query(asked): Query<Asked>) -> Response {
    let ((lanes, narrow), overview) = tokio::join!(
        LANES.read::<Lanes>(&ask, &shell.words, asked),
        ask.overview::<Overview>(),
    );
    let known = overview.map_or_else(|_| Vec::new(), |it| it.destinations.items);
    let (groups, next) = match lanes {
        Ok(lanes) => (
            Ok(groups(&ask, &shell, lanes.items, &known, &narrow.asked)),
            lanes.next_cursor,
        ),
        Err(refusal) => (Err(refusal), None),
    };
    let older = next.map(|cursor| narrow.at(&cursor));
    let shown = Page {
        shell,
        narrow,
        groups,
        older,
    };
    page(&ask, StatusCode::OK, &shown)
}

/// Lanes come by destination.
fn groups(
    ask: &Asking,
    shell: &Shell,
    lanes: Vec<Lane>,
    known: &[Destination],
    asked: &Asked,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for lane in lanes {
        let is_new = groups
            .last()
            .is_none_or(|group| group.destination != lane.destination);
        if is_new {
            let about = known.iter().find(|it| it.name == lane.destination);
            groups.push(Group {
                state: about.map(|it| it.state.clone()),
                tone: about.map_or("", |it| tone(&it.state)),
                try_all: try_all(ask, shell, &lane.destination, about, asked),
                destination: lane.destination.clone(),
                rows: Vec::new(),
            });
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(row(ask, shell, lane));
        }
    }
    groups
}

fn tone(state: &str) -> &'static str {
    match state {
        "works" => "good",
        "down" | "failing" => "bad",
        "stopped" => "warn",
        _ => "",
    }
}

/// All that waits for a destination is tried at once, or what is of the buffer that is asked for. How much that is, is known
/// only of all.
fn try_all(
    ask: &Asking,
    shell: &Shell,
    destination: &str,
    about: Option<&Destination>,
    asked: &Asked,
) -> Option<Act> {
    let words = &shell.words.waiting;
    let waiting = about.and_then(|it| it.waiting_lanes);
    let label = match (waiting, asked.buffer.as_str()) {
        (Some(0 | 1), _) => return None,
        (Some(n), "") => words.try_all.of(n.min(AT_ONCE)),
        (None, "") => words.try_some.with(&[("n", &AT_ONCE)]),
        (_, buffer) => words
            .try_buffer
            .with(&[("buffer", &buffer), ("n", &AT_ONCE)]),
    };
    let wanted = Wanted {
        destination: destination.to_owned(),
        buffer: asked.buffer.clone(),
        ..Wanted::default()
    };
    Some(OfLane::Now.button(ask, &wanted, label, Some(&words.try_all_sure)))
}

fn row(ask: &Asking, shell: &Shell, lane: Lane) -> Row {
    let (words, clock) = (&shell.words.waiting, &shell.clock);
    let messages = shell.words.now.messages.of(lane.messages);
    let amount = match lane.batches {
        0 | 1 => messages,
        more => format!("{messages} · {}", words.behind.of(more - 1)),
    };
    let waits = lane.next_attempt_in > 0.0 && !lane.in_hand;
    let next = waits.then(|| {
        let ms = std::time::Duration::try_from_secs_f64(lane.next_attempt_in).map_or(0, |it| {
            i64::try_from(it.as_millis()).unwrap_or(i64::MAX / 2)
        });
        let at = clock.now + TimeDelta::milliseconds(ms);
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        (at, clock.seconds(lane.next_attempt_in))
    });
    Row {
        id: format!("l-{}-{}-{}", lane.hash, lane.buffer, lane.destination),
        story: story(lane.token.as_deref(), &lane.buffer),
        amount,
        since: words.since.with(&[("ago", &clock.ago(&lane.closed_at))]),
        held: match (&next, lane.held_by.as_str()) {
            (Some(_), "retry") => String::new(),
            (_, held) => shell.words.held.of(held).to_owned(),
        },
        next,
        tried: match lane.attempts {
            0 => words.never_tried.clone(),
            n => words.tried.of(n),
        },
        last: lane.last.as_ref().map(|last| {
            let ago = clock.ago(&last.at);
            let summary = shell.words.told(&last.summary);
            words.last.with(&[("summary", &summary), ("ago", &ago)])
        }),
        answer: lane
            .last
            .as_ref()
            .and_then(|last| last.answer.as_deref())
            .filter(|answer| !answer.trim().is_empty())
            .map(|answer| shortened(answer, LONGEST)),
        call: format!("/console/history/{}", lane.webhook_id),
        acts: acts(ask, shell, &lane),
        user: lane.user,
        buffer: lane.buffer,
    }
}

/// Where the story of a chat is. Schedules and what they send have none.
pub(super) fn story(token: Option<&str>, buffer: &str) -> Option<String> {
    let token = token.filter(|_| !buffer.starts_with('.'))?;
    Some(format!("/console/chats/{token}"))
}

/// What can be done to the lane of a chat.
fn acts(ask: &Asking, shell: &Shell, lane: &Lane) -> Vec<Act> {
    // What is on its way is left alone, and so is what is behind another.
    if lane.in_hand || lane.held_by == "behind" {
        return Vec::new();
    }
    let wanted = lane_of(
        lane.token.as_deref(),
        &lane.user,
        &lane.buffer,
        &lane.destination,
    );
    lane_acts(ask, shell, &wanted, &lane.webhook_id)
}

/// The lane of a chat, by its token where it has one.
pub(super) fn lane_of(token: Option<&str>, user: &str, buffer: &str, destination: &str) -> Wanted {
    let (user, buffer) = match token {
        Some(token) => (token, ""),
        None => (user, buffer),
    };
    Wanted {
        user: user.to_owned(),
        buffer: buffer.to_owned(),
        destination: destination.to_owned(),
        ..Wanted::default()
    }
}

/// Its buttons.
pub(super) fn lane_acts(ask: &Asking, shell: &Shell, wanted: &Wanted, batch: &str) -> Vec<Act> {
    let words = &shell.words.waiting;
    let batch = Wanted {
        webhook_id: batch.to_owned(),
        ..wanted.clone()
    };
    let sure = Some(words.give_up_sure.as_str());
    vec![
        OfLane::Now.button(ask, wanted, words.try_now.clone(), None),
        OfLane::GiveUp.button(ask, &batch, words.give_up.clone(), sure),
    ]
}
