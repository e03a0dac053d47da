//! What each gateway posts and what Lull hears in it, by the tables in `tests/gateways/`.

use std::collections::BTreeSet;

use lull::core::ignored::Ignored;
use lull::core::json::fields::form_as_json;
use lull::core::json::node::Node;
use lull::gateway::{Event, Gateway, Groups, NotOfGateway, read};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use strum::VariantArray;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A JSON body, or
    body: Option<Value>,
    /// a form.
    form: Option<String>,
    /// What the buffer does with groups.
    #[serde(default)]
    groups: Groups,
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
    heard_with(gateway, body, Groups::Ignore)
}

fn heard_with(gateway: &str, body: &str, groups: Groups) -> Value {
    let node = Node::parse(body.as_bytes()).unwrap();
    match read(Gateway::parse(gateway).unwrap(), &node, groups) {
        Ok(events) => serde_json::to_value(events).unwrap(),
        Err(NotOfGateway { gateway, .. }) => json!({ "not_of": gateway }),
    }
}

#[test]
fn every_body_of_every_gateway_is_heard_as_the_tables_say() {
    let mut wrong = Vec::new();
    for gateway in Gateway::names() {
        let cases = cases(gateway);
        assert!(cases.len() >= 30, "{gateway}");
        for case in cases {
            let heard = heard_with(gateway, &case.json(), case.groups);
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

/// The word for programs that goes with a reason, whichever gateway it came from.
fn word_for(reason: &str) -> &'static str {
    let begins_with = |beginning: &str| reason.starts_with(beginning);
    match reason {
        "an edit or a delivery status" | "an edit that only the phone can read" => "edit",
        "our side types" => "own",
        "a vote in a poll that only the phone can read" => "vote",
        "a picture that came already, now in HD" => "double",
        "a message that only the phone can read" => "undecrypted",
        _ if begins_with("a notice of ") || begins_with("the notice ") => "notice",
        _ if begins_with("a message of type ") => "unknown_type",
        _ if begins_with("presence ") => "presence",
        _ if begins_with("event ") || begins_with("type ") => "not_a_message",
        _ if begins_with("message type ") || begins_with("not a post as ") => "not_a_message",
        _ => Ignored::VARIANTS
            .iter()
            .find(|why| why.text() == reason)
            .map_or("none", |why| why.as_str()),
    }
}

#[test]
fn what_is_ignored_says_why_in_a_word_for_programs_too() {
    let mut words = BTreeSet::new();
    for gateway in Gateway::names() {
        for case in cases(gateway) {
            let json = case.json();
            let node = Node::parse(json.as_bytes()).unwrap();
            let events = read(Gateway::parse(gateway).unwrap(), &node, Groups::Ignore);
            for event in events.into_iter().flatten() {
                if let Event::Ignored { why, reason, .. } = event {
                    assert_eq!(why.as_str(), word_for(&reason), "{gateway}: {reason}");
                    words.insert(why.as_str());
                }
            }
        }
    }
    // One that is left stands behind more messages than a table should hold, two are for a buffer to say.
    assert_eq!(words.len(), Ignored::VARIANTS.len() - 3, "{words:?}");
}

#[test]
fn what_is_ignored_names_the_person_it_has_to_do_with() {
    let reaction = json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": "5511988887777@s.whatsapp.net"},
            "message": {"reactionMessage": {"text": "x"}},
        },
    })
    .to_string();
    let node = Node::parse(reaction.as_bytes()).unwrap();

    let Event::Ignored { why, party, .. } =
        read(Gateway::parse("evolution").unwrap(), &node, Groups::Ignore)
            .unwrap()
            .remove(0)
    else {
        panic!("a reaction is no message");
    };

    assert_eq!(why, Ignored::Reaction);
    let chat = party.unwrap().chat_id().unwrap();
    assert_eq!(chat.as_str(), "loja:5511988887777");
}

