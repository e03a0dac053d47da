//! The fields of a body, JSON or form, and what can be wrong with them.

use serde_json::value::{RawValue, to_raw_value};
use thiserror::Error;

use super::RawObject;
use super::depth::DEEPEST;
use crate::core::code::Code;
use crate::core::refused::RefusedFor;
use crate::core::window::TtlError;

/// What is wrong with a body, and with which field.
#[derive(Debug, Error)]
pub enum BadInput {
    /// It is not JSON, or not an object.
    #[error("the body is not a JSON object: {0}")]
    NotJson(serde_json::Error),
    /// It has more levels than [`DEEPEST`].
    #[error("lists and objects of the body have more than {DEEPEST} levels")]
    TooDeep,
    /// JSON was sent under the content type of a form, as curl does by itself.
    #[error(
        "the body looks like JSON but was sent as a form: send the header Content-Type: application/json"
    )]
    JsonAsForm,
    /// A required field is not there, or is null.
    #[error("{field} is missing: {what}")]
    Missing {
        /// Its name.
        field: &'static str,
        /// What belongs there.
        what: &'static str,
    },
    /// Nothing stands where the buffer looks for a field.
    #[error("nothing stands at {path}, where this buffer looks for {what}")]
    NotAt {
        /// Which of its paths.
        field: &'static str,
        /// Where it leads.
        path: String,
        /// What belongs there.
        what: &'static str,
    },
    /// A field that nobody reads.
    #[error("{name:?} is no field of this body: {known}")]
    Unknown {
        /// Its name.
        name: String,
        /// Which are taken.
        known: String,
    },
    /// A field is null where that would stand for all there is.
    #[error(
        "{name} must not be null: name what you mean, or leave the field out if you mean all of them"
    )]
    Null {
        /// Its name.
        name: String,
    },
    /// It is nothing that the gateway of the buffer posts.
    #[error("{0}")]
    NotOfGateway(String),
    /// A field has a value that it cannot have.
    #[error("{field} {why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl BadInput {
    /// A `field` has a value that it cannot have, because it `why`.
    pub fn field(field: &'static str, why: impl Into<String>) -> Self {
        Self::Field {
            field,
            why: why.into(),
        }
    }

    pub(crate) fn not_at(field: &'static str, path: &impl ToString, what: &'static str) -> Self {
        Self::NotAt {
            field,
            path: path.to_string(),
            what,
        }
    }

    /// The refusal of a `ttl` that the rules do not allow.
    pub fn ttl(error: &TtlError) -> Self {
        Self::field("ttl", error.to_string())
    }

    /// What programs are told.
    pub fn code(&self) -> Code {
        match self {
            Self::NotJson(_) => Code::InvalidJson,
            Self::TooDeep => Code::TooDeep,
            Self::JsonAsForm => Code::JsonAsForm,
            Self::Missing { .. } | Self::NotAt { .. } => Code::MissingField,
            Self::Unknown { .. } => Code::UnknownField,
            Self::NotOfGateway(_) => Code::NotOfGateway,
            Self::Field { .. } | Self::Null { .. } => Code::InvalidField,
        }
    }

    /// The name of the field at fault; none: the whole body is.
    pub fn field_name(&self) -> Option<&str> {
        match self {
            Self::Unknown { name, .. } | Self::Null { name } => Some(name),
            Self::NotJson(_) | Self::TooDeep | Self::JsonAsForm | Self::NotOfGateway(_) => None,
            Self::Missing { field, .. } | Self::NotAt { field, .. } | Self::Field { field, .. } => {
                Some(field)
            }
        }
    }

    /// The field at fault (`body` for the whole), as metrics count it.
    pub fn at_fault(&self) -> &'static str {
        match self {
            Self::NotJson(_) | Self::TooDeep | Self::JsonAsForm => RefusedFor::Body.as_str(),
            Self::NotOfGateway(_) => RefusedFor::Gateway.as_str(),
            // Any name may be made up, and metrics keep each.
            Self::Unknown { .. } => RefusedFor::Unknown.as_str(),
            Self::Null { .. } => RefusedFor::Null.as_str(),
            Self::Missing { field, .. } | Self::NotAt { field, .. } | Self::Field { field, .. } => {
                field
            }
        }
    }
}

