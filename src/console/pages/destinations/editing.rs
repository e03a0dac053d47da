//! Writing a destination: the form, with the call that it would make while it is typed, and a call of what is not written yet.

use askama::Template;
use axum::extract::{Form as Posted, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answers::Tried;
use super::draft::{Depth, Shown};
use super::{API, PATH};
use crate::console::acts::told;
use crate::console::asking::Refused;
use crate::console::pages::form::{Draft, Editing, Filled, Form, Input, Kind};
use crate::console::pages::refused;
use crate::console::pages::tries::{Retry, Tries};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page, see};

const KINDS: &[&str] = &["http", "redis-stream", "amqp"];
const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE", "GET"];
/// What of a destination can be written here; its name only while it is new. What has no input stays as it is.
static INPUTS: [Input; 27] = [
    Input::required("name", Kind::Line),
    Input::new("description", Kind::Line),
    Input::new("kind", Kind::ChoiceOrFirst(KINDS)),
    Input::new("url", Kind::Line),
    Input::only("method", Kind::Choice(METHODS), "kind", "http"),
    Input::only("stream", Kind::Line, "kind", "redis-stream"),
    Input::only("max_len", Kind::Number, "kind", "redis-stream"),
    Input::only("exchange", Kind::Line, "kind", "amqp"),
    Input::only("routing_key", Kind::Line, "kind", "amqp"),
    Input::only("persistent", Kind::Tick, "kind", "amqp"),
    Input::new("headers", Kind::Pairs),
    Input::new("template", Kind::Text),
    Input::new("messages_field", Kind::Maybe),
    Input::new("secrets", Kind::Lines),
    Input::new("timeout", Kind::Number),
    Input::new("retry.for", Kind::Number),
    Input::new("retry.max", Kind::Number),
    Input::new("retry.first", Kind::Number),
    Input::new("retry.cap", Kind::Number),
    Input::new("retry.waits", Kind::Numbers),
    Input::only("retry.max_retry_after", Kind::Number, "kind", "http"),
    Input::new("concurrency", Kind::Number),
    Input::new("pace", Kind::Part),
    Input::new("pace.every", Kind::Number),
    Input::new("pace.batch", Kind::Number),
    Input::new("split", Kind::Tick),
    Input::new("active", Kind::Tick),
];
static EDITING: Editing = Editing {
    pages: PATH,
    api: API,
    inputs: &INPUTS,
};
/// How its inputs stand together; all but the first are folded away.
static HEAD: [&str; 11] = [
    "name",
    "description",
    "kind",
    "url",
    "method",
    "stream",
    "max_len",
    "exchange",
    "routing_key",
    "persistent",
    "headers",
];
static TRIES: [&str; 6] = [
    "retry.for",
    "retry.max",
    "retry.first",
    "retry.cap",
    "retry.waits",
    "retry.max_retry_after",
];
static LIMITS: [&str; 7] = [
    "timeout",
    "concurrency",
    "pace",
    "pace.every",
    "pace.batch",
    "split",
    "active",
];

/// What a destination that is not there yet begins with. What is absent has the default of the API.
fn begins_with() -> Value {
    json!({ "method": "POST", "retry": {}, "active": true, "persistent": true })
}

#[derive(Template)]
#[template(path = "destinations/edit.html")]
struct Page {
    shell: Shell,
    /// Empty: it is new.
    name: String,
    form: Form,
    /// What the draft would send, or did.
    tried: Result<Tried, Refused>,
    /// Whose batch that is made of; none: a sample.
    of: Option<String>,
    /// The time line of the tries, as HTML.
    tries: Option<String>,
    /// The same as a command.
    curl: String,
    back: String,
}

impl Page {
    /// Its name is written only while it is new.
    fn head(&self) -> &'static [&'static str] {
        if self.name.is_empty() {
            &HEAD
        } else {
            &HEAD[1..]
        }
    }

    fn body(&self) -> &'static [&'static str] {
        &["template", "messages_field"]
    }

    fn safe(&self) -> &'static [&'static str] {
        &["secrets"]
    }

    fn tries_of(&self) -> &'static [&'static str] {
        &TRIES
    }

    fn limits(&self) -> &'static [&'static str] {
        &LIMITS
    }

    fn action(&self) -> String {
        EDITING.action(&self.name)
    }

    /// Nothing is tried for a page that was opened from elsewhere: its own script or button asks then.
    fn is_to_come(&self) -> bool {
        let refused = self.tried.as_ref().err();
        refused.is_some_and(|it| it.code == "foreign_origin")
    }

    /// Nothing can be sent yet, which is no fault of who begins.
    fn has_no_url(&self) -> bool {
        let filled = &self.form.filled;
        filled.get("url").trim().is_empty() && filled.get("kind") != "amqp"
    }

    fn made_of(&self, user: &str) -> String {
        let words = &self.shell.words.destinations;
        words.made_of.with(&[("user", &user)])
    }
}

pub(super) async fn new(visit: Visit) -> Response {
    if !visit.shell.may_change() {
        return see(PATH);
    }
    let mut draft = EDITING.begin(begins_with());
    // Of another kind than it begins as; its input is ticked all the same.
    if let Value::Object(fields) = &mut draft.body {
        fields.remove("persistent");
    }
    answer(visit, draft, Depth::Preview).await
}

pub(super) async fn edit(Path(name): Path<String>, visit: Visit) -> Response {
    if !visit.shell.may_change() {
        return see(&EDITING.page(&name));
    }
    match EDITING.over(&visit.ask, name).await {
        Ok(draft) => answer(visit, draft, Depth::Preview).await,
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

pub(super) async fn create(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    let name = filled.get("name").trim().to_owned();
    let begins_with = begins_with();
    match EDITING.create(&visit.ask, filled, &begins_with).await {
        None => written(&name),
        Some(draft) => answer(visit, draft, Depth::Preview).await,
    }
}

pub(super) async fn save_over(
    Path(name): Path<String>,
    visit: Visit,
    Posted(filled): Posted<Filled>,
) -> Response {
    match EDITING.save(&visit.ask, name.clone(), filled).await {
        Ok(None) => written(&name),
        Ok(Some(draft)) => answer(visit, draft, Depth::Preview).await,
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

/// What is typed, with the call that it would make: a script asks for it while somebody types, a button without one.
pub(super) async fn preview(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    typed(visit, filled, Depth::Preview).await
}

/// What is typed, called once.
pub(super) async fn try_draft(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    typed(visit, filled, Depth::Call).await
}

async fn typed(visit: Visit, filled: Filled, depth: Depth) -> Response {
    match EDITING.typed(&visit.ask, filled, begins_with()).await {
        Ok(draft) => answer(visit, draft, depth).await,
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

/// Leads to what was written.
fn written(name: &str) -> Response {
    told(&EDITING.page(name), "destination_written", 0)
}

/// The page of the form, with what the draft would send, or sends.
async fn answer(Visit { ask, mut shell }: Visit, draft: Draft, depth: Depth) -> Response {
    // Who changes the language meanwhile begins anew.
    shell.here = EDITING.action(&draft.name);
    let curl = EDITING.curl(&ask, &draft);
    let Draft { name, form, body } = draft;
    let status = form.refusal().map_or(StatusCode::OK, |it| it.status);
    let Shown { tried, of } = Shown::of(&ask, &name, &body, depth).await;
    let retry = body.get("retry").cloned().unwrap_or_default();
    let tries = Retry::read(&retry).and_then(|it| Tries::of(&shell, &it)?.render().ok());
    let shown = Page {
        back: EDITING.back(&name),
        tries,
        tried,
        of,
        shell,
        name,
        form,
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
