//! Batches that were given up on.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use super::taking::ENTRY;
use crate::http::query::ListQuery;
use crate::wire::answer::{Count, DeadLetterAnswer};
use crate::wire::request_bodies::{ReviveBody, ReviveForm};
use crate::wire::revive::Revivals;

pub(super) fn operations() -> Vec<Op> {
    vec![
        list(),
        show(),
        revive(),
        revive_all(),
        revivals(),
        discard(),
    ]
}

fn list() -> Op {
    Op::get(Tag::DeadLetters, "/api/messages/dead-letter")
        .says("List dead letters", "The newest first.")
        .query::<ListQuery>(&["limit", "cursor", "user", "buffer", "from", "to"])
        .matching(&["cursor"], ENTRY)
        .answers_page::<DeadLetterAnswer>("A page of dead letters.")
}

fn show() -> Op {
    Op::get(Tag::DeadLetters, "/api/dead-letter/{id}")
        .says(
            "Show a dead letter",
            "By its id, or that of the message that it is.",
        )
        .answers::<DeadLetterAnswer>(200, "The dead letter.")
        .refusing(&[404])
}

fn revive() -> Op {
    Op::post(Tag::DeadLetters, "/api/dead-letter/{id}/revive")
        .says(
            "Try a dead letter again",
            "It is put back at the head of its lane. Refused with 409 while its destination is not there, or its buffer, where it was given up on because that was gone: then its destination is empty, and it goes to those that the buffer has now.",
        )
        .answers::<Count>(200, "It is on its way.")
        .refusing(&[404, 409])
}

fn revive_all() -> Op {
    Op::post(Tag::DeadLetters, "/api/dead-letter/revive")
        .says(
            "Try dead letters again",
            "Those of a chat, a buffer, a destination, a reason, a period, by their ids, or all: each goes back to the head of its lane. One whose destination is not there stays. It is answered at once; how far it is tells `GET`.",
        )
        .body::<ReviveBody>(&json!({ "user": "5511988887777", "buffer": "default" }))
        .or_form::<ReviveForm>()
        .answers::<Count>(200, "How many are on their way.")
        .refusing(&[409])
}

fn revivals() -> Op {
    Op::get(Tag::DeadLetters, "/api/dead-letter/revive")
        .says(
            "How far revivals are",
            "Those that are under way, the oldest first. They go on whatever happens to the daemon that was asked.",
        )
        .answers::<Revivals>(200, "The revivals that are under way.")
}

fn discard() -> Op {
    Op::delete(Tag::DeadLetters, "/api/dead-letter/{id}")
        .says("Drop a dead letter", "For good.")
        .answers::<Count>(200, "It is gone.")
        .refusing(&[404])
}
