//! What a destination at a broker may be, and how it is shown.

use chrono_tz::Tz;

use super::super::{Filled, Sender};
use super::*;
use crate::core::item::read_items;
use crate::core::window::CloseReason;
use crate::settings::Vars;
use crate::settings::guard::GuardConfig;
use crate::spec::DestinationSpec;
use crate::spec::destination::DestinationKind;

fn spec(url: &str, routing_key: &str) -> DestinationSpec {
    DestinationSpec {
        name: "bot".to_owned(),
        kind: DestinationKind::Amqp,
        url: url.to_owned(),
        exchange: Some("bots".to_owned()),
        routing_key: Some(routing_key.to_owned()),
        ..DestinationSpec::default()
    }
}

fn sender_of(spec: &DestinationSpec, broker: Option<&str>) -> Result<Sender, SpecError> {
    let rules = GuardConfig::from_vars(&Vars::new([])).unwrap();
    let broker = broker.map(|url| url.parse().unwrap());
    Sender::new(&spec.check()?, &Clients::new(rules).with_broker(broker))
}

fn sender(url: &str, routing_key: &str) -> Result<Sender, SpecError> {
    sender_of(&spec(url, routing_key), None)
}

fn filled(sender: &Sender, items: &str) -> Result<Filled, BodyError> {
    sender.fill(&TemplateContext {
        user: "ana",
        buffer: "loja",
        opened: 0,
        closed: 0,
        reason: CloseReason::Quiet,
        zone: Tz::UTC,
        language: None,
        items: &read_items(items).unwrap(),
    })
}

#[test]
fn a_url_is_that_of_a_broker_or_there_is_one_for_all() {
    for bad in [
        "http://mq/",
        "redis://mq/",
        "amqp:///x",
        "amqp://mq/x?heartbeat=3",
        "",
    ] {
        let error = sender(bad, "k").err().unwrap().to_string();
        assert!(error.starts_with("url: "), "{bad}: {error}");
    }
    let own = sender("amqps://me:secret@mq.example/loja", "k").unwrap();
    assert_eq!(own.place(), "amqps://mq.example");
    assert_eq!(own.server(), ("mq.example", 5671));
    let told = sender_of(&spec("", "k"), Some("amqp://evo:p%40ss%2F@mq/loja%2Fum")).unwrap();
    assert_eq!(told.server(), ("mq", 5672));
    let shown = told.shown(&Filled::default());
    assert_eq!(shown.1, "amqp://********@mq:5672/loja%2Fum");
    let back: BrokerUrl = told.basics.url.as_str().parse().unwrap();
    assert_eq!((&*back.password, &*back.vhost), ("p@ss/", "loja/um"));
}

#[test]
fn a_guarded_one_leads_nowhere_inside() {
    let guarded = |url: &str| {
        let spec = DestinationSpec {
            guarded: true,
            ..spec(url, "k")
        };
        sender_of(&spec, Some("amqp://mq"))
    };
    for inside in ["amqp://127.0.0.1", "amqps://[::1]/", "amqp://10.0.0.7", ""] {
        let error = guarded(inside).err().unwrap().to_string();
        assert!(error.starts_with("url: "), "{inside}: {error}");
    }
    guarded("amqp://8.8.8.8").unwrap();
}

#[test]
fn a_routing_key_is_made_of_what_is_said_and_is_never_too_long() {
    let items = r#"{"at":1,"message":"oi","fields":{"line":"55 \"9\""}}"#;
    let made = |key: &str| {
        let sender = sender("amqp://mq", key).unwrap();
        filled(&sender, items).map(|filled| sender.shown(&filled).0)
    };
    assert_eq!(made("loja").unwrap(), "PUBLISH bots loja");
    assert_eq!(
        made("loja.{{ line }}").unwrap(),
        r#"PUBLISH bots loja.55 "9""#
    );
    assert_eq!(
        made("{{ buffer }}.{{ user }}\n").unwrap(),
        "PUBLISH bots loja.ana"
    );
    let long = made("{% for i in range(300) %}x{% endfor %}")
        .unwrap_err()
        .to_string();
    assert!(long.starts_with("template: "), "{long}");

    let error = sender("amqp://mq", "{{ line").err().unwrap().to_string();
    assert!(error.starts_with("routing_key: "), "{error}");
}

#[test]
fn only_what_is_too_large_is_never_tried_again() {
    for (code, text, rejected) in [
        (311, "CONTENT_TOO_LARGE", true),
        (
            406,
            "PRECONDITION_FAILED - message size 200 is larger than configured max size 100",
            true,
        ),
        (406, "PRECONDITION_FAILED - inequivalent arg", false),
        (404, "NOT_FOUND - no exchange 'bots' in vhost '/'", false),
        (403, "ACCESS_REFUSED", false),
    ] {
        assert_eq!(is_too_large(code, text), rejected, "{text}");
    }
}
