//! A message as it lies in Redis: in its window, then in its batch.

mod amended;
mod digest;
mod media;
mod shown;
mod speech;
mod stamps;

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

pub use amended::{amended, is_called, may_be_by, with_phone, words_of};
pub use digest::digest;
pub use media::{Media, MediaKind};
pub use shown::Shown;
pub use stamps::{MOST_STAMPS, Stamp, stamps};

use super::incoming::Incoming;
use crate::core::batch::Millis;
use crate::core::json::RawObject;
use crate::core::json::text;
use crate::core::trace::TraceContext;

/// The part of a message that is what was tapped.
pub const CHOICE: &str = "choice";

/// What a gateway tells about a message beside what was said. All of it may be absent, and is then not stored.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The words in it, where `message` is not those words alone: a caption, a transcript, the text inside an object.
    pub text: Option<String>,
    /// What it is: `text`, `image`, `audio`, …
    pub kind: Option<String>,
    /// What is attached to it. It is the message, or the message is a list of it, so it is not stored twice.
    pub media: Vec<Media>,
    /// Its typed parts by their names: `choice`, `quoted`, `order`, …
    pub parts: RawObject,
    /// Who said it, where that is not the chat itself, as in a group.
    pub sender: Option<String>,
    /// When it was said, by the gateway's clock.
    pub time: Option<Millis>,
}

/// One message of a batch.
#[derive(Debug, Deserialize)]
pub struct Item {
    /// When it came, by Redis's clock; the append script writes it in.
    pub at: Millis,
    /// What was said.
    pub message: Box<RawValue>,
    /// The client's id for it.
    #[serde(default)]
    pub id: Option<String>,
    /// See [`Details::text`]; [`Item::text`] is what to ask.
    #[serde(default)]
    pub text: Option<String>,
    /// See [`Details::kind`]; [`Item::kind`] is what to ask.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// What is attached to it; [`read_items`] looks into the message for it.
    #[serde(default)]
    pub media: Vec<Media>,
    /// Its typed parts by their names.
    #[serde(default)]
    pub parts: RawObject,
    /// Who said it, where that is not the chat itself.
    #[serde(default)]
    pub sender: Option<String>,
    /// When it was said, by the gateway's clock.
    #[serde(default)]
    pub time: Option<Millis>,
    /// The trace it is part of.
    #[serde(default, deserialize_with = "trace")]
    pub trace: Option<TraceContext>,
    /// What is passed through.
    #[serde(default)]
    pub fields: RawObject,
}

impl Item {
    /// The words in it: what the gateway found, or the message itself where that is a JSON string.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        text_of(&self.message, self.text.as_deref())
    }

    /// What it is: what the gateway said, else `text` for a JSON string and `json` for anything else.
    pub fn kind(&self) -> &str {
        let plain = if self.message.get().starts_with('"') {
            "text"
        } else {
            "json"
        };
        self.kind.as_deref().unwrap_or(plain)
    }
}

/// A trace that cannot be read costs no message.
fn trace<'de, D: Deserializer<'de>>(text: D) -> Result<Option<TraceContext>, D::Error> {
    let text = Cow::<'_, str>::deserialize(text)?;
    Ok(TraceContext::from_stored(&text))
}

/// The words in a message, beside which a gateway may have found others.
pub(crate) fn text_of<'a>(message: &'a RawValue, found: Option<&'a str>) -> Option<Cow<'a, str>> {
    if let Some(text) = found {
        return Some(Cow::Borrowed(text));
    }
    text::text(message.get())
}

#[derive(Serialize)]
struct StoredItem<'a> {
    message: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "RawObject::is_empty")]
    parts: &'a RawObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(skip_serializing_if = "RawObject::is_empty")]
    fields: &'a RawObject,
}

/// The JSON of a message for the append script, which adds the time to it.
///
/// # Errors
/// None that a parsed message can cause.
pub fn stored_item(incoming: &Incoming) -> serde_json::Result<String> {
    let details = &incoming.details;
    serde_json::to_string(&StoredItem {
        message: &incoming.message,
        id: incoming.message_id.as_deref(),
        text: details.text.as_deref(),
        kind: details.kind.as_deref(),
        parts: &details.parts,
        sender: details.sender.as_deref(),
        time: details.time,
        trace: incoming.trace.as_ref().map(ToString::to_string),
        fields: &incoming.fields,
    })
}

