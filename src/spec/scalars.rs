//! Values that are taken in more than one form, or in one that a type does not tell: as the OpenAPI document describes them.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// A schema as it is written in JSON; one that could not be is anything.
pub fn schema_of(written: Value) -> RefOr<Schema> {
    serde_json::from_value(written).unwrap_or_default()
}

/// Types that stand for such values, each with its schema.
#[macro_export]
macro_rules! scalars {
    ($($(#[$about:meta])* $vis:vis $name:ident = $schema:tt;)*) => {
        $(
            $(#[$about])*
            $vis struct $name;

            impl utoipa::ToSchema for $name {}

            impl utoipa::PartialSchema for $name {
                fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                    $crate::spec::scalars::schema_of(serde_json::json!($schema))
                }
            }
        )*
    };
}
pub use scalars;

scalars! {
    /// See `ScheduleSpec`.
    pub JsonTemplate = {
        "type": ["string", "number", "boolean", "object", "array", "null"], "format": "template",
        "description": "A template that makes JSON: as text, or as the JSON that it makes.",
    };
    /// Any words; see [`Name::slug`](crate::core::chat::Name::slug).
    pub Words = {
        "type": "string", "format": "words",
        "description": "Any words with a letter or digit; the id is made of them.",
    };
    /// See [`DestinationSpec`](crate::spec::DestinationSpec).
    pub DestinationName = {
        "type": "string", "format": "destination",
        "description": "The name of a destination that is there.",
    };
    /// See [`AmqpSpec`](crate::spec::amqp::AmqpSpec).
    pub QueueName = {
        "type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\x00-\x1f\x7f]+$",
        "description": "The name of a queue: 1 to 255 bytes of UTF-8.",
    };
    /// See [`BufferSpec`](crate::spec::BufferSpec); read by `spec::buffer::people`.
    pub ListedNumber = {
        "type": "string", "pattern": r"^\+?([ .()-]{0,3}[0-9]){4,20}[ .()-]{0,3}$",
        "description": "A number with its country code: 4 to 20 digits, also with `+`, blanks, dashes, dots and brackets.",
    };
    /// See [`BufferSpec`](crate::spec::BufferSpec).
    pub UserId = {
        "type": "integer", "minimum": 1, "maximum": 9_007_199_254_740_991_u64,
        "description": "The id of a user.",
    };
    /// See [`Method`](crate::core::destination::Method).
    pub HttpMethod = {
        "type": "string", "pattern": "^([Pp][Oo][Ss][Tt]|[Pp][Uu][Tt]|[Pp][Aa][Tt][Cc][Hh]|[Dd][Ee][Ll][Ee][Tt][Ee]|[Gg][Ee][Tt])$",
        "description": "`POST`, `PUT`, `PATCH`, `DELETE` or `GET`, in capitals or not.",
    };
    /// What is sent along; a mask that is put back keeps the value.
    pub Headers = {
        "type": "object", "propertyNames": { "type": "string", "pattern": "^[A-Za-z0-9_-]+$" },
        "additionalProperties": { "type": "string", "pattern": r"^[^\x00-\x08\x0a-\x1f\x7f]*$" },
        "description": "Headers by name; none that begins with `webhook-`, and no `Content-Length`.",
    };
    /// See [`WindowSpec`](crate::spec::window::WindowSpec).
    pub FlushWord = { "type": "string", "pattern": r"\S", "description": "A word that is not blank." };
    /// See [`RetrySpec`](crate::spec::retry::RetrySpec).
    pub Wait = {
        "type": "number", "minimum": 0, "maximum": 315_360_000,
        "description": "Seconds from 0 to 315360000.",
    };
    /// A key to sign with.
    pub SigningKey = {
        "type": "string", "format": "whsec",
        "description": "`whsec_` and base64, such as from `openssl rand -base64 32`.",
    };
}
