//! A destination: how it does, its call, its tries and its last answers.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::answers::{Buffers, Destination};
use super::{API, PATH, acts};
use crate::console::acts::Act;
use crate::console::asking::Refused;
use crate::console::pages::history::{History, Tried, about as about_call, tone as tone_of_call};
use crate::console::pages::now::about;
use crate::console::pages::now::answers::{Destination as Doing, Overview};
use crate::console::pages::refused;
use crate::console::pages::saying::shortened;
use crate::console::pages::tries::Tries;
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::state::Stopped;
use crate::console::visit::{Visit, page};

/// Calls that are shown.
const CALLS: &str = "10";
/// Most characters of an answer.
const LONGEST: usize = 160;

#[derive(Template)]
#[template(path = "destinations/one.html")]
struct Page {
    shell: Shell,
    it: Destination,
    doing: Option<Doing>,
    is_stopped: bool,
    /// The buffers that deliver here.
    of_buffers: Vec<String>,
    calls: Result<History, Refused>,
    acts: Vec<Act>,
    removals: Vec<Act>,
    /// The time line of its tries, as HTML.
    tries: Option<String>,
    edit: String,
}

impl Page {
    fn about(&self, doing: &Doing) -> String {
        about(&self.shell, doing)
    }

    fn about_call(&self, it: &Tried) -> String {
        about_call(&self.shell, it)
    }

    fn tone_of(&self, it: &Tried) -> &'static str {
        tone_of_call(&it.status)
    }

    fn answer(&self, it: &Tried) -> Option<String> {
        let head = it.response.as_ref()?.head.as_deref()?;
        (!head.trim().is_empty()).then(|| shortened(head, LONGEST))
    }

    /// Since when it is being removed.
    fn removing(&self) -> Option<String> {
        let since = self.shell.clock.ago(&self.it.removing.as_ref()?.since);
        Some(
            self.shell
                .words
                .destinations
                .removing
                .with(&[("ago", &since)]),
        )
    }

    /// How fast it may be called, in words.
    fn limits(&self) -> Vec<String> {
        let (words, clock) = (&self.shell.words.destinations, &self.shell.clock);
        let timeout = clock.seconds(self.it.timeout);
        let mut told = vec![
            words.timeout.with(&[("length", &timeout)]),
            words.concurrency.of(self.it.concurrency),
        ];
        if let Some(max_len) = self.it.max_len {
            told.push(words.max_len.of(max_len));
        }
        if self.it.is_fleeting() {
            told.push(words.fleeting.clone());
        }
        if let Some(pace) = &self.it.pace {
            let every = clock.seconds(pace.every);
            told.push(words.pace.with(&[("n", &pace.batch), ("every", &every)]));
        }
        if self.it.split {
            told.push(words.split.clone());
        }
        if !self.it.secrets.is_empty() {
            let keys = u64::try_from(self.it.secrets.len()).unwrap_or_default();
            told.push(words.signed.of(keys));
        }
        told
    }

    /// What makes the body.
    fn body_of(&self) -> &str {
        let words = &self.shell.words.destinations;
        if self.it.template.is_some() {
            &words.body_template
        } else if self.it.content.is_some() || self.it.aggregate_field.is_some() {
            &words.body_other
        } else {
            &words.body_payload
        }
    }
}

pub(super) async fn show(Path(name): Path<String>, visit: Visit) -> Response {
    let path = format!("{API}/{}", segment(&name));
    let query = [("destination", name.as_str()), ("limit", CALLS)];
    // The overview may be a moment older than what was stopped here just now.
    let (it, overview, calls, buffers, stopped) = tokio::join!(
        visit.ask.get::<Destination>(&path, &[]),
        visit.ask.overview::<Overview>(),
        visit.ask.get::<History>("/api/history", &query),
        visit.ask.get::<Buffers>("/api/buffers", &[]),
        visit.ask.get::<Stopped>("/api/control", &[]),
    );
    let it = match it {
        Ok(it) => it,
        Err(refusal) => return refused(&visit, &refusal, PATH),
    };
    let Visit { ask, shell } = visit;
    let doing = overview.map_or_else(|_| Vec::new(), |it| it.destinations.items);
    let doing = doing.into_iter().find(|doing| doing.name == it.name);
    let waiting = doing.as_ref().and_then(|it| it.waiting_lanes);
    let buffers = buffers.map_or_else(|_| Vec::new(), |it| it.items);
    let of_buffers = buffers
        .into_iter()
        .filter(|buffer| buffer.goes_to(&it.name));
    let of_buffers: Vec<_> = of_buffers.map(|buffer| buffer.name).collect();
    let is_stopped = stopped.is_ok_and(|it| it.destinations.contains(&name));
    let newest = calls.as_ref().ok().and_then(|calls| calls.items.first());
    let newest = newest.map(|call| call.webhook_id.as_str());
    let removals = if it.is_of_environment() || !of_buffers.is_empty() {
        Vec::new()
    } else {
        acts::removals(&ask, &shell, &it, waiting.unwrap_or_default())
    };
    let tries = it.retry.as_ref().and_then(|it| Tries::of(&shell, it));
    let shown = Page {
        acts: acts::buttons(&ask, &shell, &it.name, newest, is_stopped),
        tries: tries.and_then(|it| it.render().ok()),
        edit: format!("{PATH}/{}/edit", segment(&it.name)),
        removals,
        of_buffers,
        is_stopped,
        doing,
        calls,
        it,
        shell,
    };
    page(&ask, StatusCode::OK, &shown)
}
