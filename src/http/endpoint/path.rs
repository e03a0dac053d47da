//! What stands in paths.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};

/// A name in a path, what it means, its schema, and an example.
type Known = (&'static str, &'static str, Value, &'static str);

/// The parameters of a path, in order.
pub(in crate::http) fn of_path(path: &str) -> Vec<Parameter> {
    let named = path.split('{').skip(1);
    let named = named.filter_map(|rest| rest.split('}').next());
    named.map(|name| parameter(path, name)).collect()
}

fn parameter(path: &str, name: &str) -> Parameter {
    let (_, about, schema, example) = known(path, name);
    let schema: RefOr<Schema> = serde_json::from_value(schema).unwrap_or_default();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(schema))
        .example(Some(json!(example)))
        .build()
}

fn known(path: &str, name: &str) -> Known {
    let text = text_in(path);
    match name {
        "user" => (
            "user",
            "The chat, as its messages name it; 1 to 512 bytes, not blank.",
            json!({ "type": "string", "minLength": 1, "maxLength": 512, "pattern": r"\S" }),
            "5511988887777",
        ),
        "webhook_id" => (
            "webhook_id",
            "The `webhook-id` of a call.",
            text,
            "msg_01a20130c9b370ed8f37a7d00a3ec3f9",
        ),
        "buffer" => ("buffer", "The name of a buffer.", text, "loja"),
        "token" => (
            "token",
            "The key, for gateways that can set no header.",
            text,
            "key",
        ),
        "id" if path.contains("/later/") => {
            ("id", "The `message_id` of the message.", text, "order-17")
        }
        "id" if path.contains("/messages/") => (
            "id",
            "The id of the message.",
            text,
            "msg_01a20130c9b370ed8f37a7d00a3ec3f9",
        ),
        "id" if path.contains("dead-letter") => (
            "id",
            "The id of the dead letter, as its list shows it.",
            text,
            "1763770000123-0-7",
        ),
        "id" if path.contains("buffer-configs") => (
            "id",
            "The id of the buffer, as its list shows it.",
            text,
            "loja-b",
        ),
        "id" => (
            "id",
            "The id of the forwarding, as its list shows it.",
            text,
            "crm",
        ),
        _ if path.contains("destinations") => ("name", "The name of the destination.", text, "bot"),
        _ if path.contains("/keys/") => ("name", "The name of the key.", text, "panel"),
        _ if path.contains("schedules") => ("name", "The name of the schedule.", text, "morning"),
        _ => ("name", "The name of the buffer.", text, "loja"),
    }
}

/// What a text in a path may be. What is configured has exactly this name; elsewhere, buffers are found by any words.
fn text_in(path: &str) -> Value {
    if path.ends_with("/{name}") && !path.contains("/keys/") {
        json!({ "type": "string", "pattern": "^[a-z0-9_-]{1,64}$" })
    } else {
        json!({ "type": "string", "minLength": 1 })
    }
}
