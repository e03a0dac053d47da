//! Trying a destination: one marked call, and everything that an operator wants to see of it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use reqwest::header::HeaderMap;
use serde_json::json;

use super::template::context::TemplateContext;
use super::{Attempt, BodyError, Call, Clients, Filled, Sender, Way};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Chat;
use crate::core::destination::{Body, Destination};
use crate::core::item::{Item, read_items};
use crate::core::language::Language;
use crate::core::window::CloseReason;
use crate::spec::SpecError;
use crate::spec::masked::MASK;

/// The chat of every trial.
pub const USER: &str = "lull-test";
const TEXT: &str = "Lull test";
/// The header that marks a trial, where the body cannot.
const MARK: &str = "lull-test";
/// Whoever tries a destination is waiting.
const LONGEST: Duration = Duration::from_secs(30);

/// The call of a trial, without its secrets.
#[derive(Debug)]
pub struct Shown {
    /// Its method; of a stream the command with its key.
    pub method: String,
    /// Where it went; user info and the values of its query are masked.
    pub url: String,
    /// Its headers; the values that were configured are masked.
    pub headers: BTreeMap<String, String>,
    /// Its body; a GET carries its fields as query.
    pub body: String,
}

/// What a trial came to.
#[derive(Debug)]
pub struct Trial {
    /// What was sent, or would be.
    pub request: Shown,
    /// What came of it; the beginning of the answer's body stands in `answer`. None: no call was made.
    pub attempt: Option<Attempt>,
}

/// How far a trial goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// It makes a call.
    Call,
    /// It only tells which call it would make.
    Preview,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The destination cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Its body cannot be made of the sample.
    #[error("no body can be made of the test message: {0}")]
    Body(#[from] BodyError),
}

/// A batch that there is, as a destination would be called with it.
#[derive(Debug)]
pub struct Real {
    /// Its chat.
    pub chat: Chat,
    /// When its first message came.
    pub opened: Millis,
    /// When its window was closed.
    pub closed: Millis,
    /// What closed it.
    pub reason: CloseReason,
    /// The zone of its buffer.
    pub zone: Tz,
    /// The language of its buffer.
    pub language: Option<Language>,
    /// Its messages.
    pub items: Vec<Item>,
}

/// Makes one marked call to a destination with a sample, or tells which it would make; `now` is the moment of its message.
///
/// # Errors
/// When there is nothing to send.
pub async fn try_out(
    destination: &Destination,
    clients: &Clients,
    now: Millis,
    depth: Depth,
) -> Result<Trial, TrialError> {
    let items = items(&destination.body, now)?;
    let sample = TemplateContext {
        user: USER,
        buffer: "default",
        opened: now,
        closed: now,
        reason: CloseReason::Quiet,
        zone: Tz::UTC,
        language: None,
        items: &items,
    };
    call(destination, clients, &sample, depth).await
}

/// The same with a batch that there is, under another id.
///
/// # Errors
/// When there is nothing to send.
pub async fn try_with(
    destination: &Destination,
    clients: &Clients,
    real: &Real,
    depth: Depth,
) -> Result<Trial, TrialError> {
    let batch = TemplateContext {
        user: real.chat.id.as_str(),
        buffer: real.chat.buffer.as_str(),
        opened: real.opened,
        closed: real.closed,
        reason: real.reason,
        zone: real.zone,
        language: real.language,
        items: &real.items,
    };
    call(destination, clients, &batch, depth).await
}

async fn call(
    destination: &Destination,
    clients: &Clients,
    context: &TemplateContext<'_>,
    depth: Depth,
) -> Result<Trial, TrialError> {
    let mut marked = destination.clone();
    marked.headers.insert(MARK.to_owned(), "true".to_owned());
    marked.timeout = marked.timeout.min(LONGEST);
    let sender = Sender::new(&marked, clients)?;
    let said = sender.fill(context)?;
    let id = BatchId::generate();
    let request = sender.shown_call(&id, &said)?;
    let attempt = match depth {
        Depth::Call => Some(sender.send(&id, said, None).await),
        Depth::Preview => None,
    };
    Ok(Trial { request, attempt })
}

/// One message, marked in a field of its own; where a destination wants whole objects, it is one.
fn items(body: &Body, now: Millis) -> Result<Vec<Item>, BodyError> {
    let mut item = match body {
        Body::Payload { .. } | Body::Template(_) | Body::Nothing => {
            json!({ "message": TEXT, "fields": { "test": true } })
        }
        Body::Content { .. } => {
            json!({ "message": { "user": USER, "message": TEXT, "test": true } })
        }
        Body::Newest { aggregate_field } => {
            json!({ "message": nested(aggregate_field), "text": TEXT })
        }
    };
    item["at"] = now.into();
    read_items(&item.to_string()).map_err(|_| BodyError::Unreadable)
}

/// The smallest payload with a text at a dotted path.
fn nested(path: &str) -> serde_json::Value {
    let mut value = json!(TEXT);
    for name in path.rsplit('.') {
        value = json!({ name: value });
    }
    value["test"] = true.into();
    value
}

impl Sender {
    /// A call that says this, as it is shown.
    fn shown_call(&self, id: &BatchId, said: &Filled) -> Result<Shown, SpecError> {
        let call = Call {
            id,
            said: said.clone(),
            trace: None,
        };
        let headers = match &self.way {
            Way::Http(http) => {
                let request = http.request(&self.basics, call).build();
                let request =
                    request.map_err(|_| SpecError::new("url", "no call can be made to it"))?;
                headers(request.headers())
            }
            Way::RedisStream(_) | Way::Amqp(_) => headers(&self.basics.headers_of_body(&call)),
        };
        let (method, url) = self.shown(said);
        Ok(Shown {
            method,
            url,
            headers,
            body: said.body.clone(),
        })
    }
}

fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let headers = headers.iter().map(|(name, value)| {
        let open = !value.is_sensitive() || name.as_str() == MARK;
        let value = if open {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        } else {
            MASK.to_owned()
        };
        (name.to_string(), value)
    });
    headers.collect()
}
