//! What a buffer would make of a post. Nothing is stored and nothing is sent.

use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};

use super::accepting::new_message;
use super::gathering::UNNAMED;
use super::reading::Said;
use super::{Ingest, IngestError};
use crate::core::batch::Millis;
use crate::core::chat::{ChatId, Name};
use crate::core::destination::{Destination, Method};
use crate::core::incoming::Incoming;
use crate::core::item::{Item, Media, read_items, stored_item};
use crate::core::json::fields::BadInput;
use crate::core::when::When;
use crate::core::window::CloseReason;
use crate::delivery::Sender;
use crate::delivery::template::context::TemplateContext;
use crate::gateway::{Author, Event, Gateway};
use crate::spec::Buffer;
use crate::spec::buffer::OnEdit;
use crate::spec::masked::masked_url;

/// What one thing in a post would be.
#[derive(Debug, Default)]
pub struct WouldBe {
    /// The chat it belongs to; an alias that was once told with a number would be exchanged for it.
    pub chat: Option<ChatId>,
    /// What would be in the list of messages.
    pub message: Option<Box<RawValue>>,
    /// The words in it; of a gateway's message what would be its line in the payload's `text`.
    pub text: Option<String>,
    /// Of a gateway's message: itself whole, as the payload's `items` would show it.
    pub items: Option<Box<RawValue>>,
    /// The id by which a repetition would be known.
    pub id: Option<String>,
    /// What is attached to it.
    pub media: Vec<Media>,
    /// A typing signal: whether the person types now.
    pub typing: Option<bool>,
    /// One of our own messages: by whom.
    pub own: Option<Author>,
    /// The id of the message that would be changed in its window, or taken back there where `text` is none.
    pub changes: Option<String>,
    /// Why nothing would come of it.
    pub ignored: Option<String>,
    /// After how long a window that it opened would close, or it would leave by itself.
    pub deadline_in: Option<Duration>,
    /// The calls for a window that holds nothing else.
    pub calls: Vec<WouldCall>,
}

/// A call that would be made.
#[derive(Debug)]
pub struct WouldCall {
    /// The destination.
    pub destination: Name,
    /// The HTTP method, or another command.
    pub method: String,
    /// Where it is, with a mask for what may be secret in it.
    pub url: String,
    /// The body, or why there would be none.
    pub body: Result<String, String>,
}

/// A destination, ready to be called; or why it cannot be.
struct Call {
    destination: Name,
    /// By HTTP; where the call could not be made ready.
    method: Method,
    /// None: it leads where `RABBITMQ_URL` does.
    url: Option<String>,
    sender: Result<Sender, String>,
}

impl Ingest {
    /// What a buffer would make of what a post says; `now` stands for when it comes.
    ///
    /// # Errors
    /// When a message in it could not be taken as it is.
    pub fn try_out(
        &self,
        buffer: &Buffer,
        said: Said,
        now: Millis,
    ) -> Result<Vec<WouldBe>, IngestError> {
        let trial = Trial {
            buffer,
            calls: self.calls(buffer),
            now,
        };
        match said {
            Said::Message(incoming) => Ok(vec![trial.message(&incoming)?]),
            Said::Events(gateway, events) => events
                .into_iter()
                .map(|event| trial.event(gateway, event))
                .collect(),
        }
    }

    /// The destinations of a buffer, as far as this daemon is told of them.
    fn calls(&self, buffer: &Buffer) -> Vec<Call> {
        let snapshot = self.0.registry.get();
        let targets = buffer.destinations.iter();
        let known = targets.filter_map(|target| snapshot.destination(&target.name));
        known.map(|destination| self.call(destination)).collect()
    }

    fn call(&self, destination: &Destination) -> Call {
        let sender = Sender::new(destination, &self.0.clients);
        Call {
            destination: destination.name.clone(),
            method: destination.method,
            url: (!destination.url.is_empty()).then(|| masked_url(&destination.url)),
            sender: sender.map_err(|error| error.to_string()),
        }
    }
}

struct Trial<'a> {
    buffer: &'a Buffer,
    calls: Vec<Call>,
    now: Millis,
}

