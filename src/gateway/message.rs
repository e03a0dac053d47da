//! What a person said, as a message for the windows.
//!
//! A text is a JSON string, so that a bot sees the same list of texts whichever gateway they came through. A medium is
//! an object, `{"type", "text", "url", "id", "caption", "mime_type", "file_name", …}` without what is not known; several
//! in one message are a list of such. So is an order, a product, a form or a poll, `{"type": "order", "text", "order"}`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Changed, Gateway, Media, Part, Person, Said};
use crate::core::chat::{ChatId, Name};
use crate::core::incoming::Incoming;
use crate::core::item::{self, Details};
use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;

/// The part of a message that is a change: the `id` of what was changed.
const CHANGED: &str = "changed";

impl Said {
    /// The message for `chat`, which `person` goes by. What a bot needs to answer passes through: who, on which line, by
    /// which gateway. A file of more than `max_file_bytes` is left out, and the medium says so.
    ///
    /// # Errors
    /// None that a post can cause.
    pub fn incoming(
        self,
        chat: ChatId,
        person: &Person,
        gateway: Gateway,
        buffer: &Name,
        max_file_bytes: u64,
    ) -> Result<Incoming, BadInput> {
        let fields = self.fields(person, gateway, buffer);
        let fields = fields.map_err(BadInput::NotJson)?;
        let id = self.id.as_deref();
        let media = self.media.into_iter();
        let media: Vec<_> = media
            .map(|medium| attached(medium, id, max_file_bytes))
            .collect();
        let text = self.text.as_deref();
        let content = self.parts.iter().find(|(part, _)| part.is_content());
        let message = match content {
            Some((part, told)) if media.is_empty() => content_message(*part, told, text),
            _ => media_message(&media, text),
        };
        let message = message.map_err(BadInput::NotJson)?;
        let kind = match (media.first(), content) {
            (Some(medium), _) => Some(medium.kind.clone()),
            (None, Some((part, _))) => Some(part.as_str().to_owned()),
            (None, None) => None,
        };
        let parts = self.parts.iter().map(|(part, told)| {
            let told = to_raw_value(told).map_err(BadInput::NotJson)?;
            Ok((part.as_str().to_owned(), told))
        });
        let mut parts: RawObject = parts.collect::<Result<_, BadInput>>()?;
        let mut sender = self.sender;
        // Of a chat of many, each message tells whose it is.
        if self.party.group.is_some() {
            let names = [
                ("phone", person.phone.as_deref()),
                ("alias", person.alias.as_deref()),
                ("sender_id", person.id.as_deref()),
            ];
            parts.extend(texts(&names).map_err(BadInput::NotJson)?);
            sender =
                sender.or_else(|| Some(person.name().to_owned()).filter(|name| !name.is_empty()));
        }
        Ok(Incoming {
            user: chat,
            message,
            ttl: None,
            message_id: self.id,
            when: None,
            details: Details {
                // Of a text alone the message itself tells everything.
                text: self.text.filter(|_| kind.is_some()),
                parts,
                kind,
                media,
                sender,
                time: self.at,
            },
            trace: None,
            fields,
        })
    }

