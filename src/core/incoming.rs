//! What clients post: checked once where it comes in, so that nobody after that checks again.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::item::{Details, text_of};
use super::when::When;
use crate::core::chat::{ChatId, ChatIdError};
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, seconds, take, text_or_integer};
use crate::core::trace::TraceContext;

/// Most bytes a `message_id` may have.
pub const MAX_MESSAGE_ID_BYTES: usize = 512;

/// One thing said, as `POST /api/message` takes it.
#[derive(Debug)]
pub struct Incoming {
    /// The chat.
    pub user: ChatId,
    /// What was said: any JSON value but null and the empty string.
    pub message: Box<RawValue>,
    /// The quiet window asked for, in seconds; not yet held against the rules.
    pub ttl: Option<f64>,
    /// The client's id for this message.
    pub message_id: Option<String>,
    /// When it is to leave; without, with the window of its chat.
    pub when: Option<When>,
    /// What a gateway tells beside it; nothing for a plain message.
    pub details: Details,
    /// The trace it is part of, which goes on with its delivery.
    pub trace: Option<TraceContext>,
    /// Everything else, to be passed through.
    pub fields: RawObject,
}

impl Incoming {
    /// The words in it: what a gateway found, or the message itself where that is a JSON string.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        text_of(&self.message, self.details.text.as_deref())
    }

    /// How whoever wrote it calls themself, where the chat is that person.
    pub fn sender_name(&self) -> Option<String> {
        let name = self.fields.get("sender_name")?;
        let group = self
            .fields
            .get("group")
            .and_then(|group| text_or_integer(group));
        // A group that is one chat is nobody.
        let is_group = group.is_some_and(|group| self.user.as_str().ends_with(&group));
        text_or_integer(name).filter(|_| !is_group)
    }

    /// Takes the fields of a body as a message.
    ///
    /// # Errors
    /// Says what is wrong, and with which field.
    pub fn from_fields(mut fields: RawObject) -> Result<Self, BadInput> {
        let user = user_of(&mut fields)?;
        Self::of_user(user, fields)
    }

    /// The same with the chat under `unique_id` (the Celery buffer).
    ///
    /// # Errors
    /// Says what is wrong, and with which field.
    pub fn from_unique_id(mut fields: RawObject) -> Result<Self, BadInput> {
        let user = chat_under(&mut fields, "unique_id")?;
        Self::of_user(user, fields)
    }

    fn of_user(user: ChatId, mut fields: RawObject) -> Result<Self, BadInput> {
        let message = take(&mut fields, "message").ok_or(BadInput::Missing {
            field: "message",
            what: "it holds what was said, as any JSON value",
        })?;
        if message.get() == r#""""# {
            return Err(BadInput::field("message", "must not be empty"));
        }
        let ttl = take(&mut fields, "ttl");
        let message_id = take(&mut fields, "message_id");
        let when = When::take(&mut fields)?;
        Ok(Self {
            user,
            message,
            ttl: ttl.map(|raw| seconds(&raw)).transpose()?,
            message_id: message_id.map(|raw| message_id_of(&raw)).transpose()?,
            when,
            details: Details::default(),
            trace: None,
            fields,
        })
    }
}

/// Checks the id that a client gave its message in `field`: in the body or in the header `Idempotency-Key`.
///
/// # Errors
/// When it is empty or too long.
pub fn check_message_id(field: &'static str, text: String) -> Result<String, BadInput> {
    if text.is_empty() || text.len() > MAX_MESSAGE_ID_BYTES {
        let why = format!(
            "must have 1 to {MAX_MESSAGE_ID_BYTES} bytes, this one has {}",
            text.len()
        );
        return Err(BadInput::Field { field, why });
    }
    Ok(text)
}

/// The chat that a message's `user` names, taken out of its fields.
///
/// # Errors
/// When it is missing, or is not the id of a chat.
pub fn user_of(fields: &mut RawObject) -> Result<ChatId, BadInput> {
    chat_under(fields, "user")
}

fn chat_under(fields: &mut RawObject, field: &'static str) -> Result<ChatId, BadInput> {
    let raw = take(fields, field).ok_or(BadInput::Missing {
        field,
        what: "it names the chat, as text or an integer",
    })?;
    let text = text_or_integer(&raw)
        .ok_or_else(|| BadInput::field(field, "must be text or an integer"))?;
    ChatId::parse(&text).map_err(|error: ChatIdError| BadInput::field(field, error.to_string()))
}