impl Trial<'_> {
    fn event(&self, gateway: Gateway, event: Event) -> Result<WouldBe, IngestError> {
        let mut would_be = WouldBe::default();
        let of = event.party();
        let unheard = of.and_then(|of| self.buffer.people.unheard(&event, &of.person));
        if let Some(why) = unheard {
            would_be.ignored = Some(why.text().to_owned());
            return Ok(would_be);
        }
        let party = match event {
            Event::Said(said) => {
                let Ok(chat) = said.party.chat_id() else {
                    would_be.ignored = Some(UNNAMED.to_owned());
                    return Ok(would_be);
                };
                let person = said.party.person.clone();
                let name = &self.buffer.name;
                return self.message(&said.incoming(
                    chat,
                    &person,
                    gateway,
                    name,
                    self.buffer.max_file_bytes,
                )?);
            }
            Event::Own(own) => {
                would_be.own = Some(self.buffer.people.author(&own));
                would_be.text = own.text;
                would_be.id = own.id;
                own.party
            }
            Event::Changed(changed) => {
                if self.buffer.on_edit == OnEdit::Ignore {
                    would_be.ignored = Some(changed.ignored().text().to_owned());
                }
                would_be.changes = Some(changed.id);
                would_be.text = changed.text;
                changed.party
            }
            Event::Typing { party, typing } => {
                would_be.typing = Some(typing);
                party
            }
            Event::Ignored { reason, .. } => {
                would_be.ignored = Some(reason);
                return Ok(would_be);
            }
        };
        match party.chat_id() {
            Ok(chat) => would_be.chat = Some(chat),
            Err(_) => would_be.ignored = Some(UNNAMED.to_owned()),
        }
        Ok(would_be)
    }

    fn message(&self, incoming: &Incoming) -> Result<WouldBe, IngestError> {
        let text = incoming.text();
        let item = stored_item(incoming).map_err(BadInput::NotJson)?;
        let message = new_message(self.buffer, incoming, text.as_deref(), &item)?;
        let rules = &self.buffer.window;
        let media_waits = message.media_only && rules.media_waits;
        let wait = match incoming.when {
            Some(When::In(delay)) => delay,
            Some(When::At(at)) => Duration::from_millis(at.saturating_sub(self.now)),
            None if message.flush.is_some() => Duration::ZERO,
            None if media_waits => rules.max_wait,
            None => message.ttl,
        };
        // The append script would put its time in front in the same way.
        let stored = item.replacen('{', &format!("{{\"at\":{},", self.now), 1);
        let items = read_items(&stored)?;
        let whole = || {
            let shown: Vec<_> = items.iter().map(Item::shown).collect::<Result<_, _>>()?;
            to_raw_value(&shown)
        };
        let of_gateway = self.buffer.language;
        Ok(WouldBe {
            chat: Some(incoming.user.clone()),
            message: Some(incoming.message.clone()),
            text: match of_gateway {
                Some(language) => Some(language.text_of(&items)),
                None => text.map(Into::into),
            },
            items: of_gateway
                .map(|_| whole())
                .transpose()
                .map_err(BadInput::NotJson)?,
            id: incoming.message_id.clone(),
            media: incoming.details.media.clone(),
            deadline_in: Some(wait),
            calls: self.would_call(incoming.user.as_str(), &items),
            ..WouldBe::default()
        })
    }

    fn would_call(&self, user: &str, items: &[Item]) -> Vec<WouldCall> {
        let context = TemplateContext {
            user,
            buffer: self.buffer.name.as_str(),
            opened: self.now,
            closed: self.now,
            reason: CloseReason::Quiet,
            zone: self.buffer.zone,
            language: self.buffer.language,
            items,
        };
        let calls = self.calls.iter();
        calls.map(|call| call.for_context(&context)).collect()
    }
}

impl Call {
    fn for_context(&self, context: &TemplateContext<'_>) -> WouldCall {
        let filled = self.sender.as_ref().map_err(Clone::clone);
        let filled = filled.and_then(|sender| {
            let filled = sender.fill(context).map_err(|error| error.to_string());
            filled.map(|filled| (sender.shown(&filled), filled.body))
        });
        let ((method, url), body) = match filled {
            Ok((shown, body)) => (shown, Ok(body)),
            Err(error) => ((self.method.to_string(), String::new()), Err(error)),
        };
        WouldCall {
            destination: self.destination.clone(),
            method,
            // As it was written, if it was.
            url: self.url.clone().unwrap_or(url),
            body,
        }
    }
}
