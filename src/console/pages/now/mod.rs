//! Is it working? A verdict, what is open, how destinations and lines do, and the switch for everything.

pub(in crate::console::pages) mod answers;

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;

use crate::console::Console;
use crate::console::acts::{self, Act};
use crate::console::asking::{Asking, Refused};
use crate::console::shell::Shell;
use crate::console::state::{State, Strip};
use crate::console::visit::{HX_REQUEST, Visit, page};
use answers::{Closing, Daemons, Destination, LineRefusal, Overview, Windows};
pub(super) use answers::{Line, Lines};

/// Windows that are shown; of the others only how many there are.
const WINDOWS: &str = "50";

/// What is said first.
struct Verdict {
    tone: &'static str,
    says: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "now/page.html")]
struct Page<'a> {
    shell: &'a Shell,
    parts: Parts<'a>,
}

/// How many windows close within some time.
struct Bar {
    label: String,
    windows: u64,
    /// Of the most, in hundredths.
    share: u64,
}

/// What is read again as long as somebody looks, and the strip of the same moment.
#[derive(Template)]
#[template(path = "now/again.html")]
struct Again<'a> {
    shell: &'a Shell,
    parts: Parts<'a>,
}

/// What tells of now.
#[derive(Template)]
#[template(path = "now/parts.html")]
struct Parts<'a> {
    shell: &'a Shell,
    verdict: Option<Verdict>,
    late: Option<String>,
    overview: Result<Overview, Refused>,
    windows: Result<Windows, Refused>,
    lines: Result<Lines, Refused>,
    acts: Vec<Act>,
}

#[derive(Template)]
#[template(path = "strip.html")]
struct StripOnly {
    shell: Shell,
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console", get(show))
        .route("/console/now", get(parts))
        .route("/console/strip", get(strip))
}

impl<'a> Parts<'a> {
    async fn of(ask: &Asking, shell: &'a Shell) -> Self {
        let (overview, windows, lines) = tokio::join!(
            ask.overview(),
            ask.get("/api/chats", &[("limit", WINDOWS)]),
            ask.get("/api/lines", &[]),
        );
        Self {
            shell,
            verdict: verdict(shell, &overview),
            late: late(shell, &overview),
            overview,
            windows,
            lines,
            acts: acts(ask, shell),
        }
    }

    fn about(&self, it: &Destination) -> String {
        about(self.shell, it)
    }

    fn alive(&self, overview: &Overview) -> String {
        let Daemons { api, monitor } = &overview.daemons;
        let words = &self.shell.words.now;
        words.daemons.with(&[("api", api), ("monitor", monitor)])
    }

    /// Of all open windows, how soon they close.
    fn closing(&self) -> Vec<Bar> {
        let closing = self.overview.as_ref().map(|it| it.closing.as_slice());
        bars(closing.unwrap_or_default())
    }

    fn last_post(&self, at: &str) -> String {
        last_post(self.shell, at)
    }

    fn refused(&self, refusal: &LineRefusal) -> String {
        let code = self.shell.words.refusals.of(&refusal.code);
        format!("{code} ({})", self.shell.clock.ago(&refusal.at))
    }
}

fn bars(closing: &[Closing]) -> Vec<Bar> {
    let most = closing.iter().map(|it| it.windows).max();
    let most = most.unwrap_or_default().max(1);
    let mut from = 0;
    let bars = closing.iter().map(|it| {
        let label = span(from, it.within);
        from = it.within.unwrap_or(from);
        Bar {
            label,
            windows: it.windows,
            share: (it.windows * 100).div_ceil(most),
        }
    });
    bars.collect()
}

/// `5–15 s`, `1–5 min`, `> 1 h`: units are written alike in all languages.
fn span(from: u64, to: Option<u64>) -> String {
    let in_unit = |seconds: u64| match seconds {
        0..60 => (seconds, "s"),
        60..3600 => (seconds / 60, "min"),
        _ => (seconds / 3600, "h"),
    };
    let Some(to) = to else {
        let (number, unit) = in_unit(from);
        return format!("> {number} {unit}");
    };
    let ((number, unit), (last, last_unit)) = (in_unit(from), in_unit(to));
    if unit == last_unit || from == 0 {
        format!("{number}–{last} {last_unit}")
    } else {
        format!("{number} {unit} – {last} {last_unit}")
    }
}

/// When something last came through a line.
pub(super) fn last_post(shell: &Shell, at: &str) -> String {
    let ago = shell.clock.ago(at);
    shell.words.now.last_post.with(&[("ago", &ago)])
}

