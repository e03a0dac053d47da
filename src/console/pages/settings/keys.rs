//! Keys: made, shown once, and revoked.

use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::{HERE, answer, could_not};
use crate::console::acts::{Act, done};
use crate::console::asking::{Asking, Call};
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::Visit;

/// As in `GET /api/keys`.
#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    pub(super) items: Vec<Key>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) scopes: Vec<String>,
    pub(super) made_at: String,
    pub(super) last_used_at: Option<String>,
}

/// As in `POST /api/keys`.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) key: String,
    pub(super) name: String,
}

/// A key that is to be made, as somebody filled in the form.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    pub(super) name: String,
    pub(super) admin: Option<String>,
    pub(super) read: Option<String>,
    pub(super) ingest: Option<String>,
    /// The buffer that it brings messages for; empty: all of them.
    #[serde(default)]
    pub(super) buffer: String,
}

impl Wanted {
    fn scopes(&self) -> Vec<String> {
        let ingest = match self.buffer.as_str() {
            "" => "ingest".to_owned(),
            buffer => format!("ingest@{buffer}"),
        };
        let ticked = [
            (&self.ingest, ingest),
            (&self.read, "read".to_owned()),
            (&self.admin, "admin".to_owned()),
        ];
        let ticked = ticked.into_iter().filter(|(tick, _)| tick.is_some());
        ticked.map(|(_, scope)| scope).collect()
    }

    fn call(&self) -> Call {
        let body = json!({ "name": self.name.trim(), "scopes": self.scopes() });
        Call::post("/api/keys", Some(body))
    }
}

/// Makes one, and shows it: only in this answer, so nobody is sent elsewhere to see it.
pub(super) async fn make(mut visit: Visit, Form(wanted): Form<Wanted>) -> Response {
    match visit.ask.read::<Made>(&wanted.call()).await {
        Ok(made) => answer(visit, StatusCode::CREATED, Some(made), Wanted::default()).await,
        Err(refused) => {
            let mut notice = could_not(&visit.shell, &refused);
            let words = &visit.shell.words.settings;
            match (refused.code.as_str(), refused.field.as_deref()) {
                (_, Some("scopes")) => notice.text.clone_from(&words.no_scope),
                (_, Some("name")) => notice.text.clone_from(&words.no_name),
                ("conflict", _) => notice.text.clone_from(&words.name_taken),
                _ => {}
            }
            visit.shell.notice = Some(notice);
            answer(visit, refused.status, None, wanted).await
        }
    }
}

/// How one is made by a command.
pub(super) fn making(ask: &Asking) -> String {
    let example = Wanted {
        name: "panel".to_owned(),
        read: Some(String::new()),
        ..Wanted::default()
    };
    example.call().curl(&ask.origin())
}

fn revocation(name: &str) -> Call {
    Call::delete(format!("/api/keys/{}", segment(name)))
}

pub(super) async fn revoke(Path(name): Path<String>, visit: Visit) -> Response {
    done(visit, &revocation(&name), "key_revoked", HERE).await
}

/// Whether it is the key of whoever looks.
pub(super) fn is_of(shell: &Shell, key: &Key) -> bool {
    let viewer = shell.viewer.as_ref();
    viewer.is_some_and(|viewer| viewer.name == key.name)
}

/// The button that revokes one.
pub(super) fn revoking(ask: &Asking, shell: &Shell, key: &Key) -> Act {
    let words = &shell.words.settings;
    let sure = if is_of(shell, key) {
        &words.revoke_own_sure
    } else {
        &words.revoke_sure
    };
    Act {
        action: format!("/console/settings/keys/{}/revoke", segment(&key.name)),
        label: words.revoke.with(&[("name", &key.name)]),
        icon: "trash",
        sure: Some(sure.clone()),
        harms: true,
        key: "",
        curl: revocation(&key.name).curl(&ask.origin()),
        fields: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ticked_are_the_scopes() {
        let wanted = |query: &str| serde_json::from_str::<Wanted>(query).unwrap().scopes();

        assert_eq!(
            wanted(r#"{"read": "on", "ingest": "on", "buffer": "loja"}"#),
            ["ingest@loja", "read"]
        );
        assert_eq!(wanted(r#"{"ingest": "on", "buffer": ""}"#), ["ingest"]);
        assert_eq!(wanted(r#"{"admin": "on", "buffer": "loja"}"#), ["admin"]);
        assert!(wanted(r#"{"buffer": "loja"}"#).is_empty());
    }
}