#[test]
fn the_chat_of_a_message_is_line_and_person() {
    let chat = |gateway: &str, body: Value| {
        let body = body.to_string();
        let node = Node::parse(body.as_bytes()).unwrap();
        let mut events = read(Gateway::parse(gateway).unwrap(), &node, Groups::Ignore).unwrap();
        match events.remove(0) {
            Event::Said(said) => said.party.chat_id().unwrap().as_str().to_owned(),
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

/// A gateway, and another whose posts are read in its buffers as well.
const EDITIONS: (&str, &str) = ("evolution", "evolution-go");

#[test]
fn what_the_newer_edition_posts_is_heard_in_a_buffer_of_the_older_one() {
    let (older, newer) = EDITIONS;
    for case in cases(newer) {
        let heard = heard_with(older, &case.json(), case.groups);
        assert_eq!(heard, case.expect, "{}", case.name);
    }
}

#[test]
fn a_body_of_another_gateway_is_none_of_this_one_and_the_other_is_told() {
    for gateway in Gateway::names() {
        let is_read = |other: &&str| *other == gateway || (gateway, *other) == EDITIONS;
        for other in Gateway::names().filter(|other| !is_read(other)) {
            for case in cases(other).iter().filter(|case| case.expect.is_array()) {
                let json = case.json();
                let node = Node::parse(json.as_bytes()).unwrap();

                let refused =
                    read(Gateway::parse(gateway).unwrap(), &node, Groups::Ignore).unwrap_err();

                let (name, case) = (refused.gateway, &case.name);
                assert_eq!(name, gateway, "{other}: {case}");
                assert_eq!(refused.looks_like, Some(other), "{gateway}: {case}");
                let said = refused.to_string();
                assert!(said.contains(gateway) && said.contains(other), "{said}");
            }
        }
    }
}

#[test]
fn what_n8n_passes_on_is_heard_as_it_came_to_n8n() {
    for gateway in Gateway::names() {
        for case in cases(gateway).iter().filter(|case| case.expect.is_array()) {
            let body: Value = serde_json::from_str(&case.json()).unwrap();
            let webhook = json!({
                "headers": {"host": "n8n", "content-type": "application/json"}, "params": {}, "query": {},
                "body": body, "webhookUrl": "https://n8n.example/webhook/x", "executionMode": "production",
            });
            for forwarded in [
                json!([body]),
                json!({ "json": body }),
                json!([{"json": body, "pairedItem": {"item": 0}}]),
                webhook.clone(),
                json!([webhook]),
                json!([{ "json": webhook }]),
            ] {
                let heard = heard_with(gateway, &forwarded.to_string(), case.groups);
                assert_eq!(heard, case.expect, "{gateway}, {}: {forwarded}", case.name);
            }
        }
    }
}

#[test]
fn of_several_items_those_of_the_gateway_are_heard_and_the_others_are_told_of() {
    let said = |id: &str| {
        json!({
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": "P1"}, "field": "messages",
            "messages": [{"from": "5511988887777", "id": id, "type": "text", "text": {"body": id}}],
        })
    };
    let heard = heard(
        "cloud",
        &json!([said("a"), {"x": 1}, {"json": said("b")}]).to_string(),
    );

    let texts = [&heard[0], &heard[1]].map(|event| event["said"]["text"].as_str().unwrap());
    assert_eq!(texts, ["a", "b"]);
    assert_eq!(
        heard[2]["ignored"]["reason"],
        "not a post as cloud sends it"
    );
    assert_eq!(heard.as_array().unwrap().len(), 3);
}

#[test]
fn a_reason_quotes_no_more_of_a_body_than_a_name_has() {
    let event = format!("line\nbreak {}", "x".repeat(1000));
    let body = json!({"event": event, "session": "s"}).to_string();

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

    /// Each case is read as all gateways would: more than 10,000 readings.
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
            let heard = heard(gateway, &body);
            let is_heard = heard.as_array().is_some_and(|events| !events.is_empty());
            prop_assert!(is_heard || heard == json!({ "not_of": gateway }), "{heard}");
        }
    }
}
