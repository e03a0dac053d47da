//! Values that are taken in more than one form: a text where a number is meant, a number where a text is.

use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// A schema as it is written in JSON; one that could not be is anything.
fn schema_of(written: Value) -> RefOr<Schema> {
    serde_json::from_value(written).unwrap_or_default()
}

macro_rules! scalars {
    ($($(#[$about:meta])* $name:ident = $schema:tt;)*) => {
        $(
            $(#[$about])*
            pub struct $name;

            impl ToSchema for $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    schema_of(json!($schema))
                }
            }
        )*
    };
}

scalars! {
    /// See [`ChatId`](crate::core::chat::ChatId).
    ChatKey = {
        "type": ["string", "integer"], "minLength": 1, "maxLength": 512, "pattern": r"\S",
        "description": "Text of 1 to 512 bytes that is not blank, or an integer of any size.",
    };
    /// See [`check_message_id`](crate::core::incoming::check_message_id).
    MessageId = {
        "type": ["string", "integer", "null"], "minLength": 1, "maxLength": 512,
        "description": "Text of 1 to 512 bytes, or an integer of any size.",
    };
    /// What can be said.
    Sayable = {
        "type": ["string", "number", "boolean", "object", "array"], "minLength": 1,
        "description": "Any JSON but null and the empty text.",
    };
    /// See [`WindowRules::ttl`](crate::core::window::WindowRules::ttl).
    Ttl = {
        "type": ["number", "string", "null"], "minimum": 0.1, "maximum": 86400, "pattern": "^[1-9][0-9]{0,3}$",
        "description": "Seconds from 0.1 to `MAX_TTL`; also as text.",
    };
    /// See `ScheduleSpec`.
    JsonTemplate = {
        "type": ["string", "number", "boolean", "object", "array", "null"], "format": "template",
        "description": "A template that makes JSON: as text, or as the JSON that it makes.",
    };
    /// See [`When`](crate::core::when::When).
    Moment = {
        "type": ["string", "number", "null"], "format": "date-time", "minimum": 0,
        "description": "A moment such as `2026-01-31T12:00:00-03:00`, or the seconds or (from 100000000000) milliseconds since 1970; at most a year ahead. One that has passed is now.",
    };
    /// See [`When`](crate::core::when::When).
    Delay = {
        "type": ["number", "string", "null"], "minimum": 0, "maximum": 31_536_000, "pattern": "^[0-9]{1,7}$",
        "description": "Seconds from 0 to 31536000, a year; also as text.",
    };
    /// How long a pause may be.
    PauseLength = {
        "type": ["number", "string", "null"], "minimum": 1, "maximum": 31_536_000, "pattern": "^[1-9][0-9]{0,6}$",
        "description": "Seconds from 1 to 31536000, a year; also as text.",
    };
    /// True where nothing else is said.
    Yes = {
        "type": ["boolean", "string", "null"], "pattern": "^(true|false)$",
        "description": "`true` or `false`; also as text.",
    };
    /// True or false, and never null.
    YesOrNo = {
        "type": ["boolean", "string"], "pattern": "^(true|false)$",
        "description": "`true` or `false`; also as text.",
    };
    /// A number that a message is sent to.
    PhoneNumber = {
        "type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$",
        "description": "`+` and the country code, then digits only, 7 to 15 in all (E.164), such as `+5511988887777`.",
    };
    /// A name; digits may also come as a number.
    NameOrNumber = {
        "type": ["string", "integer"], "pattern": "^[a-z0-9_-]{1,64}$",
        "description": "1 to 64 characters out of `a-z`, `0-9`, `_` and `-`.",
    };
    /// Any words; see [`Name::slug`](crate::core::chat::Name::slug).
    Words = {
        "type": "string", "format": "words",
        "description": "Any words with a letter or digit; the id is made of them.",
    };
    /// See [`DestinationSpec`](crate::spec::DestinationSpec).
    DestinationName = {
        "type": "string", "format": "destination",
        "description": "The name of a destination that is there.",
    };
    /// See [`Method`](crate::core::destination::Method).
    HttpMethod = {
        "type": "string", "pattern": "^([Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|[Dd][Ee][Ll][Ee][Tt][Ee]|[Gg][Ee][Tt])$",
        "description": "`POST`, `PUT`, `PATCH`, `DELETE` or `GET`, in capitals or not.",
    };
    /// What is sent along; a mask that is put back keeps the value.
    Headers = {
        "type": "object", "propertyNames": { "type": "string", "pattern": "^[A-Za-z0-9_-]+$" },
        "additionalProperties": { "type": "string", "pattern": r"^[^\x00-\x08\x0a-\x1f\x7f]*$" },
        "description": "Headers by name; none that begins with `webhook-`, and no `Content-Length`.",
    };
    /// See [`WindowSpec`](crate::spec::window::WindowSpec).
    FlushWord = { "type": "string", "pattern": r"\S", "description": "A word that is not blank." };
    /// See [`RetrySpec`](crate::spec::retry::RetrySpec).
    Wait = {
        "type": "number", "minimum": 0, "maximum": 315_360_000,
        "description": "Seconds from 0 to 315360000.",
    };
    /// A key to sign with.
    SigningKey = {
        "type": "string", "format": "whsec",
        "description": "`whsec_` and base64, such as from `openssl rand -base64 32`.",
    };
    /// See [`Name`](crate::core::chat::Name).
    NameOf = {
        "type": "string", "pattern": "^[a-z0-9_-]{1,64}$",
        "description": "1 to 64 characters out of `a-z`, `0-9`, `_` and `-`.",
    };
}
