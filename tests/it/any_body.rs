//! Every way in, with bodies that nobody would send: refused or taken, and never a failure of the server.

use lull::core::json::fields::form_as_json;
use lull::gateway::Gateway;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::system::System;

/// Connections that are kept, each with its share of the bodies.
const LANES: usize = 8;
const BODIES: usize = 10_000;

/// Names and values that mean something somewhere, so that bodies get past the first look.
fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(1e300)),
        Just(json!(-0.0)),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "messages.upsert",
            "presence.update",
            "message",
            "message_created",
            "incoming",
            "ReceivedCallback",
            "composing",
            "55119@s.whatsapp.net",
            "9@lid",
            "1",
            "a.b",
            "https://example.com/",
            "http://127.0.0.1/",
            "POST",
        ])
        .prop_map(Value::from),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let known = vec![
        "user",
        "message",
        "ttl",
        "message_id",
        "unique_id",
        "typing",
        "for",
        "event",
        "instance",
        "data",
        "key",
        "remoteJid",
        "fromMe",
        "id",
        "text",
        "payload",
        "from",
        "body",
        "session",
        "type",
        "phone",
        "messageId",
        "entry",
        "changes",
        "value",
        "messages",
        "update_id",
        "chat",
        "date",
        "content",
        "conversation",
        "message_type",
        "sender",
        "presences",
        "lastKnownPresence",
        "webhook",
        "url",
        "method",
        "headers",
        "buffer",
        "wait_time",
        "aggregate_field",
        "max_size",
        "a",
        "b",
    ];
    prop_oneof![
        9 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

fn body() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(5, 48, 8, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            5 => prop::collection::vec((name(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A sound body with one value in it exchanged.
fn spoilt(mut sound: Value, at: &prop::sample::Index, value: Value) -> Value {
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        if let Value::Object(fields) = value {
            for (name, value) in fields {
                places(value, &format!("{at}/{name}"), found);
            }
        }
    }
    let mut all = Vec::new();
    places(&sound, "", &mut all);
    *sound.pointer_mut(at.get::<String>(&all)).unwrap() = value;
    sound
}

/// The first body in the table of a gateway.
fn of_gateway(name: &str) -> Value {
    let path = format!("{}/tests/gateways/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    match cases[0]["form"].as_str() {
        Some(form) => serde_json::from_str(&form_as_json(form.as_bytes()).unwrap()).unwrap(),
        None => cases[0]["body"].clone(),
    }
}

/// What the old clients and the gateways really send.
fn sound(way: &str) -> Value {
    if let Some(gateway) = Gateway::names().find(|name| way.split('/').any(|part| part == *name)) {
        return of_gateway(gateway);
    }
    match way {
        "/api/v1/message" => json!({
            "webhook": {"url": "https://example.com/", "method": "POST", "headers": {"a": "b"}},
            "buffer": {"key": "u", "wait_time": 20, "aggregate_field": "a.b", "max_size": 5},
            "payload": {"a": {"b": "oi"}},
        }),
        "/webhook" => json!({"unique_id": "123", "message": "teste"}),
        "/api/typing" => json!({"user": "u", "typing": true}),
        "/api/chats/u/pause" => json!({"for": 1}),
        _ => json!({"user": "u", "message": "oi", "ttl": 5, "data": {"key": "u"}}),
    }
}

#[tokio::test]
async fn no_body_at_any_way_in_makes_the_server_fail() {
    let mut buffers: Vec<_> = Gateway::names()
        .map(|name| json!({"name": name, "source": name, "on_own_message": "pause"}))
        .collect();
    buffers.push(json!({"name": "deep", "key": "data.key|user", "text": "a|message|data.*"}));
    buffers.push(json!({"name": "whole", "key": "user|unique_id|id|a", "text": ""}));
    let system = System::with(&buffers).await;
    let named = buffers
        .iter()
        .map(|buffer| buffer["name"].as_str().unwrap());
    let mut ways: Vec<_> = named
        .flat_map(|name| {
            [
                format!("/api/webhook/{name}"),
                format!("/api/buffers/{name}/try"),
            ]
        })
        .collect();
    let others = [
        "/api/message",
        "/api/typing",
        "/webhook",
        "/api/v1/message",
        "/api/chats/u/pause",
    ];
    ways.extend(others.map(str::to_owned));
    let strategy = (
        any::<prop::sample::Index>(),
        body(),
        any::<prop::sample::Index>(),
        any::<bool>(),
    );
    let mut runner = TestRunner::default();
    let mut lanes = vec![Vec::new(); LANES];
    for number in 0..BODIES {
        let (way, body, at, whole) = strategy.new_tree(&mut runner).unwrap().current();
        let way = way.get::<String>(&ways);
        let body = if whole {
            body
        } else {
            spoilt(sound(way), &at, body)
        };
        lanes[number % LANES].push((way.clone(), body));
    }
    let mut seen = [0; 6];

    let lanes = lanes.into_iter().map(async |lane| {
        let mut statuses = Vec::new();
        for (way, body) in lane {
            let (status, answer) = system.api.post(&way, body.clone()).await;
            assert!(!status.is_server_error(), "{way} {body}: {status} {answer}");
            statuses.push(status.as_u16());
        }
        statuses
    });
    for status in futures_util::future::join_all(lanes).await.concat() {
        seen[usize::from(status / 100)] += 1;
    }

    assert_eq!(seen[2] + seen[4], BODIES);
    assert!(
        seen[2] > BODIES / 4 && seen[4] > BODIES / 20,
        "{seen:?}: the bodies are too dull"
    );
}
