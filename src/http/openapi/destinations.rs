//! Where batches go.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use crate::http::config::RemovalQuery;
use crate::spec::DestinationSpec;
use crate::spec::schema::{New, Put};
use crate::spec::shown::{Removed, Shown, ShownDestination, Tried};

pub(super) fn operations() -> Vec<Op> {
    vec![list(), create(), show(), put(), remove(), test()]
}

fn list() -> Op {
    Op::get(Tag::Destinations, "/api/destinations")
        .says(
            "List destinations",
            "Those of the environment first. Secrets and the values of headers are masked.",
        )
        .without_redis()
        .answers_all::<ShownDestination>("All destinations.")
}

fn create() -> Op {
    Op::post(Tag::Destinations, "/api/destinations")
        .says(
            "Create a destination",
            "What is left out has its default. Only one of `template`, `content` and `aggregate_field` makes the body; without any of them it is the payload. A template is tried on a sample. An unknown field is refused.",
        )
        .body::<New<DestinationSpec>>(&json!({
            "name": "bot", "url": "http://127.0.0.1:9/webhook/bot",
            "headers": { "Authorization": "Bearer 71c3" }, "timeout": 20,
            "retry": { "for": 86400, "first": 1, "cap": 300 },
        }))
        .any_field()
        .answers::<Shown<DestinationSpec>>(201, "The destination; `Location` names it.")
        .refusing(&[409])
}

fn show() -> Op {
    Op::get(Tag::Destinations, "/api/destinations/{name}")
        .says(
            "Show a destination",
            "Secrets and the values of headers are masked.",
        )
        .answers::<ShownDestination>(200, "The destination.")
        .refusing(&[404])
}

fn put() -> Op {
    Op::put(Tag::Destinations, "/api/destinations/{name}")
        .says(
            "Write a destination",
            "Creates or replaces it whole: what is left out has its default. Masks that are put back keep what was there. `name` may be repeated in the body, and must not contradict the path.",
        )
        .body::<Put<DestinationSpec>>(&json!({
            "url": "http://127.0.0.1:9/webhook/bot", "method": "POST",
            "template": "{\"to\": {{ user }}, \"text\": {{ messages }}}",
        }))
        .any_field()
        .answers::<Shown<DestinationSpec>>(200, "The destination.")
        .refusing(&[404, 409])
}

fn remove() -> Op {
    Op::delete(Tag::Destinations, "/api/destinations/{name}")
        .says(
            "Remove a destination",
            "Refused with 409 while a buffer names it, or while batches wait for it, unless the query says what becomes of those. A removal that has begun is shown as `removing` and goes on whichever daemon dies; until it is over no batch comes to it, and nothing can be changed. One that drains for too long can be sent again with `discard`, and a PUT calls a drain off: the batches that wait are delivered as before.",
        )
        .query::<RemovalQuery>(&["drain", "discard"])
        .answers::<Removed>(200, "It is gone.")
        .answers::<Removed>(202, "Not yet: batches are still on their way, and it goes when the last is delivered.")
        .refusing(&[404, 409])
}

fn test() -> Op {
    Op::post(Tag::Destinations, "/api/destinations/{name}/test")
        .says(
            "Try a destination",
            "Makes one call with a sample, marked as a test, of which nothing is kept. It takes as long as the destination's `timeout` at most.",
        )
        .answers::<Tried>(200, "What was sent, and what came back.")
        .refusing(&[404, 409])
}
