//! What the call to a destination looks like: method, headers, query, fields and template.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::system::System;
use crate::support::{Receiver, SHORT};

/// A system whose buffer `loja`, in the zone of São Paulo, delivers to one destination.
async fn system_with(destination: Value) -> System {
    let system = System::open().await;
    system.destination_of("bot", destination).await;
    let loja = json!({"timezone": "America/Sao_Paulo", "destinations": ["bot"]});
    system.buffer_of("loja", loja).await;
    system
}

async fn say(system: &System, user: &str, message: &str, fields: Value) {
    let item = json!({"message": message, "fields": fields}).to_string();
    system.say_item("loja", user, &item, SHORT).await;
}

#[tokio::test]
async fn a_template_makes_the_body_in_the_zone_of_the_buffer() {
    let mut receiver = Receiver::start().await;
    let template =
        r#"{"q": "{{ text }}", "who": {{ user }}, "n": {{ n }}, "at": "{{ closed_at }}"}"#;
    let system = system_with(json!({"url": receiver.url(), "template": template})).await;

    say(&system, "ana", "a \"quote\"\n🙂", json!({"n": 7})).await;

    let body = receiver.call().await.json();
    assert_eq!(body["q"], "a \"quote\"\n🙂");
    assert_eq!((&body["who"], &body["n"]), (&json!("ana"), &json!(7)));
    assert!(body["at"].as_str().unwrap().ends_with("-03:00"), "{body}");
}

#[tokio::test]
async fn a_get_carries_the_chosen_fields_as_its_query() {
    let mut receiver = Receiver::start().await;
    let bot = json!({
        "url": format!("{}?token=t", receiver.url()), "method": "GET", "fields": ["user", "messages"],
    });
    let system = system_with(bot).await;

    say(&system, "ana b", "oi & tchau", json!({"phone": "1"})).await;

    let call = receiver.call().await;
    assert_eq!(
        call.request_line,
        "GET /webhook?token=t&user=ana+b&messages=%5B%22oi+%26+tchau%22%5D HTTP/1.1"
    );
    assert_eq!(call.body, "");
}

#[tokio::test]
async fn the_query_of_a_get_has_a_signature_of_its_own_beside_that_of_the_body() {
    let mut receiver = Receiver::start().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let bot = json!({
        "url": format!("{}?token=t", receiver.url()), "method": "GET", "secrets": [secret],
    });
    let system = system_with(bot).await;

    say(&system, "ana", "oi", json!({})).await;

    let call = receiver.call().await;
    let (_, query) = call.request_line.split_once('?').unwrap();
    let query = query.strip_suffix(" HTTP/1.1").unwrap();
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, call.headers[name].parse().unwrap());
    }
    let receiving = Webhook::new(secret).unwrap();
    receiving.verify(query.as_bytes(), &headers).unwrap();
    receiving.verify(b"", &headers).unwrap();
    let other = query.replace("ana", "eva");
    assert!(receiving.verify(other.as_bytes(), &headers).is_err());
}

#[tokio::test]
async fn method_headers_and_fields_are_what_the_destination_says() {
    let mut receiver = Receiver::start().await;
    let bot = json!({
        "url": receiver.url(), "method": "PUT", "headers": {"x-token": "t"}, "fields": ["messages", "n"],
    });
    let system = system_with(bot).await;

    say(&system, "ana", "oi", json!({"n": 1, "secret": 2})).await;

    let call = receiver.call().await;
    assert!(
        call.request_line.starts_with("PUT /webhook "),
        "{}",
        call.request_line
    );
    assert_eq!(call.headers["x-token"], "t");
    assert_eq!(call.body, r#"{"n":1,"messages":["oi"]}"#);
}

#[tokio::test]
async fn a_template_that_cannot_be_filled_buries_its_batch_and_says_nothing_of_what_was_said() {
    let receiver = Receiver::start().await;
    let template = r#"{"n": {% if n %}{{ n / 1 }}{% else %}0{% endif %}, "q": {{ text }}}"#;
    let system = system_with(json!({"url": receiver.url(), "template": template})).await;

    say(&system, "ana", "s3cret", json!({"n": "s3cret"})).await;

    system
        .monitor
        .logs("Given up, now a dead letter: template")
        .await;
    assert!(!system.monitor.log().contains("s3cret"));
}
