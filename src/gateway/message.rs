//! What a person said, as a message for the windows.
//!
//! A text is a JSON string, so that a bot sees the same list of texts whichever gateway they came through. A medium is
//! an object, `{"type", "text", "url", "id", "caption", "mime_type", "file_name", …}` without what is not known; several
//! in one message are a list of such.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{Gateway, Media, Person, Said};
use crate::core::chat::{ChatId, Name};
use crate::core::incoming::Incoming;
use crate::core::item::{self, Details};
use crate::core::json::RawObject;
use crate::core::json::fields::BadInput;

impl Said {
    /// The message for `chat`, which `person` goes by. What a bot needs to answer passes through: who, on which line, by
    /// which gateway.
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
        let fields = self.fields(person, gateway, buffer);
        let (fields, message) = fields
            .and_then(|fields| Ok((fields, self.message()?)))
            .map_err(BadInput::NotJson)?;
        // Of a text alone the message itself tells everything.
        let has_media = !self.media.is_empty();
        Ok(Incoming {
            user: chat,
            message,
            ttl: None,
            message_id: self.id,
            when: None,
            details: Details {
                text: self.text.filter(|_| has_media),
                kind: self
                    .media
                    .first()
                    .map(|medium| medium.kind.as_str().to_owned()),
                media: self.media.iter().map(attached).collect(),
                sender: self.sender,
                time: self.at,
            },
            trace: None,
            fields,
        })
    }

    fn message(&self) -> serde_json::Result<Box<RawValue>> {
        let text = self.text.as_deref();
        match self.media.as_slice() {
            [] => to_raw_value(text.unwrap_or_default()),
            [medium] => to_raw_value(&object(medium, text)?),
            [first, rest @ ..] => {
                let mut all = vec![object(first, text)?];
                for medium in rest {
                    all.push(object(medium, None)?);
                }
                to_raw_value(&all)
            }
        }
    }

    fn fields(
        &self,
        person: &Person,
        gateway: Gateway,
        buffer: &Name,
    ) -> serde_json::Result<RawObject> {
        let mut fields = RawObject::new();
        for (name, value) in [
            ("phone", person.phone.as_deref()),
            ("alias", person.alias.as_deref()),
            ("line", self.party.line.as_deref()),
            ("sender_name", self.sender.as_deref()),
            ("gateway", Some(gateway.name())),
            ("buffer", Some(buffer.as_str())),
        ] {
            put(&mut fields, name, value)?;
        }
        Ok(fields)
    }
}

/// A medium as a bot gets it; `text` are the words of its message.
fn object(medium: &Media, text: Option<&str>) -> serde_json::Result<RawObject> {
    let mut object = RawObject::new();
    let caption = medium.caption.as_deref();
    for (name, value) in [
        ("type", Some(medium.kind.as_str())),
        ("text", text.filter(|&text| caption != Some(text))),
        ("url", medium.url.as_deref()),
        ("id", medium.id.as_deref()),
        ("caption", caption),
        ("mime_type", medium.mime.as_deref()),
        ("file_name", medium.name.as_deref()),
    ] {
        put(&mut object, name, value)?;
    }
    for (name, value) in &medium.details {
        object.insert(name.clone(), value.clone());
    }
    Ok(object)
}

fn put(
    object: &mut RawObject,
    name: &str,
    value: Option<impl Serialize>,
) -> serde_json::Result<()> {
    if let Some(value) = value {
        object.insert(name.to_owned(), to_raw_value(&value)?);
    }
    Ok(())
}

fn attached(medium: &Media) -> item::Media {
    item::Media {
        kind: medium.kind.as_str().to_owned(),
        url: medium.url.clone(),
        id: medium.id.clone(),
        caption: medium.caption.clone(),
        mime_type: medium.mime.clone(),
        file_name: medium.name.clone(),
    }
}
