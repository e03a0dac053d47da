//! What each gateway posts and what Lull hears in it, by the tables in `tests/gateways/`.

use lull::core::json::fields::form_as_json;
use lull::core::json::node::Node;
use lull::gateway::{Gateway, read};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A JSON body, or
    body: Option<Value>,
    /// a form.
    form: Option<String>,
    expect: Value,
}

impl Case {
    fn json(&self) -> String {
        match (&self.body, &self.form) {
            (Some(body), None) => body.to_string(),
            (None, Some(form)) => form_as_json(form.as_bytes()).unwrap(),
            _ => panic!("{}: a case has a body or a form", self.name),
        }
    }
}

fn cases(gateway: &str) -> Vec<Case> {
    let path = format!(
        "{}/tests/gateways/{gateway}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn heard(gateway: &str, body: &str) -> Value {
    let node = Node::parse(body.as_bytes()).unwrap();
    serde_json::to_value(read(Gateway::parse(gateway).unwrap(), &node)).unwrap()
}

#[test]
fn every_body_of_every_gateway_is_heard_as_the_tables_say() {
    let mut wrong = Vec::new();
    for gateway in Gateway::names() {
        let cases = cases(gateway);
        assert!(cases.len() >= 13, "{gateway}");
        for case in cases {
            let heard = heard(gateway, &case.json());
            if heard != case.expect {
                wrong.push(format!(
                    "{gateway}, {}:\n  heard    {heard}\n  expected {}",
                    case.name, case.expect
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_chat_of_a_message_is_line_and_person() {
    let chat = |gateway: &str, body: Value| {
        let body = body.to_string();
        let node = Node::parse(body.as_bytes()).unwrap();
        match read(Gateway::parse(gateway).unwrap(), &node).remove(0) {
            lull::gateway::Event::Said(said) => said.party.chat_id().unwrap().as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    };

    let evolution = json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": "99@lid", "remoteJidAlt": "5511988887777:3@s.whatsapp.net"},
            "message": {"conversation": "oi"},
        },
    });
    assert_eq!(chat("evolution", evolution), "loja:5511988887777");
    let telegram = json!({"update_id": 1, "message": {"chat": {"id": -7}, "text": "oi"}});
    assert_eq!(chat("telegram", telegram), "-7");
    let chatwoot = json!({
        "event": "message_created", "message_type": "incoming", "content": "oi", "account": {"id": 1},
        "conversation": {"id": 567}, "sender": {"phone_number": "+5511988887777"},
    });
    assert_eq!(chat("chatwoot", chatwoot), "1:567");
}

#[test]
fn a_reason_quotes_no_more_of_a_body_than_a_name_has() {
    let body = json!({"event": format!("line\nbreak {}", "x".repeat(1000))}).to_string();

    let heard = heard("waha", &body);

    let reason = heard[0]["ignored"]["reason"].as_str().unwrap();
    assert!(reason.len() < 100 && !reason.contains('\n'), "{reason}");
}

#[test]
fn a_post_of_too_many_messages_is_read_so_far_and_the_rest_is_told_of() {
    let body = format!(
        r#"{{"event":"messages.upsert","data":[{}{{}}]}}"#,
        "{},".repeat(5000)
    );

    let heard = heard("evolution", &body);

    let heard = heard.as_array().unwrap();
    assert_eq!(heard.len(), 4097);
    assert_eq!(
        heard[4096],
        json!({"ignored": {"reason": "the rest of a post of more than 4096 messages"}})
    );
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(1e300)),
        "\\PC{0,8}".prop_map(Value::from),
        "[0-9]{1,3}(:[0-9])?@(lid|c\\.us|g\\.us|s\\.whatsapp\\.net)".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[{"id": [1]}], null])),
        Just(json!({"message": {"message": {"conversation": "x"}}, "type": {"low": -1}})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Each case is read as all seven gateways would: more than 10,000 readings.
    #[test]
    fn no_body_whatever_stands_in_it_breaks_the_reader(
        gateway in any::<prop::sample::Index>(),
        case in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), anything()), 1..4),
    ) {
        let names: Vec<_> = Gateway::names().collect();
        let cases = cases(gateway.get::<&str>(&names));
        let mut body: Value = serde_json::from_str(&case.get(&cases).json()).unwrap();
        for (place, value) in changes {
            let mut all = Vec::new();
            places(&body, "", &mut all);
            *body.pointer_mut(place.get::<String>(&all)).unwrap() = value;
        }
        let body = body.to_string();
        for gateway in names {
            prop_assert!(!heard(gateway, &body).as_array().unwrap().is_empty());
        }
    }
}
