//! Writing a destination: the form, with the call that it would make while it is typed, and a call of what is not written yet.

use askama::Template;
use axum::extract::{Form as Posted, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answers::Tried;
use super::draft::{Depth, Shown};
use super::{API, PATH};
use crate::console::asking::{Asking, Call, Refused, with_query};
use crate::console::pages::form::{Filled, Form, Input, Kind};
use crate::console::pages::refused;
use crate::console::pages::tries::{Retry, Tries};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page, see};

const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE", "GET"];
/// What of a destination can be written here; its name only while it is new. What has no input stays as it is.
static INPUTS: [Input; 21] = [
    Input::required("name", Kind::Line),
    Input::new("description", Kind::Line),
    Input::required("url", Kind::Line),
    Input::new("method", Kind::Choice(METHODS)),
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
    Input::new("retry.max_retry_after", Kind::Number),
    Input::new("concurrency", Kind::Number),
    Input::new("pace", Kind::Part),
    Input::new("pace.every", Kind::Number),
    Input::new("pace.batch", Kind::Number),
    Input::new("split", Kind::Tick),
    Input::new("active", Kind::Tick),
];
/// How its inputs stand together; all but the first are folded away.
static HEAD: [&str; 5] = ["name", "description", "url", "method", "headers"];
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
    json!({ "method": "POST", "retry": {}, "active": true })
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
        match self.name.as_str() {
            "" => format!("{PATH}/.new"),
            name => format!("{PATH}/{}/edit", segment(name)),
        }
    }

    /// Nothing is tried for a page that was opened from elsewhere: its own script or button asks then.
    fn is_to_come(&self) -> bool {
        let refused = self.tried.as_ref().err();
        refused.is_some_and(|it| it.code == "foreign_origin")
    }

    fn made_of(&self, user: &str) -> String {
        let words = &self.shell.words.destinations;
        words.made_of.with(&[("user", &user)])
    }
}

fn inputs(is_new: bool) -> &'static [Input] {
    if is_new { &INPUTS } else { &INPUTS[1..] }
}

pub(super) async fn new(visit: Visit) -> Response {
    if !visit.shell.may_change() {
        return see(PATH);
    }
    let form = Form::new(inputs(true), &begins_with());
    answer(visit, String::new(), form, begins_with(), Depth::Preview).await
}

pub(super) async fn edit(Path(name): Path<String>, visit: Visit) -> Response {
    let back = format!("{PATH}/{}", segment(&name));
    if !visit.shell.may_change() {
        return see(&back);
    }
    let there = match there(&visit.ask, &name).await {
        Ok(there) => there,
        Err(refusal) => return refused(&visit, &refusal, PATH),
    };
    let form = Form::over(inputs(false), &there);
    answer(visit, name, form, there, Depth::Preview).await
}

pub(super) async fn create(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    let name = filled.get("name").trim().to_owned();
    let form = Form::filled(inputs(true), filled);
    match form.write(&visit.ask, API, API).await {
        Ok(()) => written(&name),
        Err(form) => {
            let draft = form.body(&begins_with());
            answer(visit, String::new(), form, draft, Depth::Preview).await
        }
    }
}

pub(super) async fn save_over(
    Path(name): Path<String>,
    visit: Visit,
    Posted(filled): Posted<Filled>,
) -> Response {
    let path = format!("{API}/{}", segment(&name));
    let form = Form::filled(inputs(false), filled);
    let form = match form.write(&visit.ask, API, &path).await {
        Ok(()) => return written(&name),
        Err(form) => form,
    };
    match there(&visit.ask, &name).await {
        Ok(there) => {
            let draft = form.body(&there);
            answer(visit, name, form, draft, Depth::Preview).await
        }
        Err(refusal) => refused(&visit, &refusal, PATH),
    }
}

/// What is typed, with the call that it would make: a script asks for it while somebody types, a button without one.
pub(super) async fn preview(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    drafted(visit, filled, Depth::Preview).await
}

/// What is typed, called once.
pub(super) async fn try_draft(visit: Visit, Posted(filled): Posted<Filled>) -> Response {
    drafted(visit, filled, Depth::Call).await
}

async fn drafted(visit: Visit, filled: Filled, depth: Depth) -> Response {
    let name = filled.get("of").to_owned();
    let there = match name.as_str() {
        "" => Ok(begins_with()),
        name => there(&visit.ask, name).await,
    };
    let there = match there {
        Ok(there) => there,
        Err(refusal) => return refused(&visit, &refusal, PATH),
    };
    let form = Form::filled(inputs(name.is_empty()), filled);
    let draft = form.body(&there);
    answer(visit, name, form, draft, depth).await
}

/// What is there under this name, as the API shows it.
async fn there(ask: &Asking, name: &str) -> Result<Value, Refused> {
    let path = format!("{API}/{}", segment(name));
    ask.get(&path, &[]).await
}

/// Leads to what was written.
fn written(name: &str) -> Response {
    let path = format!("{PATH}/{}", segment(name));
    see(&with_query(&path, &[("done", "destination_written")]))
}

/// The page of the form, with what the draft would send, or sends.
async fn answer(
    Visit { ask, mut shell }: Visit,
    name: String,
    form: Form,
    draft: Value,
    depth: Depth,
) -> Response {
    let back = match name.as_str() {
        "" => PATH.to_owned(),
        name => format!("{PATH}/{}", segment(name)),
    };
    // Who changes the language meanwhile begins anew.
    shell.here = match name.as_str() {
        "" => format!("{PATH}/.new"),
        _ => format!("{back}/edit"),
    };
    let status = form.refusal().map_or(StatusCode::OK, |it| it.status);
    let Shown { tried, of } = Shown::of(&ask, &name, &draft, depth).await;
    let retry = draft.get("retry").cloned().unwrap_or_default();
    let tries = Retry::read(&retry).and_then(|it| Tries::of(&shell, &it)?.render().ok());
    let shown = Page {
        curl: command(&ask, &name, &form, &draft),
        tries,
        tried,
        of,
        shell,
        name,
        form,
        back,
    };
    page(&ask, status, &shown)
}

/// How it is written by a command.
fn command(ask: &Asking, name: &str, form: &Form, draft: &Value) -> String {
    let call = match name {
        "" => Call::post(API, Some(draft.clone())),
        name => {
            let path = format!("{API}/{}", segment(name));
            form.writing(&path, draft)
        }
    };
    call.curl(&ask.origin())
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
