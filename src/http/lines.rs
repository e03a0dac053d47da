//! `GET /api/lines`: the lines that gateways post through, and when something last came.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::named_chat::{BufferQuery, any_buffer};
use crate::core::batch::Millis;
use crate::core::moment::{seconds, utc};
use crate::store::lines::Line;

/// A line that a gateway posts through.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Line)]
struct LineAnswer {
    /// The buffer that is posted for; `.brought`: all that came with a message; null: lines beyond the 1,000 that are told
    /// apart.
    buffer: Option<String>,
    /// The line: an instance, a session, an account or a number of your own; null: posts that name none, and posts that were
    /// refused before anybody knew it.
    line: Option<String>,
    /// When the last post came (RFC 3339, UTC); null: only refused ones did.
    #[schema(format = DateTime)]
    last_post_at: Option<String>,
    /// How many seconds ago that was.
    silent_for: Option<f64>,
    /// How many posts an hour are usual, over the day or so before the last one; null: it is not known for ten minutes yet.
    posts_an_hour: Option<f64>,
    /// How many seconds lie between two posts then.
    usual_gap: Option<f64>,
    /// The last post that was refused; null: none was.
    last_refusal: Option<LineRefusal>,
}

/// A post that was refused.
#[derive(Debug, Serialize, ToSchema)]
struct LineRefusal {
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// The code of the refusal.
    code: String,
}

/// All of a list that is short.
#[derive(Debug, Serialize)]
struct AllLines {
    items: Vec<LineAnswer>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/lines", list)
            .says(
                "List the lines of gateways",
                "Through which lines posts come, by buffer: when the last one did, how many are usual, and the last refusal. Every api writes this down each 5 s; a line through which nothing came for 30 days is forgotten. Of 1,000 lines at most.",
            )
            .query::<BufferQuery>(&["buffer"])
            .answers_all::<LineAnswer>("The lines."),
    ]
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<BufferQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let buffer = query.buffer.as_deref().map(any_buffer).transpose()?;
    let (lines, now) = api.admin.lines(buffer.as_ref()).await?;
    let items = lines.into_iter().map(|line| shown(line, now)).collect();
    Ok(Json(AllLines { items }).into_response())
}

fn shown(line: Line, now: Millis) -> LineAnswer {
    let ago = |at: Millis| seconds(Duration::from_millis(now.saturating_sub(at)));
    LineAnswer {
        last_post_at: line.last.map(utc),
        silent_for: line.last.map(ago),
        posts_an_hour: line.an_hour().filter(|rate| *rate > 0.0),
        usual_gap: line.usual_gap().map(seconds),
        last_refusal: line
            .refused
            .map(|(at, code)| LineRefusal { at: utc(at), code }),
        buffer: line.buffer,
        line: line.line,
    }
}
