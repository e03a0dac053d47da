//! Values of messages that are taken in more than one form: a text where a number is meant, a number where a text is.

use crate::core::chat::MAX_CHAT_ID_BYTES;
use crate::core::incoming::MAX_MESSAGE_ID_BYTES;
use crate::core::when::FARTHEST;
use crate::core::window::MIN_TTL;
use crate::spec::scalars::scalars;

scalars! {
    /// See [`ChatId`](crate::core::chat::ChatId).
    pub(super) ChatKey = {
        "type": ["string", "integer"], "minLength": 1, "maxLength": MAX_CHAT_ID_BYTES, "pattern": r"\S",
        "description": format!("Text of 1 to {MAX_CHAT_ID_BYTES} bytes that is not blank, or an integer of any size."),
    };
    /// See [`check_message_id`](crate::core::incoming::check_message_id).
    pub(super) MessageId = {
        "type": ["string", "integer", "null"], "minLength": 1, "maxLength": MAX_MESSAGE_ID_BYTES,
        "description": format!("Text of 1 to {MAX_MESSAGE_ID_BYTES} bytes, or an integer of any size."),
    };
    /// What can be said.
    pub(super) Sayable = {
        "type": ["string", "number", "boolean", "object", "array"], "minLength": 1,
        "description": "Any JSON but null and the empty text.",
    };
    /// See [`WindowRules::ttl`](crate::core::window::WindowRules::ttl).
    pub(super) Ttl = {
        "type": ["number", "string", "null"], "pattern": "^[1-9][0-9]{0,3}$",
        "minimum": MIN_TTL.as_secs_f64(),
        "description": format!("Seconds from {} to `MAX_TTL`; also as text.", MIN_TTL.as_secs_f64()),
    };
    /// See [`When`](crate::core::when::When).
    pub(super) Moment = {
        "type": ["string", "number", "null"], "format": "date-time", "minimum": 0,
        "description": "A moment such as `2026-01-31T12:00:00-03:00`, or the seconds or (from 100000000000) milliseconds since 1970; at most a year ahead. One that has passed is now.",
    };
    /// See [`When`](crate::core::when::When).
    pub(super) Delay = {
        "type": ["number", "string", "null"], "minimum": 0, "maximum": FARTHEST.as_secs(), "pattern": "^[0-9]{1,7}$",
        "description": format!("Seconds from 0 to {}, a year; also as text.", FARTHEST.as_secs()),
    };
}
