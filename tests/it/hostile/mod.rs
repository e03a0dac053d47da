//! Clients and webhooks that mean harm or know no better: each gets a clear error or comes to a bounded end, and what
//! others say leaves meanwhile.

mod backlog;
mod burst;
mod http;
mod injection;
mod json;
mod lanes;
mod pauses;
mod slow;
mod sockets;
mod store;
mod templates;
mod webhook;

use reqwest::{Method, Response};

use crate::support::Daemon;

/// Sends a body that is called JSON, whatever it is.
async fn post(api: &Daemon, method: Method, path: &str, body: String) -> Response {
    let request = api.client().request(method, api.url(path));
    let request = request.header("content-type", "application/json");
    request.body(body).send().await.unwrap()
}
