//! What can be done to a destination: stop and start it, try it, remove it.

use axum::extract::{Form, Path};
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::answers::Destination;
use super::{API, PATH};
use crate::console::acts::{Act, done};
use crate::console::asking::{Asking, Call, with_query};
use crate::console::pages::removal::{How, Removal};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Switch {
    action: String,
    back: String,
}

fn at(name: &str, act: &str) -> String {
    format!("{PATH}/{}/{act}", segment(name))
}

fn switching(name: &str, action: &str) -> Call {
    let body = json!({ "action": action, "destination": name });
    Call::post("/api/control", Some(body))
}

pub(super) async fn switched(
    Path(name): Path<String>,
    visit: Visit,
    Form(Switch { action, back }): Form<Switch>,
) -> Response {
    let word = if action == "stop" {
        "destination_stopped"
    } else {
        "destination_started"
    };
    done(visit, &switching(&name, &action), word, &back).await
}

pub(super) async fn removed(
    Path(name): Path<String>,
    visit: Visit,
    Form(Removal { how }): Form<Removal>,
) -> Response {
    done(
        visit,
        &how.call(&api_path(&name)),
        "destination_removed",
        PATH,
    )
    .await
}

/// One in the API.
fn api_path(name: &str) -> String {
    format!("{API}/{}", segment(name))
}

/// The call that tries one; without a batch it is a sample.
pub(super) fn test(name: &str, batch: &str) -> Call {
    let path = format!("{}/test", api_path(name));
    Call::post(with_query(&path, &[("webhook_id", batch)]), None)
}

/// The buttons: stop or start, and tests with a sample and with the newest batch.
pub(super) fn buttons(
    ask: &Asking,
    shell: &Shell,
    name: &str,
    newest: Option<&str>,
    is_stopped: bool,
) -> Vec<Act> {
    let words = &shell.words.destinations;
    let origin = ask.origin();
    let action = if is_stopped { "start" } else { "stop" };
    let switch = Act {
        action: at(name, "switch"),
        label: if is_stopped {
            words.start.clone()
        } else {
            words.stop.clone()
        },
        icon: action,
        sure: (!is_stopped).then(|| words.stop_sure.clone()),
        harms: !is_stopped,
        key: "p",
        curl: switching(name, action).curl(&origin),
        fields: vec![("action", action.to_owned())],
    };
    let try_with = |label: &str, sure: &str, batch: &str, key| Act {
        action: at(name, "test"),
        label: label.to_owned(),
        icon: "sent",
        sure: Some(sure.to_owned()),
        harms: false,
        key,
        curl: test(name, batch).curl(&origin),
        fields: vec![("webhook_id", batch.to_owned())],
    };
    let sample = try_with(&words.test, &words.test_sure, "", "t");
    let real = newest.map(|id| try_with(&words.test_real, &words.test_real_sure, id, ""));
    [switch, sample].into_iter().chain(real).collect()
}

/// The buttons that remove it: where something waits, one for each of what can become of that.
pub(super) fn removals(ask: &Asking, shell: &Shell, it: &Destination, waiting: u64) -> Vec<Act> {
    let words = &shell.words.destinations;
    let button = |how: How, label: String, sure: &str| Act {
        action: at(&it.name, "remove"),
        label,
        icon: "trash",
        sure: Some(sure.to_owned()),
        harms: true,
        key: "",
        curl: how.call(&api_path(&it.name)).curl(&ask.origin()),
        fields: vec![("how", how.word().to_owned())],
    };
    if waiting == 0 && it.removing.is_none() {
        return vec![button(How::Empty, words.remove.clone(), &words.remove_sure)];
    }
    let drain = button(How::Drain, words.drain.clone(), &words.drain_sure);
    let discard = match waiting {
        0 => words.discard_all.clone(),
        n => words.discard.of(n),
    };
    let discard = button(How::Discard, discard, &words.discard_sure);
    match it.removing {
        Some(_) => vec![discard],
        None => vec![drain, discard],
    }
}