/// How a destination does, in a sentence.
pub(super) fn about(shell: &Shell, it: &Destination) -> String {
    let (words, clock) = (&shell.words.now, &shell.clock);
    let mut told = Vec::new();
    if let Some(at) = &it.failing_since {
        told.push(words.failing_since.with(&[("ago", &clock.ago(at))]));
    }
    if let (Some(failure), "down" | "failing") = (&it.last_failure, it.state.as_str()) {
        let facts: [(&str, &dyn std::fmt::Display); 2] = [
            ("ago", &clock.ago(&failure.at)),
            ("summary", &shell.words.told(&failure.summary)),
        ];
        told.push(words.last_failure.with(&facts));
    }
    if let Some(at) = &it.last_success_at {
        told.push(words.last_success.with(&[("ago", &clock.ago(at))]));
    }
    told.join(" · ")
}

async fn show(Visit { ask, shell }: Visit) -> Response {
    let shown = Page {
        parts: Parts::of(&ask, &shell).await,
        shell: &shell,
    };
    page(&ask, StatusCode::OK, &shown)
}

async fn parts(Visit { ask, mut shell }: Visit, headers: HeaderMap) -> Response {
    // What is done leads back to the page.
    "/console".clone_into(&mut shell.here);
    // Somebody who has kept the address gets the page.
    if !headers.contains_key(HX_REQUEST) {
        return show(Visit { ask, shell }).await;
    }
    let again = Again {
        parts: Parts::of(&ask, &shell).await,
        shell: &shell,
    };
    page(&ask, StatusCode::OK, &again)
}

async fn strip(Visit { ask, shell }: Visit) -> Response {
    page(&ask, StatusCode::OK, &StripOnly { shell })
}

fn acts(ask: &Asking, shell: &Shell) -> Vec<Act> {
    let Some(Ok(strip)) = &shell.strip else {
        return Vec::new();
    };
    let words = &shell.words.now;
    vec![if strip.stopped.everything {
        acts::switch(ask, "start", words.start_all.clone(), None)
    } else {
        acts::switch(
            ask,
            "stop",
            words.stop_all.clone(),
            Some(&words.stop_all_sure),
        )
    }]
}

fn verdict(shell: &Shell, overview: &Result<Overview, Refused>) -> Option<Verdict> {
    let Some(Ok(strip)) = &shell.strip else {
        return None;
    };
    let words = &shell.words.now;
    let overdue = overview
        .as_ref()
        .ok()
        .and_then(|it| it.oldest_overdue_window);
    let (says, detail) = match strip.state() {
        State::NoMonitor => (words.no_monitor.clone(), words.no_monitor_detail.clone()),
        State::Stopped => (words.stopped.clone(), words.stopped_detail.clone()),
        State::Standing => {
            let length = shell.clock.seconds(overdue.unwrap_or_default());
            let detail = words.standing_detail.with(&[("length", &length)]);
            (words.standing.clone(), detail)
        }
        State::Failing => (
            words.failing.of(strip.failing()),
            words.failing_detail.clone(),
        ),
        State::Works => (words.works.clone(), works(shell, strip)),
    };
    Some(Verdict {
        tone: strip.tone(),
        says,
        detail,
    })
}

fn works(shell: &Shell, strip: &Strip) -> String {
    let counts = &strip.counts;
    let (windows, waiting) = (counts.open_windows, counts.waiting_batches);
    let facts: [(&str, &dyn std::fmt::Display); 2] = [("windows", &windows), ("waiting", &waiting)];
    shell.words.now.works_detail.with(&facts)
}

fn late(shell: &Shell, overview: &Result<Overview, Refused>) -> Option<String> {
    let overview = overview.as_ref().ok()?;
    let words = &shell.words.now;
    let Some(late) = &overview.lateness else {
        return Some(words.never_late.clone());
    };
    let length = |seconds: Option<f64>| shell.clock.seconds(seconds.unwrap_or(600.0));
    let (p50, p99) = (length(late.p50), length(late.p99));
    let facts: [(&str, &dyn std::fmt::Display); 2] = [("p50", &p50), ("p99", &p99)];
    Some(words.late.with(&facts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_as_short_as_it_can_be() {
        let bounds = [Some(5), Some(15), Some(60), Some(300), Some(3600), None];
        let closing = bounds.map(|within| Closing { within, windows: 3 });
        let labels: Vec<_> = bars(&closing).into_iter().map(|it| it.label).collect();
        let expected = [
            "0–5 s",
            "5–15 s",
            "15 s – 1 min",
            "1–5 min",
            "5 min – 1 h",
            "> 1 h",
        ];
        assert_eq!(labels, expected);
    }
}
