//! Authentication: who may come in, and what happens to everybody else.

mod cors;
mod issuer;
mod keys;
mod limits;
mod made;
mod open;
mod proofs;
mod session;
mod staying;
mod tokens;
mod walk;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::Daemon;
use crate::support::refusal::Refusal;

/// One setting each for who may do what.
const KEYS: &str = "boss:b0ssb0ssb0ssb0ssb0ss, eyes:r3adr3adr3adr3adr3ad:read,mouth:1ngest1ngest1ngest1ng:ingest,\
                    loja:l0jal0jal0jal0jal0ja:ingest@loja";
const BOSS: &str = "b0ssb0ssb0ssb0ssb0ss";
const EYES: &str = "r3adr3adr3adr3adr3ad";
const MOUTH: &str = "1ngest1ngest1ngest1ng";
const LOJA: &str = "l0jal0jal0jal0jal0ja";

/// A request with these headers, and a body where it is a `POST`, a `PUT` or the like.
async fn ask(api: &Daemon, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let body = json!({"user": "ana", "message": "oi", "ttl": 60});
    ask_with(api, method, path, headers, &body).await
}

async fn ask_with(
    api: &Daemon,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Response {
    let mut request = api.client().request(method.clone(), api.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if method != Method::GET {
        request = request
            .header("content-type", "application/json")
            .body(body.to_string());
    }
    request.send().await.unwrap()
}

/// The status of a message that is brought to `path`.
async fn bring(api: &Daemon, path: &str, headers: &[(&str, &str)]) -> u16 {
    ask(api, Method::POST, path, headers)
        .await
        .status()
        .as_u16()
}

/// The status of a look at `path`.
async fn look(api: &Daemon, path: &str, headers: &[(&str, &str)]) -> u16 {
    ask(api, Method::GET, path, headers).await.status().as_u16()
}

/// How somebody is turned away who brings a message to `path`.
async fn turned_away(api: &Daemon, path: &str, headers: &[(&str, &str)]) -> Refusal {
    Refusal::of(ask(api, Method::POST, path, headers).await).await
}
