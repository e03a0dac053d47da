//! Is it working? A verdict, what is open, how destinations and lines do, and the switch for everything.

pub(super) mod answers;

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
use answers::{Daemons, Destination, LineRefusal, Overview, Windows};
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
    acts: Vec<Act>,
}

/// What is read again as long as somebody looks.
#[derive(Template)]
#[template(path = "now/parts.html")]
struct Parts<'a> {
    shell: &'a Shell,
    verdict: Option<Verdict>,
    late: Option<String>,
    overview: Result<Overview, Refused>,
    windows: Result<Windows, Refused>,
    lines: Result<Lines, Refused>,
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

    fn last_post(&self, at: &str) -> String {
        last_post(self.shell, at)
    }

    fn refused(&self, refusal: &LineRefusal) -> String {
        let code = self.shell.words.refusals.of(&refusal.code);
        format!("{code} ({})", self.shell.clock.ago(&refusal.at))
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
        acts: acts(&ask, &shell),
        shell: &shell,
    };
    page(&ask, StatusCode::OK, &shown)
}

async fn parts(Visit { ask, shell }: Visit, headers: HeaderMap) -> Response {
    // Somebody who has kept the address gets the page.
    if !headers.contains_key(HX_REQUEST) {
        return show(Visit { ask, shell }).await;
    }
    page(&ask, StatusCode::OK, &Parts::of(&ask, &shell).await)
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
