//! What clients of the systems that Lull replaces post.

use serde_json::json;

use super::messages::{IDEMPOTENCY_KEY, id};
use super::operation::Op;
use super::tags::Tag;
use crate::http::config::RemovalQuery;
use crate::spec::shown::Removed;
use crate::wire::buffer_compat::{BufferConfigAnswer, ForwardingConfigAnswer};
use crate::wire::ingest_answers::{Taken, Told};
use crate::wire::request_bodies::{
    AnonymousBody, BufferConfigBody, CeleryBody, CeleryForm, ForwardingConfigBody,
    NewBufferConfigBody, NewForwardingConfigBody, TimezoneBody, TimezoneForm,
};

/// Other names of fields, and what their lists show beside them, which their clients put back.
const OF_BUFFER: [&str; 8] = [
    "key_field",
    "key",
    "is_active",
    "enabled",
    "name",
    "id",
    "created_at",
    "updated_at",
];
/// The same of forwardings.
const OF_FORWARDING: [&str; 9] = [
    "buffer_name",
    "buffer_id",
    "buffer_config_id",
    "is_active",
    "enabled",
    "name",
    "id",
    "created_at",
    "updated_at",
];

pub(super) fn operations() -> Vec<Op> {
    let mut all = of_buffers();
    all.extend(of_forwardings());
    all.extend([timezone(), set_timezone(), anonymous(), celery()]);
    all
}

fn of_buffers() -> Vec<Op> {
    const ALL: &str = "/api/buffer-configs";
    const ONE: &str = "/api/buffer-configs/{id}";
    let example =
        json!({ "name": "Loja B", "filter_field": "phone", "max_size": 10, "max_time": 60 });
    vec![
        Op::get(Tag::ContractB, ALL)
            .says(
                "List buffers of the service Buffer",
                "Those that are read by paths, as a bare list.",
            )
            .without_redis()
            .answers_list::<BufferConfigAnswer>("All of them."),
        Op::post(Tag::ContractB, ALL)
            .says(
                "Create a buffer of the service Buffer",
                "`name` and `filter_field` must be there.",
            )
            .body::<NewBufferConfigBody>(&example)
            .also_fields(&OF_BUFFER)
            .answers::<BufferConfigAnswer>(201, "The buffer.")
            .refusing(&[409]),
        Op::put(Tag::ContractB, ONE)
            .says(
                "Change a buffer of the service Buffer",
                "What is absent stays as it was.",
            )
            .body::<BufferConfigBody>(&json!({ "max_time": 30 }))
            .also_fields(&OF_BUFFER)
            .answers::<BufferConfigAnswer>(200, "The buffer.")
            .refusing(&[404, 409]),
        Op::delete(Tag::ContractB, ONE)
            .says(
                "Remove a buffer of the service Buffer",
                "As `DELETE /api/buffers/{name}`.",
            )
            .query::<RemovalQuery>(&["drain", "discard"])
            .answers::<Removed>(200, "It is gone.")
            .answers::<Removed>(
                202,
                "Not yet: windows are left, and it goes when they are gone.",
            )
            .refusing(&[404, 409]),
    ]
}

fn of_forwardings() -> Vec<Op> {
    const ALL: &str = "/api/forwarding-configs";
    const ONE: &str = "/api/forwarding-configs/{id}";
    let example = json!({
        "name": "crm", "buffer": "Loja B", "url": "http://127.0.0.1:9/crm", "template": "{{text}}",
    });
    vec![
        Op::get(Tag::ContractB, ALL)
            .says("List forwardings", "As a bare list.")
            .without_redis()
            .answers_list::<ForwardingConfigAnswer>("All of them."),
        Op::post(Tag::ContractB, ALL)
            .says(
                "Create a forwarding",
                "`name`, `buffer` and `url` must be there.",
            )
            .body::<NewForwardingConfigBody>(&example)
            .also_fields(&OF_FORWARDING)
            .answers::<ForwardingConfigAnswer>(201, "The forwarding.")
            .refusing(&[409]),
        Op::put(Tag::ContractB, ONE)
            .says("Change a forwarding", "What is absent stays as it was.")
            .body::<ForwardingConfigBody>(&json!({ "method": "PUT" }))
            .also_fields(&OF_FORWARDING)
            .answers::<ForwardingConfigAnswer>(200, "The forwarding.")
            .refusing(&[404, 409]),
        Op::delete(Tag::ContractB, ONE)
            .says(
                "Remove a forwarding",
                "As `DELETE /api/destinations/{name}`; its buffers forward there no more.",
            )
            .query::<RemovalQuery>(&["drain", "discard"])
            .answers::<Removed>(200, "It is gone.")
            .answers::<Removed>(
                202,
                "Not yet: batches are still on their way, and it goes when the last is delivered.",
            )
            .refusing(&[404, 409]),
    ]
}

fn timezone() -> Op {
    Op::get(Tag::ContractB, "/api/settings/timezone")
        .says(
            "Show the time zone",
            "The one that new buffers of the service Buffer write their moments in.",
        )
        .without_redis()
        .answers::<TimezoneBody>(200, "The zone.")
}

fn set_timezone() -> Op {
    Op::post(Tag::ContractB, "/api/settings/timezone")
        .says("Set the time zone", "Buffers that are there keep theirs.")
        .body::<TimezoneBody>(&json!({ "timezone": "America/Sao_Paulo" }))
        .or_form::<TimezoneForm>()
        .answers::<TimezoneBody>(200, "The zone.")
}

fn anonymous() -> Op {
    Op::post(Tag::ContractC, "/api/v1/message")
        .says(
            "Take in a message that brings its webhook",
            "The window is counted from its first message. A webhook is kept until it was not used for a day; more than 1000 different ones are refused with 429.",
        )
        .header("Idempotency-Key", IDEMPOTENCY_KEY, id())
        .body::<AnonymousBody>(&json!({
            "webhook": { "url": "https://93.184.215.14/webhook", "method": "POST", "headers": { "Authorization": "Bearer t" } },
            "buffer": { "key": "user123@domain.net", "wait_time": 20, "aggregate_field": "json.input.data.query", "max_size": 5 },
            "payload": { "json": { "input": { "data": { "query": "one thing said" } } } },
        }))
        .any_field()
        .answers::<Taken>(200, "The window that the message is in.")
}

fn celery() -> Op {
    Op::post(Tag::ContractD, "/webhook")
        .says(
            "Take in a message of the Celery buffer",
            "As `POST /api/message`, with a quiet window of 12 seconds.",
        )
        .body::<CeleryBody>(&json!({ "unique_id": "123", "message": "teste" }))
        .any_field()
        .excluding::<CeleryBody>("send_at", "delay")
        .or_form::<CeleryForm>()
        .answers::<Told>(200, "What became of it.")
}
