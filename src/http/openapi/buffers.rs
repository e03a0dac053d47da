//! Buffers, and the posts of gateways and programs for them.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use crate::http::config::RemovalQuery;
use crate::spec::BufferSpec;
use crate::spec::schema::{New, Put};
use crate::spec::shown::{Removed, Shown};
use crate::wire::ingest_answers::{Buffered, Gathered};
use crate::wire::request_bodies::{PostBody, PostForm};
use crate::wire::trial::WouldBe;

const ID: &str = "The id of a message of a program, where its body has none; 1 to 512 bytes. A gateway says it in its own way, and this is ignored.";
const POST: &str = "A post for this buffer: of a program, read by the paths of the buffer, or of a gateway (Evolution API, WAHA, Z-API, WhatsApp Cloud API, Telegram, Twilio, Chatwoot), read as that posts. What is no message of a person is answered with why it was ignored.";

pub(super) fn operations() -> Vec<Op> {
    vec![
        list(),
        create(),
        show(),
        put(),
        remove(),
        post(),
        post_to_the_only_one(),
        ask(),
        post_message(),
        try_out(),
    ]
}

fn list() -> Op {
    Op::get(Tag::Buffers, "/api/buffers")
        .says(
            "List buffers",
            "Those of the environment first. Secrets are masked.",
        )
        .without_redis()
        .answers_all::<Shown<BufferSpec>>("All buffers.")
}

fn create() -> Op {
    Op::post(Tag::Buffers, "/api/buffers")
        .says(
            "Create a buffer",
            "What is left out has its default. Its destinations must be there already. An unknown field is refused.",
        )
        .body::<New<BufferSpec>>(&json!({
            "name": "loja", "source": "fields", "key": "data.from", "text": "data.text", "id": "data.id",
            "window": { "wait": 8, "max_wait": 60, "flush_words": ["ok"] }, "timezone": "America/Sao_Paulo",
            "destinations": ["bot"],
        }))
        .any_field()
        .answers::<Shown<BufferSpec>>(201, "The buffer; `Location` names it.")
        .refusing(&[409])
}

fn show() -> Op {
    Op::get(Tag::Buffers, "/api/buffers/{name}")
        .says("Show a buffer", "Secrets are masked.")
        .answers::<Shown<BufferSpec>>(200, "The buffer.")
        .refusing(&[404])
}

fn put() -> Op {
    Op::put(Tag::Buffers, "/api/buffers/{name}")
        .says(
            "Write a buffer",
            "Creates or replaces it whole: what is left out has its default. A mask that is put back keeps the secret. `name` may be repeated in the body, and must not contradict the path.",
        )
        .body::<Put<BufferSpec>>(&json!({
            "key": "data.from", "text": "data.text", "id": "data.id", "window": { "wait": 10 },
            "destinations": ["bot"],
        }))
        .any_field()
        .answers::<Shown<BufferSpec>>(200, "The buffer.")
        .refusing(&[404, 409])
}

fn remove() -> Op {
    Op::delete(Tag::Buffers, "/api/buffers/{name}")
        .says(
            "Remove a buffer",
            "Refused with 409 while it has open windows or messages for later, unless the query says what becomes of them. A removal that has begun is shown as `removing` and goes on whichever daemon dies; until it is over nothing comes in, and nothing can be changed; a PUT calls a drain off.",
        )
        .query::<RemovalQuery>(&["drain", "discard"])
        .answers::<Removed>(200, "It is gone.")
        .answers::<Removed>(202, "Not yet: windows are left, and it goes when they are gone.")
        .refusing(&[404, 409])
}

fn post() -> Op {
    Op::post(Tag::Buffers, "/api/webhook/{buffer}")
        .also(&["/api/webhook/{buffer}/{token}"])
        .any_query()
        .says("Post to a buffer", POST)
        .header("Idempotency-Key", ID, json!({ "type": "string" }))
        .body::<PostBody>(
            &json!({ "data": { "from": "5511988887777", "text": "hi", "id": "3EB0" } }),
        )
        .any_field()
        .or_form::<PostForm>()
        .answers::<Buffered<'_>>(201, "One message, found by paths.")
        .answers::<Gathered>(200, "What came of the post of a gateway.")
        .answers_in("text/xml", 200, "")
        .refusing(&[404])
}

fn post_to_the_only_one() -> Op {
    Op::post(Tag::Buffers, "/api/webhook")
        .any_query()
        .says(
            "Post to the only buffer",
            "The same where exactly one buffer is configured, and is active; else 404.",
        )
        .header("Idempotency-Key", ID, json!({ "type": "string" }))
        .body::<PostBody>(
            &json!({ "data": { "from": "5511988887777", "text": "hi", "id": "3EB1" } }),
        )
        .any_field()
        .or_form::<PostForm>()
        .answers::<Buffered<'_>>(201, "One message, found by paths.")
        .answers::<Gathered>(200, "What came of the post of a gateway.")
        .answers_in("text/xml", 200, "")
        .refusing(&[404])
}

fn ask() -> Op {
    Op::get(Tag::Buffers, "/api/webhook/{buffer}")
        .also(&["/api/webhook/{buffer}/{token}"])
        .any_query()
        .says(
            "Answer the question of a gateway",
            "What the WhatsApp Cloud API asks before its first post: it proves the secret of the buffer, and gets its challenge back.",
        )
        .required("hub.mode", "Always `subscribe`.", json!({ "type": "string", "enum": ["subscribe"] }))
        .required("hub.verify_token", "The secret of the buffer.", json!({ "type": "string" }))
        .required("hub.challenge", "Comes back as it was sent.", json!({ "type": "string" }))
        .answers_in("text/plain; charset=utf-8", 200, "The challenge.")
        .refusing(&[401, 404, 409])
        .without_redis()
}

fn post_message() -> Op {
    Op::post(Tag::Buffers, "/api/buffers/{name}/messages")
        .any_query()
        .says(
            "Bring a message to a buffer",
            "As `POST /api/webhook/{buffer}`, answered with 200.",
        )
        .header("Idempotency-Key", ID, json!({ "type": "string" }))
        .body::<PostBody>(
            &json!({ "data": { "from": "5511988887777", "text": "hi", "id": "3EB2" } }),
        )
        .any_field()
        .or_form::<PostForm>()
        .answers_one_of::<Buffered<'_>, Gathered>(200, "What came of it.")
        .answers_in("text/xml", 200, "")
        .refusing(&[404])
}

fn try_out() -> Op {
    Op::post(Tag::Buffers, "/api/buffers/{name}/try")
        .any_query()
        .says(
            "Try a body on a buffer",
            "What Lull would make of it: chat, text, media, what is ignored and why, the deadline, and the calls it would make. Nothing is stored and nothing is sent.",
        )
        .body::<PostBody>(&json!({ "data": { "from": "5511988887777", "text": "hi", "id": "3EB3" } }))
        .any_field()
        .or_form::<PostForm>()
        .without_redis()
        .answers_list::<WouldBe>("What each thing in the body would be.")
        .refusing(&[404])
}
