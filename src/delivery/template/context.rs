//! What a template sees of a batch.
//!
//! | name | |
//! |---|---|
//! | `user`, `buffer` | the chat; the name of its buffer |
//! | `text` | the words of all messages, with line breaks between them; in a gateway's buffer as in its payload |
//! | `messages` | the messages in order, as in the default payload |
//! | `items` | the messages whole, as in the payload of a gateway's buffer, and `message` and `fields` of each |
//! | `first`, `last`, `count` | the first and the last of the items, and how many there are |
//! | `opened_at`, `closed_at`, `reason` | when the window was opened and closed (RFC 3339), and what closed it |
//! | anything else | the pass-through field of that name; of several messages' the last |
//!
//! `time` and `at` are milliseconds since 1970: by the gateway's clock where that told it, and by Redis's.

use std::collections::HashSet;

use chrono_tz::Tz;
use minijinja::Value;
use serde_json::value::to_raw_value;

use super::json::{from_any, from_raw};
use crate::core::batch::Millis;
use crate::core::item::Item;
use crate::core::json::RawObject;
use crate::core::language::Language;
use crate::core::moment::rfc3339;
use crate::core::window::CloseReason;

/// Names that are always Lull's own, whatever a client sends.
const OWN: [&str; 11] = [
    "user",
    "buffer",
    "text",
    "messages",
    "items",
    "first",
    "last",
    "count",
    "opened_at",
    "closed_at",
    "reason",
];
const OWN_OF_AN_ITEM: [&str; 19] = [
    "message", "text", "type", "media", "sender", "time", "at", "id", "fields", "choice", "quoted",
    "referral", "order", "product", "form", "poll", "changed", "contact", "location",
];

/// A batch as a template sees it.
#[derive(Clone, Copy, Debug)]
pub struct TemplateContext<'a> {
    /// The chat.
    pub user: &'a str,
    /// The name of its buffer.
    pub buffer: &'a str,
    /// When the first message came.
    pub opened: Millis,
    /// When the window was closed.
    pub closed: Millis,
    /// What closed it.
    pub reason: CloseReason,
    /// The zone that moments are written in.
    pub zone: Tz,
    /// Of a gateway's buffer: the language that names what has no words.
    pub language: Option<Language>,
    /// The messages, in order.
    pub items: &'a [Item],
}

/// A message as payloads show it, and what stands beside it there: the message itself and its fields. A template that
/// names a part that a message does not have finds nothing.
fn whole(item: &Item) -> serde_json::Result<Value> {
    let shown = to_raw_value(&item.shown()?)?;
    let shown: RawObject = serde_json::from_str(shown.get())?;
    let mut parts = vec![
        ("message", from_raw(&item.message)),
        ("fields", from_any(&item.fields)?),
    ];
    if item.media.is_empty() {
        parts.push(("media", from_any(&item.media)?));
    }
    for name in ["text", "sender", "id"] {
        if !shown.contains_key(name) {
            parts.push((name, Value::from(())));
        }
    }
    let shown = shown.iter();
    parts.extend(shown.map(|(name, raw)| (name.as_str(), from_raw(raw))));
    Ok(Value::from_pairs(parts))
}

impl TemplateContext<'_> {
    /// The values of those names that are among the words of a template.
    pub(super) fn names(
        &self,
        words: &HashSet<String>,
    ) -> serde_json::Result<Vec<(String, Value)>> {
        let mut names = Vec::new();
        for item in self.items.iter().rev() {
            add_fields(&mut names, &item.fields, words);
        }
        names.retain(|(name, _)| !OWN.contains(&name.as_str()));
        for name in OWN.into_iter().filter(|&name| words.contains(name)) {
            names.push((name.to_owned(), self.value(name)?));
        }
        Ok(names)
    }

    /// The same for a template that is filled with one message.
    pub(super) fn names_for(
        &self,
        item: &Item,
        words: &HashSet<String>,
    ) -> serde_json::Result<Vec<(String, Value)>> {
        let mut names = Vec::new();
        // Where the whole body of a post is the message, its fields stand in there.
        if let Ok(fields) = serde_json::from_str::<RawObject>(item.message.get()) {
            add_fields(&mut names, &fields, words);
        }
        add_fields(&mut names, &item.fields, words);
        let is_free = |names: &[(String, Value)], name: &str| {
            words.contains(name) && names.iter().all(|(taken, _)| taken != name)
        };
        if OWN_OF_AN_ITEM.iter().any(|name| is_free(&names, name)) {
            let whole = whole(item)?;
            for name in OWN_OF_AN_ITEM {
                if is_free(&names, name) {
                    names.push((name.to_owned(), whole.get_attr(name).unwrap_or_default()));
                }
            }
        }
        for name in OWN {
            if is_free(&names, name) {
                names.push((name.to_owned(), self.value(name)?));
            }
        }
        Ok(names)
    }

    /// The value of one of Lull's own names.
    fn value(&self, name: &str) -> serde_json::Result<Value> {
        Ok(match name {
            "user" => Value::from(self.user),
            "buffer" => Value::from(self.buffer),
            "text" => Value::from(self.text()),
            "messages" => from_any(
                &self
                    .items
                    .iter()
                    .map(|item| &item.message)
                    .collect::<Vec<_>>(),
            )?,
            "items" => self
                .items
                .iter()
                .map(whole)
                .collect::<serde_json::Result<Vec<_>>>()?
                .into(),
            "first" => self
                .items
                .first()
                .map(whole)
                .transpose()?
                .unwrap_or_default(),
            "last" => self
                .items
                .last()
                .map(whole)
                .transpose()?
                .unwrap_or_default(),
            "count" => Value::from(self.items.len()),
            "opened_at" => Value::from(rfc3339(self.opened, self.zone)),
            "closed_at" => Value::from(rfc3339(self.closed, self.zone)),
            "reason" => Value::from(self.reason.as_str()),
            _ => Value::UNDEFINED,
        })
    }

    fn text(&self) -> String {
        if let Some(language) = self.language {
            return language.text_of(self.items);
        }
        let texts: Vec<_> = self.items.iter().filter_map(Item::text).collect();
        texts.join("\n")
    }
}

/// Adds the fields of a message that are wanted and not yet there.
fn add_fields(names: &mut Vec<(String, Value)>, fields: &RawObject, words: &HashSet<String>) {
    for (name, raw) in fields {
        if words.contains(name) && names.iter().all(|(taken, _)| taken != name) {
            names.push((name.clone(), from_raw(raw)));
        }
    }
}
