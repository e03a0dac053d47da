//! What a call says: the payload, or what the destination wants instead.

use std::sync::Arc;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;

use super::template::context::TemplateContext;
use super::template::kept::{Kept, Templates};
use super::template::{Template, TemplateError};
use super::{Filled, Sender, client};
use crate::core::destination::{Body, Destination};
use crate::core::json::RawObject;
use crate::core::json::dotted::{self, set_at};
use crate::core::payload::PayloadRules;
use crate::core::why::Why;
use crate::spec::SpecError;

/// Why no body can be made of a context. Says nothing of what was said.
#[derive(Debug, Error)]
pub enum BodyError {
    /// A stored message is not what it should be.
    #[error("a message in Redis cannot be read")]
    Unreadable,
    /// The template cannot be filled.
    #[error("{}", Why::Template(&.0.to_string()))]
    Template(#[from] TemplateError),
    /// The routing key is longer than this.
    #[error("{}", Why::Template(&format!("it makes a routing key of more than {} bytes", .0)))]
    RoutingKey(usize),
    /// The newest payload has no place for the texts.
    #[error("{0}")]
    Aggregate(#[from] dotted::PathError),
}

/// Tries a template on a sample, as the body of a call to `destination`, if that is known.
///
/// # Errors
/// When it is broken or cannot be filled; says in which line and why.
pub fn try_template(source: &str, destination: Option<&Destination>) -> Result<(), TemplateError> {
    let given = destination.map(|known| client::headers(&known.headers));
    let headers = given.and_then(Result::ok).unwrap_or_default();
    let template = Template::compile(source, content_type(&headers))?;
    template.try_sample().map(drop)
}

impl Sender {
    /// What a call for this context says by another template than the destination's own. It is compiled for this call
    /// alone: few calls are made so, and the template is always the newest.
    ///
    /// # Errors
    /// As [`Sender::fill`].
    pub fn fill_by(
        &self,
        template: &str,
        context: &TemplateContext<'_>,
    ) -> Result<Filled, BodyError> {
        let template = Template::compile(template, content_type(&self.basics.headers))?;
        self.filled(template.render(context)?, context)
    }
}

/// What bodies are sent under with these headers.
pub(super) fn content_type(headers: &HeaderMap) -> &str {
    let given = headers.get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    given.unwrap_or("application/json")
}

/// Makes bodies.
#[derive(Debug)]
pub(super) enum BodyMaker {
    Payload {
        messages_field: String,
        zone: Option<chrono_tz::Tz>,
        fields: Option<Vec<String>>,
    },
    Template(Arc<Kept>),
    Nothing,
    Content {
        key_field: String,
        template: Option<Arc<Kept>>,
        fields: Option<Vec<String>>,
    },
    Newest {
        aggregate_field: String,
    },
}

impl BodyMaker {
    /// Makes ready; each template is tried on a sample.
    pub(super) fn new(
        body: &Body,
        content_type: &str,
        templates: &Templates,
    ) -> Result<Self, SpecError> {
        let wrong = |field: &'static str| {
            move |error: TemplateError| SpecError::new(field, error.to_string())
        };
        Ok(match body {
            Body::Payload {
                messages_field,
                zone,
                fields,
            } => Self::Payload {
                messages_field: messages_field.clone(),
                zone: *zone,
                fields: fields.clone(),
            },
            Body::Template(source) => {
                let template = templates.of_body(source, content_type);
                Self::Template(template.map_err(wrong("template"))?)
            }
            Body::Nothing => Self::Nothing,
            Body::Content {
                key_field,
                template,
                fields,
            } => Self::Content {
                key_field: key_field.clone(),
                template: template
                    .as_deref()
                    .map(|source| templates.of_items(source))
                    .transpose()
                    .map_err(wrong("content.template"))?,
                fields: fields.clone(),
            },
            Body::Newest { aggregate_field } => Self::Newest {
                aggregate_field: aggregate_field.clone(),
            },
        })
    }

    /// The body for a context. The same context gives the same bytes at every attempt.
    pub(super) fn make(&self, context: &TemplateContext<'_>) -> Result<String, BodyError> {
        match self {
            Self::Payload {
                messages_field,
                zone,
                fields,
            } => {
                let rules = PayloadRules {
                    messages_field,
                    timezone: zone.unwrap_or(context.zone),
                    language: context.language,
                };
                let body = rules
                    .body(context.user, context.items, context.closed)
                    .map_err(unreadable)?;
                match fields {
                    Some(fields) => only(&body, fields),
                    None => Ok(body),
                }
            }
            Self::Template(template) => Ok(template.render(context)?),
            Self::Nothing => Ok(String::new()),
            Self::Content {
                key_field,
                template,
                fields,
            } => content(context, key_field, template.as_deref(), fields.as_deref()),
            Self::Newest { aggregate_field } => {
                let newest = context.items.last().ok_or(BodyError::Unreadable)?;
                let texts: Vec<_> = context
                    .items
                    .iter()
                    .filter_map(|item| item.text())
                    .collect();
                Ok(set_at(&newest.message, aggregate_field, &texts.join("\n"))?)
            }
        }
    }
}

fn content(
    context: &TemplateContext<'_>,
    key_field: &str,
    template: Option<&Kept>,
    fields: Option<&[String]>,
) -> Result<String, BodyError> {
    let Some(template) = template else {
        let messages = context.items.iter().map(|item| match fields {
            Some(fields) => only(item.message.get(), fields),
            None => Ok(item.message.get().to_owned()),
        });
        let messages: Vec<String> = messages.collect::<Result<_, _>>()?;
        return Ok(format!("[{}]", messages.join(",")));
    };
    let lines = context
        .items
        .iter()
        .map(|item| template.render_item(context, item));
    let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
    let mut body = RawObject::new();
    body.insert(
        key_field.to_owned(),
        to_raw_value(context.user).map_err(unreadable)?,
    );
    body.insert(
        "content".to_owned(),
        to_raw_value(&lines).map_err(unreadable)?,
    );
    serde_json::to_string(&body).map_err(unreadable)
}

/// The fields of an object that are asked for, in the order of the object; what is no object stays whole.
fn only(json: &str, fields: &[String]) -> Result<String, BodyError> {
    let Ok(mut object) = serde_json::from_str::<RawObject>(json) else {
        return serde_json::from_str::<Box<RawValue>>(json)
            .map(|raw| raw.get().to_owned())
            .map_err(unreadable);
    };
    object.retain(|name, _| fields.contains(name));
    serde_json::to_string(&object).map_err(unreadable)
}

/// Tells nothing of what the parser has seen.
fn unreadable(_: serde_json::Error) -> BodyError {
    BodyError::Unreadable
}