/// Reads a JSON body into its fields.
///
/// # Errors
/// When it is not a JSON object.
pub fn json_fields(body: &[u8]) -> Result<RawObject, BadInput> {
    serde_json::from_slice(body).map_err(BadInput::NotJson)
}

/// Reads a form body into its fields, each a JSON string. Of a repeated field the last counts, as in JSON.
///
/// # Errors
/// When the body is JSON after all.
pub fn form_fields(body: &[u8]) -> Result<RawObject, BadInput> {
    if body.trim_ascii_start().starts_with(b"{") {
        return Err(BadInput::JsonAsForm);
    }
    form_urlencoded::parse(body)
        .map(|(name, value)| {
            Ok((
                name.into_owned(),
                to_raw_value(&value).map_err(BadInput::NotJson)?,
            ))
        })
        .collect()
}

/// A form body as the text of a JSON object of strings, for [`Node::parse`](super::node::Node::parse).
///
/// # Errors
/// When the body is JSON after all.
pub fn form_as_json(body: &[u8]) -> Result<String, BadInput> {
    serde_json::to_string(&form_fields(body)?).map_err(BadInput::NotJson)
}

/// Takes a field out; null is taken for absent, because templates send null for what they did not find.
pub fn take(fields: &mut RawObject, name: &str) -> Option<Box<RawValue>> {
    fields.shift_remove(name).filter(|raw| raw.get() != "null")
}

/// Refuses fields that are null. For orders, where a field that is not there means all there is: what a template did not
/// find must not stop or revive everything.
pub fn check_nulls(fields: &RawObject) -> Result<(), BadInput> {
    match fields.iter().find(|(_, raw)| raw.get() == "null") {
        None => Ok(()),
        Some((name, _)) => Err(BadInput::Null { name: name.clone() }),
    }
}

/// The text of a JSON string, or the digits of a JSON integer of any length.
pub fn text_or_integer(raw: &RawValue) -> Option<String> {
    let raw = raw.get();
    if raw.starts_with('"') {
        return serde_json::from_str(raw).ok();
    }
    let digits = raw.strip_prefix('-').unwrap_or(raw);
    (!digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())).then(|| raw.to_owned())
}

/// The number of seconds in `ttl`.
pub(crate) fn seconds(raw: &RawValue) -> Result<f64, BadInput> {
    number_of(raw).ok_or_else(|| BadInput::field("ttl", "must be a number of seconds"))
}

/// A number, or the text of one.
pub fn number_of(raw: &RawValue) -> Option<f64> {
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => text.trim().parse().ok(),
        Err(_) => serde_json::from_str(raw.get()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_under_the_wrong_content_type_gets_a_hint() {
        assert!(
            form_fields(br#" {"user":"a"}"#)
                .unwrap_err()
                .to_string()
                .contains("application/json")
        );
    }

    #[test]
    fn of_a_repeated_field_the_last_counts() {
        assert_eq!(form_fields(b"a=1&a=2").unwrap()["a"].get(), r#""2""#);
        assert_eq!(json_fields(br#"{"a":1,"a":2}"#).unwrap()["a"].get(), "2");
    }

    #[test]
    fn a_form_reads_as_json() {
        assert_eq!(
            form_as_json(b"From=whatsapp%3A%2B55&Body=oi+%22x%22").unwrap(),
            r#"{"From":"whatsapp:+55","Body":"oi \"x\""}"#
        );
    }

    #[test]
    fn only_an_object_has_fields() {
        for bad in [
            "",
            "[]",
            "1",
            r#""a""#,
            RefusedFor::Null.as_str(),
            "{",
            r#"{"a":1}x"#,
        ] {
            let error = json_fields(bad.as_bytes()).unwrap_err().to_string();
            assert!(
                error.starts_with("the body is not a JSON object"),
                "{bad}: {error}"
            );
        }
    }
}
