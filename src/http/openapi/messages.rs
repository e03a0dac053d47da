//! What people said: messages and typing signals for the buffer `default`.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use crate::wire::answer::{Accepted, Held};
use crate::wire::request_bodies::{MessageBody, MessageForm, TypingBody, TypingForm};

pub(super) const IDEMPOTENCY_KEY: &str =
    "The client's id for this message, where the body has no `message_id`; 1 to 512 bytes.";

pub(super) fn operations() -> Vec<Op> {
    vec![message(), typing()]
}

fn message() -> Op {
    Op::post(Tag::Messages, "/api/message")
        .also(&["/message", "/"])
        .says(
            "Take in a message",
            "Puts one thing said into the window of its chat in the buffer `default`; each message starts the quiet window anew, up to `MAX_WAIT` (120 s unless set) since the first. A window with `MAX_MESSAGES` (500) closes at once. With `send_at` or `delay` it leaves by itself at that time.",
        )
        .header("Idempotency-Key", IDEMPOTENCY_KEY, id())
        .body::<MessageBody>(&json!({
            "user": "5511988887777", "message": "I have a question about my order", "ttl": 15,
            "message_id": "3EB0C767D82B", "sender_name": "Ana",
        }))
        .any_field()
        .excluding::<MessageBody>("send_at", "delay")
        .or_form::<MessageForm>()
        .excluding::<MessageForm>("send_at", "delay")
        .answers::<Accepted<'_>>(200, "The message is stored, or was a duplicate, or was dropped as the answer says.")
}

fn typing() -> Op {
    Op::post(Tag::Messages, "/api/typing")
        .says(
            "Hold a window while somebody types",
            "Keeps an open window of the buffer `default` open for 10 s more, never past its cap. Without an open window nothing happens.",
        )
        .body::<TypingBody>(&json!({ "user": "5511988887777", "typing": true }))
        .or_form::<TypingForm>()
        .answers::<Held<'_>>(200, "Whether there was a window to hold.")
}

/// An id in a header.
pub(super) fn id() -> serde_json::Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 512 })
}
