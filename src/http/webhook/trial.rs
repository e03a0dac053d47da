//! `POST /api/buffers/{name}/try`: what a buffer would make of a body. Nothing is stored and nothing sent.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::arrived::{Arrived, said};
use super::{Named, named};
use crate::core::batch::Millis;
use crate::core::destination::Destination;
use crate::core::incoming::Incoming;
use crate::core::item::{Item, read_items, stored_item};
use crate::core::json::fields::BadInput;
use crate::core::json::node::Node;
use crate::core::when::When;
use crate::core::window::CloseReason;
use crate::delivery::Sender;
use crate::delivery::template::context::TemplateContext;
use crate::gateway::{Event, Gateway};
use crate::http::auth::Need;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::{Api, now};
use crate::ingest::{Said, UNNAMED, new_message};
use crate::spec::Buffer;
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
    let heard = {
        let json = body.json()?;
        said(&buffer, &Node::parse(&json)?, &headers)?
    };
    let trial = Trial {
        buffer: &buffer,
        calls: api.calls(&buffer),
        now: now(),
    };
    let would_be = match heard {
        Said::Message(incoming) => vec![trial.message(&incoming)?],
        Said::Events(gateway, heard) => heard
            .into_iter()
            .map(|heard| trial.heard(gateway, heard))
            .collect::<Result<_, _>>()?,
    };
    Ok(Json(would_be).into_response())
}

/// A destination, ready to be called; or why it cannot be.
struct Call {
    destination: String,
    method: &'static str,
    sender: Result<Sender, String>,
}

impl Api {
    /// The destinations of a buffer, as far as this daemon is told of them.
    fn calls(&self, buffer: &Buffer) -> Vec<Call> {
        let snapshot = self.registry.get();
        let targets = buffer.destinations.iter();
        let known = targets.filter_map(|target| snapshot.destination(&target.name));
        known.map(|destination| self.call(destination)).collect()
    }

    fn call(&self, destination: &Destination) -> Call {
        Call {
            destination: destination.name.to_string(),
            method: destination.method.as_str(),
            sender: Sender::new(destination, &self.clients).map_err(|error| error.to_string()),
        }
    }
}

struct Trial<'a> {
    buffer: &'a Buffer,
    calls: Vec<Call>,
    now: Millis,
}

impl Trial<'_> {
    fn heard(&self, gateway: Gateway, heard: Event) -> Result<WouldBe, ApiError> {
        let mut would_be = WouldBe::default();
        let party = match heard {
            Event::Said(said) => {
                let Ok(chat) = said.party.chat_id() else {
                    would_be.ignored = Some(UNNAMED.to_owned());
                    return Ok(would_be);
                };
                let person = said.party.person.clone();
                let name = &self.buffer.name;
                return self.message(&said.incoming(chat, &person, gateway, name)?);
            }
            Event::Own(own) => {
                would_be.own = Some(own.by);
                would_be.text = own.text;
                would_be.id = own.id;
                own.party
            }
            Event::Typing { party, typing } => {
                would_be.typing = Some(typing);
                party
            }
            Event::Ignored { reason } => {
                would_be.ignored = Some(reason);
                return Ok(would_be);
            }
        };
        match party.chat_id() {
            Ok(chat) => would_be.chat = Some(chat.as_str().to_owned()),
            Err(_) => would_be.ignored = Some(UNNAMED.to_owned()),
        }
        Ok(would_be)
    }

    fn message(&self, incoming: &Incoming) -> Result<WouldBe, ApiError> {
        let text = incoming.text();
        let item = stored_item(incoming).map_err(BadInput::NotJson)?;
        let message = new_message(self.buffer, incoming, text.as_deref(), &item)?;
        let rules = &self.buffer.window;
        let media_waits = message.media_only && rules.media_waits;
        let wait = match incoming.when {
            Some(When::In(delay)) => delay,
            Some(When::At(at)) => Duration::from_millis(at.saturating_sub(self.now)),
            None if message.flush => Duration::ZERO,
            None if media_waits => rules.max_wait,
            None => message.ttl,
        };
        // The append script would put its time in front in the same way.
        let stored = item.replacen('{', &format!("{{\"at\":{},", self.now), 1);
        let items = read_items(&stored).map_err(|error| ApiError::BadRequest(error.to_string()))?;
        Ok(WouldBe {
            chat: Some(incoming.user.as_str().to_owned()),
            message: Some(incoming.message.clone()),
            text: text.map(Into::into),
            id: incoming.message_id.clone(),
            media: incoming.details.media.clone(),
            deadline_in: Some(wait.as_secs_f64()),
            requests: self.requests(incoming.user.as_str(), &items),
            ..WouldBe::default()
        })
    }

    fn requests(&self, user: &str, items: &[Item]) -> Vec<WouldSend> {
        let context = TemplateContext {
            user,
            buffer: self.buffer.name.as_str(),
            opened: self.now,
            closed: self.now,
            reason: CloseReason::Quiet,
            zone: self.buffer.zone,
            items,
        };
        let calls = self.calls.iter();
        calls.map(|call| call.for_context(&context)).collect()
    }
}

impl Call {
    fn for_context(&self, context: &TemplateContext<'_>) -> WouldSend {
        let body = match &self.sender {
            Ok(sender) => sender.body(context).map_err(|error| error.to_string()),
            Err(error) => Err(error.clone()),
        };
        let (body, error) = match body {
            Ok(body) => (shown(&body), None),
            Err(error) => (None, Some(error)),
        };
        WouldSend {
            destination: self.destination.clone(),
            method: self.method,
            url: self.sender.as_ref().ok().map(Sender::place),
            body,
            error,
        }
    }
}

/// JSON as it is, and any other body as a text.
fn shown(body: &str) -> Option<Box<RawValue>> {
    match RawValue::from_string(body.to_owned()) {
        Ok(json) => Some(json),
        Err(_) => to_raw_value(body).ok(),
    }
}