    fn fields(
        &self,
        person: &Person,
        gateway: Gateway,
        buffer: &Name,
    ) -> serde_json::Result<RawObject> {
        let group = self.party.group.as_ref();
        let mut fields = texts(&[
            ("phone", person.phone.as_deref()),
            ("alias", person.alias.as_deref()),
            ("line", self.party.line.as_deref()),
            ("group", group.map(|group| group.id.as_str())),
            ("sender_name", self.sender.as_deref()),
            ("gateway", Some(gateway.name())),
            ("buffer", Some(buffer.as_str())),
        ])?;
        for (name, value) in &self.pass {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Ok(fields)
    }
}

impl Changed {
    /// The change as a message of its own: `{"type": "edit", "id", "text"}` or `{"type": "delete", "id"}`.
    ///
    /// # Errors
    /// None that a post can cause.
    pub fn incoming(
        self,
        chat: ChatId,
        person: &Person,
        gateway: Gateway,
        buffer: &Name,
    ) -> Result<Incoming, BadInput> {
        let kind = if self.text.is_some() {
            "edit"
        } else {
            "delete"
        };
        let (id, text) = (Some(self.id.as_str()), self.text.as_deref());
        let message = texts(&[("type", Some(kind)), ("id", id), ("text", text)]);
        let changed = texts(&[("id", id)]);
        // The same change may be posted again; a message may be changed twice.
        let when = match (self.at, &self.text) {
            (Some(at), _) => at.to_string(),
            (None, text) => text.iter().flat_map(|text| text.chars()).take(64).collect(),
        };
        let said = Said {
            party: self.party,
            id: Some(format!("{kind}:{}:{when}", self.id)),
            text: self.text.clone(),
            sender: self.sender,
            at: self.at,
            media: Vec::new(),
            parts: BTreeMap::new(),
            pass: self.pass,
        };
        let mut incoming = said.incoming(chat, person, gateway, buffer, 0)?;
        let raw = |object: serde_json::Result<RawObject>| {
            let raw = object.and_then(|object| to_raw_value(&object));
            raw.map_err(BadInput::NotJson)
        };
        incoming.message = raw(message)?;
        incoming.details.text = self.text;
        incoming.details.kind = Some(kind.to_owned());
        let parts = &mut incoming.details.parts;
        parts.insert(CHANGED.to_owned(), raw(changed)?);
        Ok(incoming)
    }
}

/// What a bot gets of a text, a medium or several.
fn media_message(media: &[item::Media], text: Option<&str>) -> serde_json::Result<Box<RawValue>> {
    match media {
        [] => to_raw_value(text.unwrap_or_default()),
        [medium] => to_raw_value(&WithText::of(medium, text)),
        [first, rest @ ..] => {
            let mut all = vec![WithText::of(first, text)];
            all.extend(rest.iter().map(|medium| WithText::of(medium, None)));
            to_raw_value(&all)
        }
    }
}

/// What a bot gets of an order, a form and their like.
fn content_message(
    part: Part,
    told: &RawObject,
    text: Option<&str>,
) -> serde_json::Result<Box<RawValue>> {
    let mut object = texts(&[("type", Some(part.as_str())), ("text", text)])?;
    object.insert(part.as_str().to_owned(), to_raw_value(told)?);
    to_raw_value(&object)
}

/// A medium with the words of its message.
#[derive(Serialize)]
struct WithText<'a> {
    #[serde(flatten)]
    medium: &'a item::Media,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> WithText<'a> {
    fn of(medium: &'a item::Media, text: Option<&'a str>) -> Self {
        let caption = medium.caption.as_deref();
        Self {
            medium,
            text: text.filter(|&text| caption != Some(text)),
        }
    }
}

/// An object of those texts that there are.
fn texts(fields: &[(&str, Option<&str>)]) -> serde_json::Result<RawObject> {
    let there = fields
        .iter()
        .filter_map(|(name, text)| Some((name, (*text)?)));
    there
        .map(|(name, text)| Ok(((*name).to_owned(), to_raw_value(text)?)))
        .collect()
}

/// A medium of the message `id`, by which a file is loaded where the gateway has no id of the file itself.
fn attached(medium: Media, id: Option<&str>, max_file_bytes: u64) -> item::Media {
    let by_message = || id.filter(|_| medium.kind.is_file()).map(str::to_owned);
    let posted = medium.base64.as_deref().map(decoded_bytes);
    let left_out = posted.filter(|&bytes| bytes > max_file_bytes).map(|bytes| {
        format!(
            "the file has {bytes} bytes, and this buffer takes {max_file_bytes}: see max_file_bytes"
        )
    });
    item::Media {
        kind: medium.kind.as_str().to_owned(),
        id: medium.id.clone().or_else(by_message),
        url: medium.url,
        caption: medium.caption,
        mime_type: medium.mime,
        file_name: medium.name,
        file_size: medium.size.or(posted),
        base64: medium.base64.filter(|_| left_out.is_none()),
        left_out,
        details: medium.details,
    }
}

/// How many bytes a text in base64 stands for.
fn decoded_bytes(base64: &str) -> u64 {
    let padding = base64.bytes().rev().take_while(|&c| c == b'=').count();
    (base64.len() as u64 * 3 / 4).saturating_sub(padding as u64)
}
