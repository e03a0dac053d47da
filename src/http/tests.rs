//! The parsers of fields, with what nobody would write: they may refuse, and must not break.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::dead_letters::wanted;
use super::{control, messages, pausing, typing};
use crate::core::json::fields::json_fields;

/// What the fields are called that some parser looks at.
const FIELDS: &[&str] = &[
    "action",
    "all",
    "buffer",
    "content",
    "delay",
    "destination",
    "dry_run",
    "for",
    "from",
    "ids",
    "limit",
    "message_id",
    "phone_number",
    "reason",
    "send_at",
    "to",
    "typing",
    "user",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!(1e308)),
        Just(json!(u64::MAX)),
        Just(json!("+5511988887777")),
        (-1_000_000..1_000_000).prop_map(|ms| Value::from(f64::from(ms) / 1000.0)),
        any::<bool>().prop_map(Value::from),
        "(start|stop|true|false|[0-9]{1,20}|[a-z0-9_.-]{1,8})".prop_map(Value::from),
        "\\PC{0,24}".prop_map(Value::from),
        prop::collection::vec("\\PC{0,8}", 0..3).prop_map(Value::from),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let fields = prop::collection::hash_map(prop::sample::select(FIELDS), value(), 0..5);
    fields.prop_map(|fields| {
        let fields = fields.into_iter();
        let object: Map<String, Value> = fields.map(|(name, it)| (name.to_owned(), it)).collect();
        Value::from(object).to_string()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn what_nobody_would_write_breaks_no_parser_of_fields(body in body()) {
        let fields = json_fields(body.as_bytes()).unwrap();
        let _ = control::control_of(fields.clone());
        let _ = typing::Typing::from_fields(fields.clone());
        let _ = wanted::revive_of(fields.clone());
        let _ = messages::body::queued_of(fields.clone(), 160);
        if let Ok(length) = pausing::pause_of(fields) {
            prop_assert!((1..=365 * 24 * 3600).contains(&length.as_secs()), "{body}: {length:?}");
        }
    }
}
