//! An act on a window that holds more messages by now than were shown: it is not done, and asked again.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Act, OfChat};
use crate::console::asking::Asking;
use crate::console::pages::chat::of_window;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};

/// As in `GET /api/chats/{user}`.
#[derive(Deserialize)]
struct Detail {
    window: Option<Window>,
}

#[derive(Deserialize)]
struct Window {
    messages: u64,
}

#[derive(Template)]
#[template(path = "anew.html")]
struct Page<'a> {
    shell: &'a Shell,
    messages: u64,
    act: Act,
    back: &'a str,
}

/// How many messages its window holds, if those are more than were shown.
pub(super) async fn more_than(ask: &Asking, token: &str, shown: u64) -> Option<u64> {
    let detail = ask.get::<Detail>(&format!("/api/chats/{token}"), &[]).await;
    let messages = detail.ok()?.window?.messages;
    (messages > shown).then_some(messages)
}

/// Asks whether it is meant of these messages, too.
pub(super) fn ask(visit: &Visit, act: OfChat, token: &str, messages: u64, back: &str) -> Response {
    let Visit { ask, shell } = visit;
    let action = act.path(token);
    let mut acts = of_window(ask, shell, token, messages).into_iter();
    let Some(act) = acts.find(|it| it.action == action) else {
        return crate::console::visit::see(back);
    };
    let shown = Page {
        shell,
        messages,
        act,
        back,
    };
    page(ask, StatusCode::CONFLICT, &shown)
}