/// What lies in Redis is not what [`stored_item`] wrote. Says where and not what, for it may be what was said.
#[derive(Debug, Error)]
#[error("not as Lull writes it at line {line}, column {column}")]
pub struct UnreadableItems {
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for UnreadableItems {
    fn from(error: serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Reads the items of a batch: JSON objects with commas between them. They come in the order in which they were said.
///
/// # Errors
/// When what lies in Redis is not what [`stored_item`] wrote.
pub fn read_items(items: &str) -> Result<Vec<Item>, UnreadableItems> {
    let mut items: Vec<Item> = serde_json::from_str(&format!("[{items}]"))?;
    for item in &mut items {
        if item.media.is_empty() && item.kind.is_some() {
            item.media = Media::of_message(&item.message);
        }
    }
    speech::sort(&mut items);
    Ok(items)
}

/// The last of the items as it lies in Redis, and when it came; none if they are not what [`stored_item`] wrote.
pub fn last_item(items: &str) -> Option<(Millis, String)> {
    let items: Vec<Box<RawValue>> = serde_json::from_str(&format!("[{items}]")).ok()?;
    let last = items.last()?.get();
    let Item { at, .. } = serde_json::from_str(last).ok()?;
    Some((at, last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn incoming(body: &str) -> Incoming {
        Incoming::from_fields(json_fields(body.as_bytes()).unwrap()).unwrap()
    }

    fn read(item: &str) -> Item {
        read_items(item).unwrap().remove(0)
    }

    #[test]
    fn a_plain_message_is_stored_as_small_as_ever() {
        let stored = stored_item(&incoming(r#"{"user":"u","message":"oi","a":1.10}"#)).unwrap();

        assert_eq!(stored, r#"{"message":"oi","fields":{"a":1.10}}"#);
    }

    #[test]
    fn what_lay_in_redis_before_there_were_details_can_be_read() {
        let item = read(r#"{"at":1,"message":"a \"b\"","id":"x","fields":{"a":1}}"#);

        assert_eq!(item.text().as_deref(), Some(r#"a "b""#));
        assert_eq!(item.kind(), "text");
        assert!(item.media.is_empty() && item.sender.is_none() && item.time.is_none());
    }

    #[test]
    fn the_trace_of_a_message_comes_back_and_a_broken_one_is_none() {
        let mut incoming = incoming(r#"{"user":"u","message":"oi"}"#);
        let trace = TraceContext::new(7, 8, 1).map(|trace| trace.with_state(r#"a="b\c""#));
        incoming.trace = trace.clone();

        let stored = stored_item(&incoming).unwrap();

        assert_eq!(read(&stored.replacen('{', r#"{"at":1,"#, 1)).trace, trace);
        assert_eq!(
            read(r#"{"at":1,"message":"oi","trace":"00-x"}"#).trace,
            None
        );
    }

    #[test]
    fn what_is_not_a_text_is_json_and_has_no_words() {
        let item = read(r#"{"at":1,"message":{"text":"x"}}"#);

        assert_eq!((item.text(), item.kind()), (None, "json"));
    }

    #[test]
    fn what_a_gateway_tells_is_stored_and_comes_back() {
        let body =
            r#"{"user":"u","message":{"type":"image","url":"https://m/1","text":"look","n":1.50}}"#;
        let mut incoming = incoming(body);
        incoming.details = Details {
            text: Some("look".to_owned()),
            kind: Some("image".to_owned()),
            parts: json_fields(br#"{"quoted":{"id":"A"}}"#).unwrap(),
            sender: Some("5511".to_owned()),
            time: Some(1_763_770_000_123),
            ..Details::default()
        };

        let stored = stored_item(&incoming).unwrap();
        let item = read(&stored.replacen('{', r#"{"at":1,"#, 1));

        assert_eq!(item.text().as_deref(), Some("look"));
        assert_eq!(item.kind(), "image");
        assert_eq!(item.parts["quoted"].get(), r#"{"id":"A"}"#);
        assert_eq!(
            serde_json::to_string(&item.media).unwrap(),
            r#"[{"type":"image","url":"https://m/1","n":1.50}]"#
        );
        assert_eq!(
            (item.sender.as_deref(), item.time),
            (Some("5511"), Some(1_763_770_000_123))
        );
    }

    #[test]
    fn what_is_no_medium_is_none_and_what_was_stored_beside_its_message_stays() {
        let order = read(r#"{"at":1,"type":"order","message":{"type":"order","order":{}}}"#);
        let stored = read(
            r#"{"at":1,"type":"image","message":{"m":1},"media":[{"type":"image","url":"u"}]}"#,
        );

        assert!(order.media.is_empty());
        assert_eq!(stored.media[0].url.as_deref(), Some("u"));
    }
}
