//! Sending again what was delivered.

use axum::Router;
use axum::extract::{Form, Path};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;

use super::{Act, of_ours, told};
use crate::console::Console;
use crate::console::asking::{Asking, Call, with_query};
use crate::console::pages::refused;
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::Visit;

/// As in `POST /api/history/{webhook_id}/send-again`.
#[derive(Deserialize)]
struct Sent {
    webhook_id: String,
    messages: u64,
    already: bool,
}

/// Where to, and where to come back to if it is refused.
#[derive(Deserialize)]
struct Which {
    destination: String,
    back: String,
}

fn call(id: &str, destination: &str) -> Call {
    let path = format!("/api/history/{}/send-again", segment(id));
    Call::post(with_query(&path, &[("destination", destination)]), None)
}

/// Where a call stands whole.
pub(in crate::console) fn call_path(id: &str) -> String {
    format!("/console/history/{}", segment(id))
}

/// The button that sends a delivered batch to its destination again. It asks: whoever was answered is answered twice.
pub(in crate::console) fn button(ask: &Asking, shell: &Shell, id: &str, destination: &str) -> Act {
    let words = &shell.words.acts;
    Act {
        action: format!("{}/send-again", call_path(id)),
        label: words.send_again.clone(),
        icon: "again",
        sure: Some(words.send_again_sure.clone()),
        harms: false,
        key: "",
        curl: call(id, destination).curl(&ask.origin()),
        fields: vec![("destination", destination.to_owned())],
    }
}

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/console/history/{id}/send-again", post(send_again))
}

/// Leads to the new call, whose page tells what becomes of it. A second click leads there, too.
async fn send_again(
    Path(id): Path<String>,
    visit: Visit,
    Form(Which { destination, back }): Form<Which>,
) -> Response {
    match visit.ask.read::<Sent>(&call(&id, &destination)).await {
        Ok(sent) => {
            let word = if sent.already {
                "sent_before"
            } else {
                "sent_again"
            };
            let path = call_path(&sent.webhook_id);
            told(&path, word, sent.messages)
        }
        Err(refusal) => refused(&visit, &refusal, of_ours(&back)),
    }
}
