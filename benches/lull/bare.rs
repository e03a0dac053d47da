//! The HTTP ceiling: an axum handler that reads a message as api does and answers as api does, but stores nothing.

use anyhow::Result;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use lull::core::incoming::Incoming;
use lull::core::json::fields::json_fields;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{helper, message};

/// Serves until the bench dismisses it.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    helper::answer(&listener.local_addr()?.port())?;
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().route("/api/message", post(take));
    tokio::select! {
        ended = axum::serve(listener, router).into_future() => Ok(ended?),
        dismissed = helper::dismissed() => dismissed,
    }
}

async fn take(body: Bytes) -> Response {
    match json_fields(&body).and_then(Incoming::from_fields) {
        Ok(incoming) => Json(accepted(incoming.user.as_str())).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// An answer of the usual size.
pub(crate) fn example_answer() -> Result<String> {
    Ok(serde_json::to_string(&accepted(&message::user(0)))?)
}

/// What api answers to a message that is in a window.
#[derive(Serialize)]
struct Accepted<'a> {
    success: bool,
    message: &'static str,
    user: &'a str,
    buffered: u64,
    expires_in: f64,
}

fn accepted(user: &str) -> Accepted<'_> {
    Accepted {
        success: true,
        message: "Message buffered",
        user,
        buffered: 3,
        expires_in: 15.0,
    }
}
