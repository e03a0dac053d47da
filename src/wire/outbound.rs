//! Messages that leave one by one, to a phone number each, as they come in and as they are shown (IMS).

use serde::Serialize;
use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use crate::core::chat::ChatId;
use crate::core::incoming::{Incoming, message_id_of};
use crate::core::item::Details;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, take, text_or_integer};
use crate::core::when::When;

const PHONE_NUMBER: &str = "phone_number";
const CONTENT: &str = "content";
/// Digits of a phone number with its country code, by E.164; shorter ones are no one's.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Takes the fields of a body as a message to the chat of its phone number, of at most `most` characters. Fields that
/// it does not know are left out.
///
/// # Errors
/// Says what is wrong, and with which field.
pub fn read(mut fields: RawObject, most: usize) -> Result<Incoming, BadInput> {
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

/// A message that leaves one by one, as it is shown.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct MessageAnswer {
    /// Names it in its path, and in the call that it becomes.
    pub id: String,
    /// To whom.
    pub phone_number: String,
    /// What is sent; null where it is over and payloads are not kept.
    pub content: Option<String>,
    /// `scheduled`, `pending`, `sent` or `dead`; `unknown` of a duplicate of which nothing is kept any more.
    pub status: &'static str,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    /// When it leaves, if at a time of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub send_at: Option<String>,
    /// How often it was tried again; absent before its first attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<u32>,
    /// When it was first tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub first_attempt_at: Option<String>,
    /// When it was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub sent_at: Option<String>,
    /// When it was given up on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub buried_at: Option<String>,
    /// Why it was given up on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its id was seen within 24 hours, and nothing was changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

/// What a list tells beside a batch that is a message which left one by one.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfQueue {
    /// To whom; absent of any other batch, as are the others.
    #[schema(required = false)]
    pub phone_number: String,
    /// What was to be sent; null where payloads are not kept.
    pub content: Option<String>,
    /// When it came (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    /// How often it was tried again.
    pub retry_count: Option<u32>,
}

/// A status in the list of delivered batches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SentStatus {
    /// The HTTP status.
    Http(Option<u16>),
    /// `sent`, of a message that left one by one.
    Word(&'static str),
}

impl MessageAnswer {
    /// What a list tells beside the batch that it is.
    pub fn of_queue(self) -> OfQueue {
        OfQueue {
            phone_number: self.phone_number,
            content: self.content,
            created_at: self.created_at,
            retry_count: self.retry_count,
        }
    }
}

/// What a call said of its message, where that is known.
pub fn content_of_call(body: &str) -> Option<String> {
    let mut fields: RawObject = serde_json::from_str(body).ok()?;
    serde_json::from_str(take(&mut fields, CONTENT)?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn refusal(body: &str) -> String {
        let read = json_fields(body.as_bytes()).and_then(|fields| read(fields, 5));
        read.err().unwrap().to_string()
    }

    #[test]
    fn a_phone_number_is_e_164_and_nothing_is_guessed() {
        for good in ["+1234567", "+123456789012345"] {
            let body = format!(r#"{{"phone_number":"{good}","content":"a"}}"#);
            let incoming = read(json_fields(body.as_bytes()).unwrap(), 5).unwrap();
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
            read(json_fields(body.as_bytes()).unwrap(), 5).map_err(|error| error.to_string())
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

    #[test]
    fn the_content_of_a_call_is_read_back() {
        assert_eq!(
            content_of_call(r#"{"id":"a","content":"\u00e9"}"#).as_deref(),
            Some("é")
        );
        assert_eq!(content_of_call("{}"), None);
    }
}
