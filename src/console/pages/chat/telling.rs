//! What happened in a chat as lines of a page, the oldest first: a line for each day, and for each time of quiet.

use super::answers::{Entry, Happened};
use crate::console::acts::{Act, again_button, call_path};
use crate::console::asking::Asking;
use crate::console::pages::saying;
use crate::console::shell::Shell;

/// Quiet of so long is a line of its own, ms.
const QUIET: u64 = 60_000;
/// Most characters of a text that stand in a line: a page is for reading.
const LONGEST: usize = 2_000;

/// A line of the story.
pub(super) enum Line {
    /// A day begins.
    Day(String),
    /// Nothing happened for so long.
    Quiet(String),
    /// Something happened.
    Happened(Box<Told>),
}

/// Something that happened, in words.
#[derive(Default)]
pub(super) struct Told {
    /// Names the line in a link.
    pub(super) id: String,
    /// The chat, where several are told as one; else empty.
    pub(super) chat: String,
    pub(super) at: String,
    pub(super) time: String,
    pub(super) icon: &'static str,
    /// `good`, `bad`, `ours` or nothing.
    pub(super) tone: &'static str,
    pub(super) title: String,
    /// What somebody said: hostile input.
    pub(super) said: Option<String>,
    pub(super) more: String,
    /// Where the call stands.
    pub(super) call: Option<String>,
    /// What can be done about it.
    pub(super) act: Option<Act>,
}

/// The lines of a story. Each entry comes with its chat, where several are told as one.
pub(super) fn lines(ask: &Asking, shell: &Shell, entries: &[(String, Entry)]) -> Vec<Line> {
    let clock = &shell.clock;
    let (mut lines, mut day, mut before) = (Vec::new(), String::new(), None::<&str>);
    for (number, (chat, entry)) in entries.iter().enumerate() {
        let this_day = clock.day(&entry.at);
        let quiet = before.and_then(|before| clock.between(before, &entry.at));
        if let Some(quiet) = quiet.filter(|quiet| *quiet >= QUIET) {
            let length = clock.roughly(quiet);
            lines.push(Line::Quiet(
                shell.words.story.quiet_for.with(&[("length", &length)]),
            ));
        }
        if this_day != day {
            lines.push(Line::Day(this_day.clone()));
            day = this_day;
        }
        lines.push(Line::Happened(Box::new(Told {
            id: id(entry, number, entries),
            chat: chat.clone(),
            at: entry.at.clone(),
            time: clock.time(&entry.at),
            act: act(ask, shell, &entry.what),
            ..happened(shell, &entry.what)
        })));
        before = Some(&entry.at);
    }
    lines
}

/// The same on every page that shows the entry: its moment, and its number among those of that moment.
fn id(entry: &Entry, number: usize, entries: &[(String, Entry)]) -> String {
    let before = entries[..number].iter().rev();
    let same = before.take_while(|(_, it)| it.at == entry.at).count();
    let digits: String = entry.at.chars().filter(char::is_ascii_digit).collect();
    format!("at{digits}-{same}")
}

/// What was delivered can be sent again.
fn act(ask: &Asking, shell: &Shell, what: &Happened) -> Option<Act> {
    match what {
        Happened::Attempt {
            webhook_id,
            destination,
            delivered: true,
            ..
        } if shell.may_change() => Some(again_button(ask, shell, webhook_id, destination)),
        _ => None,
    }
}

