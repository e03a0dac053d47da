//! `POST /api/buffers/{name}/try`: what a buffer would make of a body. Nothing is stored and nothing sent.

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::arrived::{Arrived, PostBody, PostForm, said};
use super::{Named, named};
use crate::core::item::Media;
use crate::core::json::node::Node;
use crate::gateway::Author;
use crate::http::auth::Need;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::{Api, now};
use crate::ingest;

/// What one thing in a body would be.
#[derive(Debug, Default, Serialize, ToSchema)]
struct WouldBe {
    /// The chat it belongs to; an alias that was once told with a number would be exchanged for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    chat: Option<String>,
    /// What would be in the list of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    message: Option<Box<RawValue>>,
    /// The words in it; of a gateway's message what would be its line in the payload's `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Of a gateway's message: itself whole, as the payload's `items` would show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Value>>)]
    items: Option<Box<RawValue>>,
    /// The id by which a repetition would be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<Media>,
    /// A typing signal: whether the person types now.
    #[serde(skip_serializing_if = "Option::is_none")]
    typing: Option<bool>,
    /// One of our own messages: by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<Author>,
    /// The id of the message that would be changed in its window, or taken back there where there is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<String>,
    /// Why nothing would come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<String>,
    /// Seconds after which a window that it opened would close, or after which it would leave by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_in: Option<f64>,
    /// The calls for a window that holds nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<WouldSend>,
}

/// A call that would be made.
#[derive(Debug, Serialize, ToSchema)]
struct WouldSend {
    /// The name of the destination.
    destination: String,
    /// The HTTP method.
    method: &'static str,
    /// Where it is, with a mask for what may be secret in it.
    url: String,
    /// The body: JSON, or any other as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    body: Option<Box<RawValue>>,
    /// Why there would be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(Chapter::Buffers, "/api/buffers/{name}/try", post)
            .needs(Need::Read)
            .any_query()
            .says(
                "Try a body on a buffer",
                "What Lull would make of it: chat, text, media, what is ignored and why, the deadline, and the calls it would make. Nothing is stored and nothing is sent.",
            )
            .body::<PostBody>(&json!({ "data": { "from": "5511988887777", "text": "hi", "id": "3EB3" } }))
            .any_field()
            .or_form::<PostForm>()
            .without_redis()
            .answers_list::<WouldBe>("What each thing in the body would be.")
            .refusing(&[404, 422]),
    ]
}

pub(super) async fn post(
    State(api): State<Api>,
    name: Result<Path<Named>, PathRejection>,
    arrived: Arrived,
) -> Result<Response, ApiError> {
    let (buffer, post) = arrived.read(&api, named(&api, name)).await?;
    let said = {
        let json = post.body.json()?;
        said(&buffer, &Node::parse(&json)?, &post.headers)?
    };
    let would_be = api.ingest.try_out(&buffer, said, now())?;
    let would_be: Vec<_> = would_be.into_iter().map(shown).collect();
    Ok(Json(would_be).into_response())
}

fn shown(would_be: ingest::WouldBe) -> WouldBe {
    WouldBe {
        chat: would_be.chat.map(|chat| chat.as_str().to_owned()),
        message: would_be.message,
        text: would_be.text,
        items: would_be.items,
        changes: would_be.changes,
        id: would_be.id,
        media: would_be.media,
        typing: would_be.typing,
        own: would_be.own,
        ignored: would_be.ignored,
        deadline_in: would_be.deadline_in.map(|left| left.as_secs_f64()),
        requests: would_be.calls.into_iter().map(shown_call).collect(),
    }
}

fn shown_call(call: ingest::WouldCall) -> WouldSend {
    let (body, error) = match call.body {
        Ok(body) => (shown_body(&body), None),
        Err(error) => (None, Some(error)),
    };
    WouldSend {
        destination: call.destination.to_string(),
        method: call.method.as_str(),
        url: call.url,
        body,
        error,
    }
}

/// JSON as it is, and any other body as a text.
fn shown_body(body: &str) -> Option<Box<RawValue>> {
    match RawValue::from_string(body.to_owned()) {
        Ok(json) => Some(json),
        Err(_) => to_raw_value(body).ok(),
    }
}
