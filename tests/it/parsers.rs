//! Every parser of what strangers write, with what nobody would write: it may refuse, and must not break. Bodies of
//! messages have files of their own, `any_body.rs` and `gateways.rs`, paths and templates tests beside them.

use lull::core::batch::BatchId;
use lull::core::chat::{ChatId, Name};
use lull::core::follow_up::Between;
use lull::core::json::fields::{form_as_json, form_fields, json_fields};
use lull::core::json::node::Node;
use lull::core::schedule::Times;
use lull::core::window::WindowRules;
use lull::delivery::template::Template;
use lull::gateway::Gateway;
use lull::gateway::proof::handshake::handshake;
use lull::gateway::proof::{Post, Proof};
use lull::spec::{BufferSpec, DestinationSpec, ScheduleSpec, read};
use lull::store::{DueCursor, EntryId};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const DAY_MS: u64 = 24 * 3600 * 1000;

/// A buffer with every field that one can have.
fn buffer() -> Value {
    json!({
        "name": "loja", "description": "Loja", "source": "fields", "key": "data.from", "text": "data.text",
        "id": "data.id", "timezone": "America/Sao_Paulo", "on_own_message": "pause", "pause_for": 600, "secret": "s3cret",
        "window": {
            "wait": 8, "max_wait": 60, "max_messages": 20, "reset_on_message": true, "flush_words": ["pronto"],
            "first_wait": 2, "first_after": 3600, "short_wait": 3, "short_words": 2, "duplicates": "drop", "media_waits": true,
        },
        "destinations": ["default"], "order": "buffer", "active": true,
        "follow_up": {
            "after": 600, "destination": "default", "template": "{{ user }}", "between": "08:00-20:00",
            "timezone": "America/Bahia", "max": 2,
        },
    })
}

fn destination() -> Value {
    json!({
        "name": "bot", "description": "Bot", "url": "https://bot.example/hook", "method": "POST", "headers": {"x-a": "b"},
        "fields": ["user", "messages"], "messages_field": "messages", "timeout": 30, "secrets": ["x-a"], "concurrency": 4,
        "retry": {"for": 600, "max": 5, "first": 1, "cap": 60, "waits": [1, 2, 3], "max_retry_after": 60}, "split": true,
        "pace": {"every": 60, "batch": 2}, "active": true,
    })
}

fn schedule() -> Value {
    json!({
        "name": "diario", "description": "Cedo", "cron": "0 8 * * *", "timezone": "America/Sao_Paulo", "method": "POST",
        "url": "https://bot.example/x", "headers": {"x-a": "b"}, "body": "{}", "timeout": 30,
        "retry": {"max": 5, "first": 1, "cap": 60}, "secrets": ["x-a"], "catch_up": "once", "active": true,
    })
}

fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!(1e308)),
        Just(json!(-1)),
        Just(json!(0)),
        Just(json!(u64::MAX)),
        (-1_000_000..1_000_000).prop_map(|ms| Value::from(f64::from(ms) / 1000.0)),
        any::<bool>().prop_map(Value::from),
        text().prop_map(Value::from),
        prop::collection::vec(text(), 0..3).prop_map(Value::from),
    ]
}

/// Text with what means something somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,24}",
        "[0-9*/,LW#@?-]{1,3}( [0-9*/,LW#@?-]{1,4}){4,5}",
        "[0-9]{1,2}:[0-9]{1,2}-[0-9]{1,2}:[0-9]{1,2}",
        "[0-9]{1,20}[-.][0-9]{1,20}[-.][0-9]{1,3}",
        "[{%}|a-z .'()0-9-]{0,40}",
        "(msg_)?[0-9a-f]{0,40}",
        "[a-z0-9:{}*\\[\\]\r\n+.-]{0,12}",
        "https?://[a-z0-9.@:\\[\\]/?#%-]{0,20}",
    ]
}

/// A sound body with one value exchanged.
fn spoilt(sound: fn() -> Value) -> impl Strategy<Value = String> {
    (any::<prop::sample::Index>(), odd()).prop_map(move |(at, value)| {
        fn places(value: &Value, at: &str, found: &mut Vec<String>) {
            found.push(at.to_owned());
            for (name, value) in value.as_object().into_iter().flatten() {
                places(value, &format!("{at}/{name}"), found);
            }
        }
        let mut body = sound();
        let mut all = Vec::new();
        places(&body, "", &mut all);
        *body.pointer_mut(at.get::<String>(&all)).unwrap() = value;
        body.to_string()
    })
}

/// What was read, as it is kept in Redis, and read from there.
fn kept<T: Serialize + DeserializeOwned>(spec: &T) -> (String, T) {
    let text = serde_json::to_string(spec).unwrap();
    let again = serde_json::from_str(&text).unwrap();
    (text, again)
}

