//! Trying a destination: one marked call, with a sample or with a batch that there was, and what came of it.

use askama::Template;
use axum::extract::{Form, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::answers::Tried;
use super::{PATH, acts};
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page};

#[derive(Template)]
#[template(path = "destinations/tested.html")]
struct Page {
    shell: Shell,
    name: String,
    tried: Result<Tried, Refused>,
    back: String,
    curl: String,
}

#[derive(Deserialize)]
pub(super) struct With {
    #[serde(default)]
    webhook_id: String,
}

pub(super) async fn test(
    Path(name): Path<String>,
    Visit { ask, mut shell }: Visit,
    Form(With { webhook_id }): Form<With>,
) -> Response {
    let call = acts::test(&name, &webhook_id);
    let tried = ask.read::<Tried>(&call).await;
    let back = format!("{PATH}/{}", segment(&name));
    // Who changes the language here comes back to the destination.
    shell.here.clone_from(&back);
    let status = match &tried {
        Ok(_) => StatusCode::OK,
        Err(refused) => refused.status,
    };
    let shown = Page {
        curl: call.curl(&ask.origin()),
        shell,
        name,
        tried,
        back,
    };
    page(&ask, status, &shown)
}
