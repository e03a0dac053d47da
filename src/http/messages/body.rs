//! Messages that leave one by one, to a phone number each, as they come in (IMS).

use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use crate::core::chat::ChatId;
use crate::core::incoming::{Incoming, message_id_of};
use crate::core::item::Details;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, take, text_or_integer};
use crate::core::when::When;
use crate::http::scalars::{Delay, MessageId, Moment};
use crate::spec::scalars::scalars;

const PHONE_NUMBER: &str = "phone_number";
pub(super) const CONTENT: &str = "content";
/// Digits of a phone number with its country code, by E.164; shorter ones are no one's.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

scalars! {
    /// A number that a message is sent to.
    PhoneNumber = {
        "type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$",
        "description": "`+` and the country code, then digits only, 7 to 15 in all (E.164), such as `+5511988887777`.",
    };
}

/// Read by [`queued_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = QueuedMessage, description = "A message that leaves one by one. Fields beside these are left out. `send_at` and `delay` exclude each other.")]
pub(super) struct OutboundBody {
    /// To whom.
    phone_number: PhoneNumber,
    /// What is to be sent: text that is not blank, of at most `MESSAGE_MAX_LENGTH` characters.
    #[schema(min_length = 1, pattern = r"\S")]
    content: String,
    /// The client's id for this message: a second one with the same id within `IDEMPOTENCY_WINDOW` (24 hours) changes nothing.
    #[schema(required = false)]
    message_id: MessageId,
    /// When it is to leave; without, in its turn.
    #[schema(required = false)]
    send_at: Moment,
    /// In how many seconds it is to leave.
    #[schema(required = false)]
    delay: Delay,
}

/// See [`OutboundBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "A message that leaves one by one, as a form.")]
pub(super) struct OutboundForm {
    /// To whom.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$")]
    phone_number: String,
    /// What is to be sent.
    #[schema(min_length = 1, pattern = r"\S")]
    content: String,
}

/// Takes the fields of a body as a message to the chat of its phone number, of at most `most` characters. Fields that
/// it does not know are left out.
///
/// # Errors
/// Says what is wrong, and with which field.
pub(in crate::http) fn queued_of(mut fields: RawObject, most: usize) -> Result<Incoming, BadInput> {
    let user = phone_number(&mut fields)?;
    let content = content(&mut fields, most)?;
    let message_id = take(&mut fields, "message_id");
    Ok(Incoming {
        user,
        message: to_raw_value(&content).map_err(BadInput::NotJson)?,
        ttl: None,
        message_id: message_id.map(|raw| message_id_of(&raw)).transpose()?,
        when: When::take(&mut fields)?,
        details: Details::default(),
        trace: None,
        fields: RawObject::new(),
    })
}

fn phone_number(fields: &mut RawObject) -> Result<ChatId, BadInput> {
    let raw = take(fields, PHONE_NUMBER).ok_or(BadInput::Missing {
        field: PHONE_NUMBER,
        what: "it says to whom, such as +5511988887777",
    })?;
    let text = text_or_integer(&raw).unwrap_or_default();
    let wrong = || {
        // A country code that is guessed may lead to somebody else.
        let why = "must be + and the country code, then digits only, 7 to 15 in all (E.164), such as +5511988887777";
        BadInput::field(PHONE_NUMBER, why)
    };
    let digits = text.strip_prefix('+').ok_or_else(wrong)?;
    let is_number = DIGITS.contains(&digits.len())
        && digits.bytes().all(|c| c.is_ascii_digit())
        && !digits.starts_with('0');
    let number = is_number.then(|| ChatId::parse(&text).ok()).flatten();
    number.ok_or_else(wrong)
}

fn content(fields: &mut RawObject, most: usize) -> Result<String, BadInput> {
    let raw = take(fields, CONTENT).ok_or(BadInput::Missing {
        field: CONTENT,
        what: "it holds what is to be sent, as text",
    })?;
    let text: String =
        serde_json::from_str(raw.get()).map_err(|_| BadInput::field(CONTENT, "must be text"))?;
    if text.trim().is_empty() {
        return Err(BadInput::field(CONTENT, "must not be empty or blank"));
    }
    let length = text.chars().count();
    if length > most {
        let why = format!("must have at most {most} characters, this one has {length}");
        return Err(BadInput::field(CONTENT, why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn refusal(body: &str) -> String {
        let read = json_fields(body.as_bytes()).and_then(|fields| queued_of(fields, 5));
        read.err().unwrap().to_string()
    }

    #[test]
    fn a_phone_number_is_e_164_and_nothing_is_guessed() {
        for good in ["+1234567", "+123456789012345"] {
            let body = format!(r#"{{"phone_number":"{good}","content":"a"}}"#);
            let incoming = queued_of(json_fields(body.as_bytes()).unwrap(), 5).unwrap();
            assert_eq!(incoming.user.as_str(), good);
        }
        for bad in [
            r#""""#,
            r#""5511988887777""#,
            "5511988887777",
            r#""+123456""#,
            r#""+1234567890123456""#,
            r#""+0511988887777""#,
            r#""+55 11 98888 7777""#,
            r#""+55-11-98888-7777""#,
            r#""+55119８887777""#,
            "true",
        ] {
            let why = refusal(&format!(r#"{{"phone_number":{bad},"content":"a"}}"#));
            assert!(
                why.starts_with("phone_number must be + and"),
                "{bad}: {why}"
            );
        }
        assert!(refusal(r#"{"content":"a"}"#).starts_with("phone_number is missing"));
    }

    #[test]
    fn content_is_counted_in_characters() {
        let read = |content: &str| {
            let body = format!(r#"{{"phone_number":"+1234567","content":"{content}"}}"#);
            queued_of(json_fields(body.as_bytes()).unwrap(), 5).map_err(|error| error.to_string())
        };

        assert_eq!(read("ação!").unwrap().message.get(), r#""ação!""#);
        assert_eq!(
            read("🙏🙏🙏🙏🙏🙏").unwrap_err(),
            "content must have at most 5 characters, this one has 6"
        );
        assert_eq!(
            read(" \\n").unwrap_err(),
            "content must not be empty or blank"
        );
        let none = r#"{"phone_number":"+1234567","content":null}"#;
        assert!(refusal(none).starts_with("content is missing"));
        let number = r#"{"phone_number":"+1234567","content":1}"#;
        assert_eq!(refusal(number), "content must be text");
    }
}
