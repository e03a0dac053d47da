//! Writing a schedule: the form, with its next times while its expression is typed.

use askama::Template;
use axum::extract::{Form as Posted, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answers::Upcoming;
use super::{API, PATH, own_time};
use crate::console::acts::told;
use crate::console::asking::Refused;
use crate::console::pages::form::{Draft, Editing, Filled, Form, Input, Kind};
use crate::console::pages::{refused, zones};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page, see};

const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE", "GET"];
/// What of a schedule can be written here; its name only while it is new. What has no input stays as it is.
static INPUTS: [Input; 18] = [
    Input::required("name", Kind::Line),
    Input::new("description", Kind::Line),
    Input::required("cron", Kind::Line),
    Input::new("timezone", Kind::Line),
    Input::new("catch_up", Kind::Choice(&["skip", "once"])),
    Input::new("active", Kind::Tick),
    Input::required("url", Kind::Line),
    Input::new("method", Kind::Choice(METHODS)),
    Input::new("headers", Kind::Pairs),
    Input::new("body", Kind::Text),
    Input::new("timeout", Kind::Number),
    Input::new("retry.for", Kind::Number),
    Input::new("retry.max", Kind::Number),
    Input::new("retry.first", Kind::Number),
    Input::new("retry.cap", Kind::Number),
    Input::new("retry.waits", Kind::Numbers),
    Input::new("retry.max_retry_after", Kind::Number),
    Input::new("secrets", Kind::Lines),
];
static EDITING: Editing = Editing {
    pages: PATH,
    api: API,
    inputs: &INPUTS,
};
/// How its inputs stand together; those of the tries are folded away.
static WHEN: [&str; 6] = [
    "name",
    "description",
    "cron",
    "timezone",
    "catch_up",
    "active",
];
static TRIES: [&str; 7] = [
    "timeout",
    "retry.for",
    "retry.max",
    "retry.first",
    "retry.cap",
    "retry.waits",
    "retry.max_retry_after",
];

/// What a schedule that is not there yet begins with: in the zone of the console. What is absent has the default of the API.
fn begins_with(shell: &Shell) -> Value {
    let zone = shell.clock.zone.name();
    json!({ "method": "POST", "retry": {}, "active": true, "timezone": zone, "catch_up": "skip" })
}

#[derive(Template)]
#[template(path = "schedules/edit.html")]
struct Page {
    shell: Shell,
    /// Empty: it is new.
    name: String,
    form: Form,
    /// Its next times; none: no expression is written yet.
    upcoming: Option<Result<Upcoming, Refused>>,
    curl: String,
    back: String,
}

impl Page {
    /// Its name is written only while it is new.
    fn when(&self) -> &'static [&'static str] {
        if self.name.is_empty() {
            &WHEN
        } else {
            &WHEN[1..]
        }
    }

    fn call(&self) -> &'static [&'static str] {
        &["url", "method", "headers", "body"]
    }

    fn tries_of(&self) -> &'static [&'static str] {
        &TRIES
    }

    fn safe(&self) -> &'static [&'static str] {
        &["secrets"]
    }

    fn own_time(&self, at: &str) -> Option<String> {
        own_time(&self.shell, at, self.form.filled.get("timezone"))
    }

    fn action(&self) -> String {
        EDITING.action(&self.name)
    }

    fn zones(&self) -> impl Iterator<Item = &'static str> {
        zones()
    }
}

pub(super) async fn new(visit: Visit) -> Response {
    if !visit.shell.may_change() {
        return see(PATH);
    }
    let draft = EDITING.begin(begins_with(&visit.shell));
    answer(visit, draft).await
}

pub(super) async fn edit(Path(name): Path<String>, visit: Visit) -> Response {
    if !visit.shell.may_change() {
        return see(&EDITING.page(&name));
    }
    match EDITING.over(&visit.ask, name).await {
        Ok(draft) => answer(visit, draft).await,
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

pub(super) async fn create(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    let begins_with = begins_with(&visit.shell);
    match EDITING.create(&visit.ask, filled, &begins_with).await {
        // Any words make a name, so it may have another than was typed.
        None => written(PATH),
        Some(draft) => answer(visit, draft).await,
    }
}

pub(super) async fn save_over(
    Path(name): Path<String>,
    visit: Visit,
    Posted(filled): Posted<Filled>,
) -> Response {
    let page = EDITING.page(&name);
    match EDITING.save(&visit.ask, name, filled).await {
        Ok(None) => written(&page),
        Ok(Some(draft)) => answer(visit, draft).await,
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

/// What is typed, with the times at which it would run: a script asks for it while somebody types, a button without one.
pub(super) async fn preview(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    let begins_with = begins_with(&visit.shell);
    match EDITING.typed(&visit.ask, filled, begins_with).await {
        Ok(draft) => answer(visit, draft).await,
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

fn written(page: &str) -> Response {
    told(page, "schedule_written", 0)
}

/// The page of the form, with the next times of the draft.
async fn answer(Visit { ask, mut shell }: Visit, draft: Draft) -> Response {
    // Who changes the language meanwhile begins anew.
    shell.here = EDITING.action(&draft.name);
    let curl = EDITING.curl(&ask, &draft);
    let Draft { name, form, body } = draft;
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let query = [("cron", text("cron")), ("timezone", text("timezone"))];
    let upcoming = if text("cron").is_empty() {
        None
    } else {
        Some(ask.get("/api/schedules/preview", &query).await)
    };
    let status = form.refusal().map_or(StatusCode::OK, |it| it.status);
    let shown = Page {
        back: EDITING.back(&name),
        shell,
        name,
        form,
        upcoming,
        curl,
    };
    page(&ask, status, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::words::Catalogue;

    #[test]
    fn every_input_has_a_label_in_each_language() {
        for language in ["en", "pt-BR", "es"] {
            let words = Catalogue::read().unwrap().for_reader(Some(language), "");
            for Input { path, .. } in INPUTS {
                assert!(words.labels.get(path).is_some(), "{language}: {path}");
            }
        }
    }
}
