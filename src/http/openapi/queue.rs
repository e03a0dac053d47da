//! Messages that leave one by one, and messages that wait for their time.

use serde_json::json;

use super::messages::{IDEMPOTENCY_KEY, id};
use super::operation::Op;
use super::tags::Tag;
use super::taking::DUE;
use crate::http::query::ListQuery;
use crate::wire::answer::{LaterMessage, Recalled};
use crate::wire::outbound::MessageAnswer;
use crate::wire::request_bodies::{OutboundBody, OutboundForm};

pub(super) fn operations() -> Vec<Op> {
    vec![take(), show(), later(), recall()]
}

fn take() -> Op {
    Op::post(Tag::Queue, "/api/messages")
        .says(
            "Queue a message",
            "It leaves by itself to the destination `messages`, `SCHEDULER_BATCH_SIZE` in each `SCHEDULER_INTERVAL`, in the order they came. Without any keys set only this machine may queue messages, as they reach people.",
        )
        .header("Idempotency-Key", IDEMPOTENCY_KEY, id())
        .body::<OutboundBody>(&json!({
            "phone_number": "+5511988887777", "content": "Your order is on its way", "message_id": "order-17",
        }))
        .any_field()
        .excluding::<OutboundBody>("send_at", "delay")
        .or_form::<OutboundForm>()
        .answers::<MessageAnswer>(201, "It is queued; `Location` names it.")
        .answers::<MessageAnswer>(200, "It was queued before: its id was seen within 24 hours.")
}

fn show() -> Op {
    Op::get(Tag::Queue, "/api/messages/{id}")
        .says(
            "Show a message",
            "Where a message is that leaves or left by itself.",
        )
        .answers::<MessageAnswer>(200, "The message.")
        .refusing(&[404])
}

fn later() -> Op {
    Op::get(Tag::Queue, "/api/messages/later")
        .says(
            "List messages for later",
            "Those that wait for a time of their own, the next to leave first.",
        )
        .query::<ListQuery>(&["limit", "cursor", "user", "buffer"])
        .matching(&["cursor"], DUE)
        .answers_page::<LaterMessage>("A page of messages.")
}

fn recall() -> Op {
    Op::delete(Tag::Queue, "/api/messages/later/{id}")
        .says(
            "Take back a message for later",
            "By its `message_id`. Where messages of several chats have it, the query names one; else 409.",
        )
        .query::<ListQuery>(&["user", "buffer"])
        .answers::<Recalled<'_>>(200, "It will not leave.")
        .refusing(&[404, 409])
}