/// A message's `message_id`, as text.
///
/// # Errors
/// When it is neither text nor an integer, or is empty or too long.
pub fn message_id_of(raw: &RawValue) -> Result<String, BadInput> {
    let text = text_or_integer(raw)
        .ok_or_else(|| BadInput::field("message_id", "must be text or an integer"))?;
    check_message_id("message_id", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::{form_fields, json_fields};

    fn parse(body: &str) -> Result<Incoming, String> {
        json_fields(body.as_bytes())
            .and_then(Incoming::from_fields)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn everything_unknown_passes_through_to_the_letter_and_in_order() {
        let body = r#"{"z":12345678901234567890123,"user":"ana","message":"oi","a":{"k":[1.50,"\u00e9"]},"ttl":3}"#;

        let incoming = parse(body).unwrap();

        let fields: Vec<_> = incoming
            .fields
            .iter()
            .map(|(name, raw)| (name.as_str(), raw.get()))
            .collect();
        assert_eq!(
            fields,
            [
                ("z", "12345678901234567890123"),
                ("a", r#"{"k":[1.50,"\u00e9"]}"#)
            ]
        );
        assert_eq!(incoming.ttl, Some(3.0));
    }

    #[test]
    fn a_user_is_text_or_an_integer() {
        assert_eq!(
            parse(r#"{"user":"a:b","message":1}"#)
                .unwrap()
                .user
                .as_str(),
            "a:b"
        );
        assert_eq!(
            parse(r#"{"user":5511988887777,"message":1}"#)
                .unwrap()
                .user
                .as_str(),
            "5511988887777"
        );
        for (bad, why) in [
            (
                r#"{"message":1}"#,
                "user is missing: it names the chat, as text or an integer",
            ),
            (
                r#"{"user":null,"message":1}"#,
                "user is missing: it names the chat, as text or an integer",
            ),
            (
                r#"{"user":"","message":1}"#,
                "user must not be empty or blank",
            ),
            (
                r#"{"user":1.5,"message":1}"#,
                "user must be text or an integer",
            ),
            (
                r#"{"user":1e5,"message":1}"#,
                "user must be text or an integer",
            ),
            (
                r#"{"user":["a"],"message":1}"#,
                "user must be text or an integer",
            ),
            (
                r#"{"user":true,"message":1}"#,
                "user must be text or an integer",
            ),
        ] {
            assert_eq!(parse(bad).unwrap_err(), why);
        }
        let long = format!(r#"{{"user":"{}","message":1}}"#, "x".repeat(513));
        assert_eq!(
            parse(&long).unwrap_err(),
            "user must have at most 512 bytes, this one has 513"
        );
    }

    #[test]
    fn a_message_is_any_value_but_null_and_the_empty_string() {
        for good in ["0", "false", "[]", "{}", r#"" ""#, r#"{"a":1}"#] {
            assert_eq!(
                parse(&format!(r#"{{"user":"a","message":{good}}}"#))
                    .unwrap()
                    .message
                    .get(),
                good
            );
        }
        assert!(
            parse(r#"{"user":"a","message":null}"#)
                .unwrap_err()
                .starts_with("message is missing")
        );
        assert_eq!(
            parse(r#"{"user":"a","message":""}"#).unwrap_err(),
            "message must not be empty"
        );
    }

    #[test]
    fn a_ttl_is_a_number_or_its_text() {
        let ttl =
            |raw: &str| parse(&format!(r#"{{"user":"a","message":1,"ttl":{raw}}}"#)).map(|m| m.ttl);

        assert_eq!(ttl("2.5"), Ok(Some(2.5)));
        assert_eq!(ttl(r#""20""#), Ok(Some(20.0)));
        assert_eq!(ttl("null"), Ok(None));
        for bad in [r#""""#, r#""soon""#, "true", "[1]", "{}"] {
            assert_eq!(
                ttl(bad).unwrap_err(),
                "ttl must be a number of seconds",
                "{bad}"
            );
        }
    }

    #[test]
    fn a_message_id_has_bounds() {
        let id = |raw: &str| {
            parse(&format!(r#"{{"user":"a","message":1,"message_id":{raw}}}"#))
                .map(|m| m.message_id)
        };

        assert_eq!(id(r#""3EB0""#), Ok(Some("3EB0".to_owned())));
        assert_eq!(id("77"), Ok(Some("77".to_owned())));
        assert_eq!(id("null"), Ok(None));
        assert!(
            id(r#""""#)
                .unwrap_err()
                .starts_with("message_id must have 1 to 512 bytes")
        );
        assert!(id("{}").unwrap_err().starts_with("message_id must be text"));
    }

    #[test]
    fn a_form_is_taken_like_json_with_texts() {
        let fields = form_fields(b"user=55119&message=oi%2C+tudo%3F&ttl=4&foto=%22").unwrap();
        let incoming = Incoming::from_fields(fields).unwrap();

        assert_eq!(incoming.user.as_str(), "55119");
        assert_eq!(incoming.message.get(), r#""oi, tudo?""#);
        assert_eq!(incoming.ttl, Some(4.0));
        assert_eq!(incoming.fields["foto"].get(), r#""\"""#);
    }
}
