//! A message that its sender has changed while it waited.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::MediaKind;
use crate::core::json::RawObject;
use crate::core::json::text;

/// Whether a stored message has this id. WAHA names what was changed by the last part of the id that it gave before:
/// `AAA1` of `false_5511988887777@c.us_AAA1`.
pub fn is_called(stored: &str, id: &str) -> bool {
    #[derive(Deserialize)]
    struct Called<'a> {
        #[serde(borrow)]
        id: Option<Cow<'a, str>>,
    }

    let called: Option<Called<'_>> = serde_json::from_str(stored).ok();
    let is_part = |known: &str| known.contains('@') && known.rsplit('_').next() == Some(id);
    let known = called.and_then(|called| called.id);
    known.is_some_and(|known| known == id || is_part(&known))
}

/// Whether a stored message may have been said by somebody of this number, alias and id of the gateway. One of a group tells whose it is; any
/// other does not, and its chat does.
pub fn may_be_by(stored: &str, phone: Option<&str>, alias: Option<&str>, id: Option<&str>) -> bool {
    #[derive(Default, Deserialize)]
    struct Names<'a> {
        #[serde(borrow)]
        phone: Option<Cow<'a, str>>,
        #[serde(borrow)]
        alias: Option<Cow<'a, str>>,
        #[serde(borrow)]
        sender_id: Option<Cow<'a, str>>,
    }
    #[derive(Deserialize)]
    struct Whose<'a> {
        #[serde(borrow, default)]
        parts: Names<'a>,
    }

    let Ok(Whose { parts }) = serde_json::from_str::<Whose<'_>>(stored) else {
        return false;
    };
    let mut told = false;
    for (theirs, given) in [
        (&parts.phone, phone),
        (&parts.alias, alias),
        (&parts.sender_id, id),
    ] {
        match (theirs.as_deref(), given) {
            (Some(theirs), Some(given)) if theirs == given => return true,
            (theirs, _) => told |= theirs.is_some(),
        }
    }
    !told
}

/// The words of a stored message, if it has any.
pub fn words_of(stored: &str) -> Option<String> {
    let item: RawObject = serde_json::from_str(stored).ok()?;
    let words = item.get("message").filter(|raw| raw.get().starts_with('"'));
    let words = words.or_else(|| item.get("text"))?;
    text::text(words.get()).map(Cow::into_owned)
}

/// A stored message with other words: those of a text, the caption of a medium, which without any words has none. When it
/// came stays in front.
///
/// # Errors
/// When what is stored is not what [`super::stored_item`] wrote.
pub fn amended(stored: &str, words: &str) -> serde_json::Result<String> {
    let mut item: RawObject = serde_json::from_str(stored)?;
    let words = to_raw_value(words)?;
    let message = item.get("message").map(|raw| raw.get().to_owned());
    let message = message.unwrap_or_default();
    if message.starts_with('"') {
        item.insert("message".to_owned(), words);
        return serde_json::to_string(&item);
    }
    let changed = match serde_json::from_str::<Vec<RawObject>>(&message) {
        Ok(mut media) => {
            if let Some(first) = media.first_mut() {
                say(first, &words);
            }
            to_raw_value(&media)?
        }
        Err(_) => {
            let mut object: RawObject = serde_json::from_str(&message)?;
            say(&mut object, &words);
            to_raw_value(&object)?
        }
    };
    item.insert("message".to_owned(), changed);
    put(&mut item, "text", &words);
    serde_json::to_string(&item)
}

/// A stored message that passes a number on; `None`: it passes one on already.
///
/// # Errors
/// When what is stored is not what [`super::stored_item`] wrote.
pub fn with_phone(stored: &str, phone: &str) -> serde_json::Result<Option<String>> {
    let mut item: RawObject = serde_json::from_str(stored)?;
    let fields = item
        .get("fields")
        .map(|raw| serde_json::from_str(raw.get()));
    let mut fields: RawObject = fields.transpose()?.unwrap_or_default();
    if fields.contains_key("phone") {
        return Ok(None);
    }
    fields.insert("phone".to_owned(), to_raw_value(phone)?);
    item.insert("fields".to_owned(), to_raw_value(&fields)?);
    serde_json::to_string(&item).map(Some)
}

/// Puts words where an object of a message has them.
fn say(object: &mut RawObject, words: &RawValue) {
    let kind = object.get("type").and_then(|raw| text::text(raw.get()));
    let kind = kind.and_then(|kind| kind.parse::<MediaKind>().ok());
    let name = match kind {
        Some(kind) if kind.is_file() => {
            object.shift_remove("text");
            "caption"
        }
        _ => "text",
    };
    put(object, name, words);
}

