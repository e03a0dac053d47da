//! One buffer, a tab of it at a time.

use askama::Template;
use axum::extract::{Form as Posted, Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::acts;
use super::answers::Buffer;
use super::tabs::{self, Tab};
use super::tuner::Tuner;
use super::way_in::Steps;
use super::{ALL, HERE, api_path, held_by};
use crate::console::acts::{Act, told};
use crate::console::asking::{Asking, Refused};
use crate::console::pages::form::{Field, Filled, Form};
use crate::console::pages::narrow::names;
use crate::console::pages::{missing, refused};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};

/// The source that the fields of a form were those of.
const AS: &str = "as";

#[derive(Template)]
#[template(path = "buffers/one.html")]
struct Page {
    shell: Shell,
    tab: Tab,
    buffer: Buffer,
    form: Form,
    /// The command that writes what is there.
    curl: String,
    /// Of the way in.
    steps: Option<Steps>,
    /// A secret that was made just now.
    made: Option<String>,
    acts: Vec<Act>,
    /// Of the window.
    tuner: Option<Result<Tuner, Refused>>,
    /// The waits that somebody wants to see.
    waits: String,
}

impl Page {
    /// The fields that stand open, or those that are folded away.
    fn fields(&self, is_folded: bool) -> Vec<Field<'_>> {
        let all = self.form.paths();
        let all: Vec<_> = all
            .filter(|path| tabs::is_folded(path) == is_folded)
            .collect();
        self.form.fields(&self.shell, &all)
    }

    /// Whether what is folded away has something to tell.
    fn is_unfolded(&self) -> bool {
        let folded: Vec<_> = self.form.paths().filter(|it| tabs::is_folded(it)).collect();
        self.form.tells(&self.shell, &folded)
    }

    fn tabs(&self) -> Vec<(Tab, &str)> {
        Tab::of_buffer(&self.shell, &self.buffer)
    }

    fn about(&self) -> &str {
        let words = &self.shell.words.buffer;
        match self.tab {
            Tab::WayIn => &words.way_in_detail,
            Tab::Window => &words.window_detail,
            Tab::Out => &words.out_detail,
            Tab::Silence => &words.silence_detail,
            Tab::Try => &words.try_detail,
        }
    }

    /// Whether it can be written here and now.
    fn may_write(&self) -> bool {
        self.shell.may_change()
            && !self.buffer.is_of_environment()
            && self.buffer.removing.is_none()
    }

    fn removing_since(&self, since: &str) -> String {
        let ago = self.shell.clock.ago(since);
        self.shell.words.buffer.removing.with(&[("ago", &ago)])
    }
}

/// The waits that somebody wants to see.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    waits: String,
}

pub(super) async fn way_in(Path(name): Path<String>, visit: Visit) -> Response {
    shown(visit, &name, Tab::WayIn, Wanted::default()).await
}

pub(super) async fn show(
    Path((name, tab)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    visit: Visit,
) -> Response {
    match Tab::of(&tab) {
        Some(tab) => shown(visit, &name, tab, wanted).await,
        None => missing(visit).await,
    }
}

pub(super) async fn save_way_in(
    Path(name): Path<String>,
    visit: Visit,
    Posted(filled): Posted<Filled>,
) -> Response {
    saved(visit, &name, Tab::WayIn, filled).await
}

pub(super) async fn save(
    Path((name, tab)): Path<(String, String)>,
    visit: Visit,
    Posted(filled): Posted<Filled>,
) -> Response {
    match Tab::of(&tab) {
        Some(tab) => saved(visit, &name, tab, filled).await,
        None => missing(visit).await,
    }
}

async fn shown(visit: Visit, name: &str, tab: Tab, wanted: Wanted) -> Response {
    let there = match visit.ask.get::<Value>(&api_path(name), &[]).await {
        Ok(there) => there,
        Err(refusal) => return refused(&visit, &refusal, HERE),
    };
    let source = there["source"].as_str().unwrap_or_default();
    let form = Form::over(tab.inputs(source), &there);
    let look = Look {
        wanted,
        ..Look::at(tab, form)
    };
    answer(visit, there, look).await
}

async fn saved(visit: Visit, name: &str, tab: Tab, filled: Filled) -> Response {
    let inputs = tab.inputs(filled.get(AS));
    let form = Form::filled(inputs, filled);
    let path = api_path(name);
    let form = match form.write(&visit.ask, ALL, &path).await {
        Ok(()) => return told(&tab.path(name), "buffer_saved", 0),
        Err(form) => form,
    };
    match visit.ask.get::<Value>(&path, &[]).await {
        Ok(there) => answer(visit, there, Look::at(tab, form)).await,
        Err(refusal) => refused(&visit, &refusal, HERE),
    }
}

/// What is to be seen of a buffer.
pub(super) struct Look {
    tab: Tab,
    form: Form,
    /// A secret that was made just now.
    made: Option<String>,
    wanted: Wanted,
}

impl Look {
    pub(super) fn at(tab: Tab, form: Form) -> Self {
        Self {
            tab,
            form,
            made: None,
            wanted: Wanted::default(),
        }
    }

    /// The same with a secret that was made just now.
    pub(super) fn with(self, secret: String) -> Self {
        let made = Some(secret);
        Self { made, ..self }
    }
}

/// The page of a buffer that is there so.
pub(super) async fn answer(visit: Visit, there: Value, look: Look) -> Response {
    let Visit { ask, mut shell } = visit;
    let Look {
        tab,
        form,
        made,
        wanted,
    } = look;
    let Ok(buffer) = serde_json::from_value::<Buffer>(there.clone()) else {
        return missing(Visit { ask, shell }).await;
    };
    // Whatever is done from here leads back here, and not to what is done again.
    let here = tab.path(&buffer.name);
    if !shell.here.starts_with(&here) || made.is_some() {
        shell.here = here;
    }
    let status = match form.refusal() {
        Some(refused) => refused.status,
        None if made.is_some() => StatusCode::CREATED,
        None => StatusCode::OK,
    };
    let destinations = async {
        match tab {
            Tab::Out | Tab::Silence => names(&ask, "/api/destinations", "").await,
            _ => Vec::new(),
        }
    };
    let (destinations, tuner, acts) = tokio::join!(
        destinations,
        tuner(&ask, &shell, tab, &buffer, &wanted.waits),
        acts_of(&ask, &shell, tab, &buffer),
    );
    let shown = Page {
        curl: form
            .writing(&api_path(&buffer.name), &there)
            .curl(&ask.origin()),
        steps: (tab == Tab::WayIn).then(|| Steps::of(&ask, &shell, &buffer, made.as_deref())),
        form: form.among(destinations),
        waits: wanted.waits,
        tab,
        buffer,
        made,
        acts,
        tuner,
        shell,
    };
    page(&ask, status, &shown)
}

async fn tuner(
    ask: &Asking,
    shell: &Shell,
    tab: Tab,
    buffer: &Buffer,
    waits: &str,
) -> Option<Result<Tuner, Refused>> {
    if tab != Tab::Window {
        return None;
    }
    Some(Tuner::of(ask, shell, buffer, waits).await)
}

async fn acts_of(ask: &Asking, shell: &Shell, tab: Tab, buffer: &Buffer) -> Vec<Act> {
    let may = shell.may_change() && !buffer.is_of_environment();
    if tab != Tab::WayIn || !may {
        return Vec::new();
    }
    let held = held_by(ask, &buffer.name).await;
    acts::of(ask, shell, buffer, held)
}