#[test]
fn the_sound_ones_are_sound() {
    let limits = WindowRules::default();
    for (name, body) in [
        ("buffer", buffer()),
        ("destination", destination()),
        ("schedule", schedule()),
    ] {
        let bytes = body.to_string().into_bytes();
        let checked = match name {
            "buffer" => read::<BufferSpec>(&bytes).and_then(|spec| spec.check(&limits).map(drop)),
            "destination" => {
                read::<DestinationSpec>(&bytes).and_then(|spec| spec.check().map(drop))
            }
            _ => read::<ScheduleSpec>(&bytes).and_then(|spec| spec.check(1).map(drop)),
        };
        assert_eq!(checked.map_err(|error| error.to_string()), Ok(()), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..64), text in text()) {
        for bytes in [&bytes[..], text.as_bytes()] {
            let _ = Node::parse(bytes);
            let _ = read::<BufferSpec>(bytes);
            let _ = json_fields(bytes);
            if let Ok(fields) = form_fields(bytes) {
                // A form is an object like any other from here on.
                prop_assert_eq!(json_fields(form_as_json(bytes).unwrap().as_bytes()).unwrap().len(), fields.len());
            }
        }
    }

    #[test]
    fn a_spoilt_buffer_is_refused_or_kept_as_it_was_read(body in spoilt(buffer)) {
        let Ok(spec) = read::<BufferSpec>(body.as_bytes()) else { return Ok(()) };
        let sound = spec.check(&WindowRules::default()).is_ok();
        let (text, again) = kept(&spec);
        prop_assert_eq!(&kept(&again).0, &text);
        prop_assert_eq!(again.check(&WindowRules::default()).is_ok(), sound);
    }

    #[test]
    fn a_spoilt_destination_is_refused_or_kept_as_it_was_read(body in spoilt(destination)) {
        let Ok(spec) = read::<DestinationSpec>(body.as_bytes()) else { return Ok(()) };
        let sound = spec.check().is_ok();
        let (text, again) = kept(&spec);
        prop_assert_eq!(&kept(&again).0, &text);
        prop_assert_eq!(again.check().is_ok(), sound);
    }

    #[test]
    fn a_spoilt_schedule_is_refused_or_kept_as_it_was_read(body in spoilt(schedule)) {
        let Ok(spec) = read::<ScheduleSpec>(body.as_bytes()) else { return Ok(()) };
        let sound = spec.check(1).is_ok();
        let (text, again) = kept(&spec);
        prop_assert_eq!(&kept(&again).0, &text);
        prop_assert_eq!(again.check(1).is_ok(), sound);
    }

    #[test]
    fn names_and_ids(text in text()) {
        if let Ok(name) = Name::slug(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            let meaning = name.as_str().contains([':', '{', '}', '*', '+', '.']);
            prop_assert!(!meaning, "{}", name);
        }
        if let Ok(id) = ChatId::parse(&text) {
            prop_assert_eq!(ChatId::parse(id.as_str()), Ok(id.clone()));
        }
        if let Some(id) = BatchId::parse(&text) {
            prop_assert_eq!(id.to_string(), text.as_str());
        }
        if let Some(id) = EntryId::parse(&text) {
            prop_assert_eq!(EntryId::parse(&id.text()).map(|id| id.text()), Some(id.text()));
        }
        let _ = DueCursor::parse(&text);
    }

    #[test]
    fn times(text in text(), at in 0..4_000_000_000_000_u64) {
        let zone = chrono_tz::America::Sao_Paulo;
        if let Ok(times) = Times::parse(&text, zone) {
            prop_assert!(times.after(at).is_none_or(|next| next > at));
        }
        if let Ok(between) = Between::parse(&text, zone) {
            let opening = between.opening(at);
            prop_assert!(opening >= at && opening - at <= 2 * DAY_MS);
        }
    }

    #[test]
    fn templates(text in text()) {
        for kind in ["application/json", "text/plain"] {
            if let Ok(template) = Template::compile(&text, kind) {
                let _ = template.try_sample();
                let _ = template.try_sample_item();
            }
        }
    }

    #[test]
    fn no_proof_is_come_by_by_chance(
        headers in prop::collection::hash_map(prop::sample::select(HEADERS), text(), 0..6),
        query in text(),
        body in text(),
        at in 0..4_000_000_000_000_u64,
    ) {
        let body = json!({"a": body, "token": query}).to_string();
        let url = format!("https://lull.example/api/webhook/loja?{query}");
        let header = |name: &str| headers.get(name).map(String::as_str);
        let node = Node::parse(body.as_bytes()).unwrap();
        let post = Post { header: &header, url: &url, bytes: body.as_bytes(), body: &node };
        let secret = "not in any of this";
        for name in Gateway::names() {
            prop_assert!(Gateway::parse(name).unwrap().proof().check(secret, post, at).is_err());
        }
        prop_assert!(Proof::plain().check(secret, post, at).is_err());
        prop_assert!(handshake(&query, secret).is_err());
    }
}

/// Where gateways put their proofs.
const HEADERS: &[&str] = &[
    "authorization",
    "x-webhook-secret",
    "x-webhook-hmac",
    "x-webhook-hmac-algorithm",
    "x-webhook-timestamp",
    "x-hub-signature-256",
    "x-telegram-bot-api-secret-token",
    "x-twilio-signature",
    "x-chatwoot-signature",
    "x-chatwoot-timestamp",
    "apikey",
    "client-token",
    "z-api-token",
];