/// Puts words into a field; without any it is not there.
fn put(object: &mut RawObject, name: &str, words: &RawValue) {
    if words.get() == r#""""# {
        object.shift_remove(name);
    } else {
        object.insert(name.to_owned(), words.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_id_however_that_is_written() {
        assert!(is_called(r#"{"at":1,"message":"x","id":"A\u0031"}"#, "A1"));
        assert!(!is_called(r#"{"at":1,"message":{"id":"A1"}}"#, "A1"));
        assert!(!is_called(r#"{"at":1,"id":7}"#, "7"));
        assert!(is_called(r#"{"at":1,"id":"false_55@c.us_A1"}"#, "A1"));
        assert!(!is_called(r#"{"at":1,"id":"order_A1"}"#, "A1"));
    }

    #[test]
    fn a_message_of_a_group_is_by_whoever_has_its_number_its_alias_or_its_id() {
        let both =
            r#"{"at":1,"message":"x","parts":{"phone":"55","alias":"9@lid","quoted":{"id":"A"}}}"#;

        let may_be = |phone: Option<&str>, alias| may_be_by(both, phone, alias, None);
        assert!(may_be(Some("55"), None) && may_be(Some("1"), Some("9@lid")));
        assert!(!may_be(Some("1"), None) && !may_be(None, None));
        assert!(may_be_by(
            r#"{"at":1,"message":"x"}"#,
            Some("1"),
            None,
            None
        ));
        let of_id = r#"{"at":1,"message":"x","parts":{"sender_id":"7"}}"#;
        assert!(may_be_by(of_id, None, None, Some("7")));
        assert!(!may_be_by(of_id, None, None, Some("8")));
    }

    #[test]
    fn the_words_of_a_message_are_its_text_or_those_of_its_medium() {
        let words = |stored: &str| words_of(stored).unwrap_or_default();

        assert_eq!(words(r#"{"at":1,"message":"a\nb"}"#), "a\nb");
        assert_eq!(
            words(r#"{"at":1,"message":{"type":"image"},"text":"b"}"#),
            "b"
        );
        assert_eq!(words_of(r#"{"at":1,"message":{"type":"image"}}"#), None);
    }

    #[test]
    fn a_medium_whose_caption_was_removed_has_none() {
        assert_eq!(
            amended(
                r#"{"at":1,"message":{"type":"image","url":"u","caption":"old"},"type":"image","text":"old"}"#,
                ""
            )
            .unwrap(),
            r#"{"at":1,"message":{"type":"image","url":"u"},"type":"image"}"#
        );
    }

    #[test]
    fn a_number_is_passed_on_unless_one_is_already() {
        let with_phone = |stored: &str| with_phone(stored, "55").unwrap();

        assert_eq!(
            with_phone(r#"{"at":1,"message":"x","fields":{"alias":"9@lid","n":1.50}}"#).unwrap(),
            r#"{"at":1,"message":"x","fields":{"alias":"9@lid","n":1.50,"phone":"55"}}"#
        );
        assert_eq!(
            with_phone(r#"{"at":1,"message":"x"}"#).unwrap(),
            r#"{"at":1,"message":"x","fields":{"phone":"55"}}"#
        );
        let told = r#"{"at":1,"message":"x","fields":{"phone":"1"}}"#;
        assert_eq!(with_phone(told), None);
    }

    #[test]
    fn a_text_is_another_and_a_medium_has_another_caption() {
        let amended = |stored: &str| amended(stored, "new").unwrap();

        assert_eq!(
            amended(r#"{"at":1,"message":"old","id":"A","fields":{"n":1.50}}"#),
            r#"{"at":1,"message":"new","id":"A","fields":{"n":1.50}}"#
        );
        assert_eq!(
            amended(r#"{"at":1,"message":{"type":"image","url":"u","text":"old"},"type":"image"}"#),
            r#"{"at":1,"message":{"type":"image","url":"u","caption":"new"},"type":"image","text":"new"}"#
        );
        assert_eq!(
            amended(
                r#"{"at":1,"message":[{"type":"image","caption":"old"},{"type":"video"}],"text":"old"}"#
            ),
            r#"{"at":1,"message":[{"type":"image","caption":"new"},{"type":"video"}],"text":"new"}"#
        );
    }
}
