//! What is done to a buffer as a whole: a secret is made for it, it is switched off and on, and removed.

use axum::extract::{Form as Posted, Path};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::answers::{Buffer, Held};
use super::one::{Look, answer};
use super::tabs::Tab;
use super::{HERE, api_path, path_of};
use crate::console::acts::{Act, told};
use crate::console::asking::{Asking, Refused};
use crate::console::pages::form::Form;
use crate::console::pages::refused;
use crate::console::pages::removal::{How, Removal};
use crate::console::shell::Shell;
use crate::console::spelling::quoted;
use crate::console::visit::Visit;

/// Random bytes of a secret.
const SECRET_BYTES: usize = 24;

/// The buttons. What is in it must be known for it to be removed: the button says how much is lost.
pub(super) fn of(ask: &Asking, shell: &Shell, buffer: &Buffer, held: Option<Held>) -> Vec<Act> {
    let mut acts = Vec::new();
    if buffer.removing.is_none() {
        acts.push(switching(ask, shell, buffer));
        acts.extend(making(ask, shell, buffer));
    }
    if let Some(held) = held {
        acts.extend(removing(ask, shell, buffer, &held));
    }
    acts
}

fn removing(ask: &Asking, shell: &Shell, buffer: &Buffer, held: &Held) -> Vec<Act> {
    let words = &shell.words.buffer;
    let facts: [(&str, &dyn std::fmt::Display); 2] =
        [("windows", &held.windows), ("later", &held.later)];
    let ways = if held.is_nothing() {
        vec![(How::Empty, words.remove.clone(), &words.remove_sure)]
    } else {
        let drain = words.remove_drain.with(&facts);
        let discard = words.remove_discard.with(&facts);
        vec![
            (How::Drain, drain, &words.remove_drain_sure),
            (How::Discard, discard, &words.remove_discard_sure),
        ]
    };
    let remove = |(how, label, sure): (How, String, &String)| Act {
        action: format!("{}/remove", path_of(&buffer.name)),
        label,
        icon: "trash",
        sure: Some(sure.clone()),
        harms: true,
        key: "",
        curl: how.call(&api_path(&buffer.name)).curl(&ask.origin()),
        fields: vec![("how", how.word().to_owned())],
    };
    ways.into_iter().map(remove).collect()
}

fn switching(ask: &Asking, shell: &Shell, buffer: &Buffer) -> Act {
    let words = &shell.words.buffer;
    let (label, icon) = if buffer.active {
        (&words.switch_off, "stop")
    } else {
        (&words.switch_on, "start")
    };
    let curl = rewriting(
        ask,
        &buffer.name,
        &format!("jq '.active = {}'", !buffer.active),
    );
    Act {
        action: format!("{}/switch", path_of(&buffer.name)),
        label: label.clone(),
        icon,
        sure: buffer.active.then(|| words.switch_off_sure.clone()),
        harms: buffer.active,
        key: "",
        curl,
        fields: vec![("active", (!buffer.active).to_string())],
    }
}

/// The command that reads a buffer, changes it, and writes it back.
fn rewriting(ask: &Asking, name: &str, change: &str) -> String {
    let url = quoted(&format!("{}{}", ask.origin(), api_path(name)));
    let key = "-H \"Authorization: Bearer $LULL_KEY\"";
    let json = "-H 'Content-Type: application/json'";
    format!("curl -s {url} {key} | {change} | curl -X PUT {url} {key} {json} -d @-")
}

/// The button that makes a secret, where it is not the gateway that has one.
fn making(ask: &Asking, shell: &Shell, buffer: &Buffer) -> Option<Act> {
    if has_own_secret(shell, &buffer.source) {
        return None;
    }
    let words = &shell.words.buffer;
    let is_kept = buffer.secret.is_some();
    let label = if is_kept {
        &words.make_another
    } else {
        &words.make_secret
    };
    Some(Act {
        action: format!("{}/secret", path_of(&buffer.name)),
        label: label.clone(),
        icon: "key",
        sure: is_kept.then(|| words.make_another_sure.clone()),
        harms: false,
        key: "",
        curl: rewriting(
            ask,
            &buffer.name,
            "jq --arg secret \"$(openssl rand -hex 24)\" '.secret = $secret'",
        ),
        fields: Vec::new(),
    })
}

/// A secret that nobody can guess.
pub(in crate::console::pages) fn random_secret() -> Result<String, Refused> {
    let mut random = [0; SECRET_BYTES];
    match getrandom::fill(&mut random) {
        Ok(()) => Ok(hex::encode(random)),
        Err(_) => Err(Refused::within("no random bytes are to be had")),
    }
}

/// Whether the gateway makes its secret itself, and shows it on its own screen.
pub(in crate::console::pages) fn has_own_secret(shell: &Shell, source: &str) -> bool {
    shell.words.secrets_of.get(source).is_some()
}

/// Makes a secret, and shows it: only in this answer, so nobody is sent elsewhere to see it.
pub(super) async fn make_secret(Path(name): Path<String>, visit: Visit) -> Response {
    let secret = match random_secret() {
        Ok(secret) => secret,
        Err(refusal) => return refused(&visit, &refusal, HERE),
    };
    let change = |there: &mut Value| there["secret"] = Value::from(secret.as_str());
    let there = match changed(&visit.ask, &name, change).await {
        Ok(there) => there,
        Err(refusal) => return refused(&visit, &refusal, &path_of(&name)),
    };
    let source = there["source"].as_str().unwrap_or_default();
    let form = Form::over(Tab::WayIn.inputs(source), &there);
    let look = Look::at(Tab::WayIn, form).with(secret);
    answer(visit, there, look).await
}

#[derive(Deserialize)]
pub(super) struct Switch {
    active: bool,
}

pub(super) async fn switch(
    Path(name): Path<String>,
    visit: Visit,
    Posted(Switch { active }): Posted<Switch>,
) -> Response {
    let change = |there: &mut Value| there["active"] = Value::from(active);
    let done = if active { "buffer_on" } else { "buffer_off" };
    match changed(&visit.ask, &name, change).await {
        Ok(_) => told(&path_of(&name), done, 0),
        Err(refusal) => refused(&visit, &refusal, &path_of(&name)),
    }
}

/// Changes what is there, as long as nobody else does; answers what is there then.
async fn changed(ask: &Asking, name: &str, change: impl Fn(&mut Value)) -> Result<Value, Refused> {
    let path = api_path(name);
    let mut there: Value = ask.get(&path, &[]).await?;
    let form = Form::over(&[], &there);
    change(&mut there);
    ask.read(&form.writing(&path, &there)).await
}

/// As in `DELETE /api/buffers/{name}`.
#[derive(Default, Deserialize)]
struct Removed {
    success: bool,
    #[serde(default)]
    chats: u64,
}

pub(super) async fn remove(
    Path(name): Path<String>,
    visit: Visit,
    Posted(Removal { how }): Posted<Removal>,
) -> Response {
    match visit.ask.read::<Removed>(&how.call(&api_path(&name))).await {
        Ok(Removed { success, chats }) => {
            let done = if success {
                "buffer_removed"
            } else {
                "buffer_removing"
            };
            told(HERE, done, chats)
        }
        Err(refusal) => refused(&visit, &refusal, &path_of(&name)),
    }
}