fn happened(shell: &Shell, what: &Happened) -> Told {
    let (words, all) = (&shell.words.story, &shell.words);
    match what {
        Happened::Received { kind, text } => Told {
            icon: "said",
            said: text.as_deref().map(shortened),
            title: match (kind.as_deref(), text) {
                (None, _) => words.said_nothing_kept.clone(),
                (Some("text"), _) => String::new(),
                (Some(kind), _) => format!("📎 {kind}"),
            },
            ..Told::default()
        },
        Happened::Ignored { result } => Told {
            icon: "ignored",
            title: words.ignored.with(&[("reason", &all.results.of(result))]),
            ..Told::default()
        },
        Happened::Answered { by, text } => Told {
            icon: "ours",
            tone: "ours",
            title: match by.as_str() {
                "bot" => words.ours_by_bot.clone(),
                "person" => words.ours_by_person.clone(),
                _ => words.ours.clone(),
            },
            said: text.as_deref().map(shortened),
            ..Told::default()
        },
        Happened::Closed { .. } => closed(shell, what),
        Happened::Attempt { .. } => attempt(shell, what),
        Happened::GivenUp {
            webhook_id,
            destination,
            reason,
        } => Told {
            icon: "dead",
            tone: "bad",
            title: words.given_up.with(&[("destination", destination)]),
            more: match reason {
                Some(reason) => format!("{reason} · {webhook_id}"),
                None => webhook_id.clone(),
            },
            call: Some(call_path(webhook_id)),
            ..Told::default()
        },
        Happened::Act { action, actor } => {
            let action = all.actions.of(action);
            Told {
                icon: "act",
                title: match actor {
                    Some(who) => words.act_by.with(&[("action", &action), ("who", who)]),
                    None => words.act.with(&[("action", &action)]),
                },
                ..Told::default()
            }
        }
        Happened::Later { message } => {
            let text = message
                .as_str()
                .map_or_else(|| message.to_string(), str::to_owned);
            Told {
                icon: "wait",
                title: words.later.with(&[("text", &shortened(&text))]),
                ..Told::default()
            }
        }
        Happened::FollowUp { number } => Told {
            icon: "wait",
            title: words.follow_up.with(&[("n", number)]),
            ..Told::default()
        },
        Happened::Open {
            messages,
            expires_in,
        } => Told {
            icon: "wait",
            title: words
                .open
                .with(&[("length", &shell.clock.seconds(*expires_in))]),
            more: words.open_messages.of(*messages),
            ..Told::default()
        },
    }
}

fn closed(shell: &Shell, what: &Happened) -> Told {
    let Happened::Closed {
        webhook_id,
        destinations,
        reason,
        messages,
        typing_ms,
        repeats,
    } = what
    else {
        return Told::default();
    };
    let words = &shell.words.story;
    let (icon, begin) = match repeats {
        Some(_) => ("again", words.sent_again.clone()),
        None => {
            let reason = shell.words.reasons.of(reason);
            ("closed", words.closed.with(&[("reason", &reason)]))
        }
    };
    let typing = (*typing_ms > 0 && repeats.is_none()).then(|| {
        let length = shell.clock.length(*typing_ms);
        words.typing.with(&[("length", &length)])
    });
    let repeats = repeats.as_ref().map(|it| words.repeats.with(&[("id", it)]));
    let more = [typing, Some(webhook_id.clone()), repeats];
    let more: Vec<_> = more.into_iter().flatten().collect();
    Told {
        icon,
        title: format!(
            "{begin} · {} → {}",
            words.closed_messages.of(*messages),
            destinations.join(", ")
        ),
        more: more.join(" · "),
        call: Some(call_path(webhook_id)),
        ..Told::default()
    }
}

fn attempt(shell: &Shell, what: &Happened) -> Told {
    let Happened::Attempt {
        webhook_id,
        destination,
        attempt,
        duration_ms,
        summary,
        answer,
        delivered,
    } = what
    else {
        return Told::default();
    };
    let length = shell.clock.length(*duration_ms);
    let summary = shell.words.told(summary);
    let tried = shell
        .words
        .story
        .attempt
        .with(&[("n", attempt), ("length", &length)]);
    Told {
        icon: if *delivered { "sent" } else { "failed" },
        tone: if *delivered { "good" } else { "bad" },
        title: format!("{destination}: {summary} · {tried}"),
        said: answer.as_deref().filter(|it| !it.is_empty()).map(shortened),
        more: webhook_id.clone(),
        call: Some(call_path(webhook_id)),
        ..Told::default()
    }
}

/// A text as far as a page shows it.
fn shortened(text: &str) -> String {
    saying::shortened(text, LONGEST)
}
