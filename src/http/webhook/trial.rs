//! `POST /api/buffers/{name}/try`: what a buffer would make of a body. Nothing is stored and nothing sent.

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::arrived::{Arrived, said};
use super::{Named, named};
use crate::core::json::node::Node;
use crate::http::auth::Need;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::{Api, now};
use crate::ingest;
use crate::wire::request_bodies::{PostBody, PostForm};
use crate::wire::trial::{WouldBe, WouldSend};

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
            .refusing(&[404]),
    ]
}

pub(super) async fn post(
    State(api): State<Api>,
    name: Result<Path<Named>, PathRejection>,
    Arrived { headers, body, .. }: Arrived,
) -> Result<Response, ApiError> {
    let buffer = named(&api, name)?;
    let body = body?;
    let said = {
        let json = body.json()?;
        said(&buffer, &Node::parse(&json)?, &headers)?
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
        url: call.place,
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
