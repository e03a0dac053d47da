//! The Buffer Service's client, pointed at Lull: everything stands in the request.

use std::time::Duration;

use lull::core::chat::Name;
use lull::spec::BufferSpec;
use lull::store::config::{Kind, Mode};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::system::System;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The receivers of tests listen on the loopback.
const INSIDE: [(&str, &str); 1] = [("ALLOW_PRIVATE_WEBHOOKS", "true")];

fn request(url: &str, text: &str, wait: f64) -> Value {
    json!({
        "webhook": {"url": url, "method": "POST", "headers": {"Authorization": "Bearer t"}},
        "buffer": {
            "key": "user123@domain.net", "wait_time": wait, "aggregate_field": "json.input.data.query", "max_size": 5,
        },
        "payload": {"json": {"input": {"data": {"query": text}}, "n": 1.50}},
    })
}

async fn say(system: &System, body: Value) -> (StatusCode, Value) {
    system.api.post("/api/v1/message", body).await
}

#[tokio::test]
async fn the_answer_tells_of_the_window_which_counts_from_its_first_message() {
    let system = System::with_settings(&[], &INSIDE).await;
    let url = "https://api.example.com/webhook";

    say(&system, request(url, "one", 20.0)).await;
    let (status, answer) = say(&system, request(url, "two", 20.0)).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["status"], "success");
    assert!(answer["message_id"].as_str().unwrap().starts_with("msg_"));
    let info = &answer["buffer_info"];
    assert_eq!(
        (&info["current_size"], &info["max_size"]),
        (&json!(2), &json!(5))
    );
    assert!(
        (15..=20).contains(&info["time_remaining"].as_u64().unwrap()),
        "{info}"
    );
}

#[tokio::test]
async fn the_webhook_of_the_request_gets_its_payload_with_all_texts() {
    let mut system = System::with_settings(&[], &INSIDE).await;
    let url = system.default.url();

    for text in ["one", "two \"x\"", "three"] {
        assert_eq!(say(&system, request(&url, text, 1.0)).await.0, 200);
    }

    let call = system.default.call().await;
    assert_eq!(call.headers["authorization"], "Bearer t");
    let expected = json!({
        "json": {"input": {"data": {"query": "one\ntwo \"x\"\nthree"}}, "n": 1.5},
    });
    assert_eq!(call.json(), expected);
}

#[tokio::test]
async fn a_full_window_leaves_at_once() {
    let mut system = System::with_settings(&[], &INSIDE).await;
    let url = system.default.url();

    for number in 0..5 {
        say(&system, request(&url, &number.to_string(), 600.0)).await;
    }

    let query = &system.default.call().await.json()["json"]["input"]["data"]["query"];
    assert_eq!(query, "0\n1\n2\n3\n4");
}

#[tokio::test]
async fn a_url_that_leads_inside_is_refused_at_the_door() {
    let system = System::with(&[]).await;

    for url in [
        "http://127.0.0.1:1/x",
        "http://[::1]/",
        "http://2130706433/",
        "ftp://example.com/",
    ] {
        let (status, answer) = say(&system, request(url, "oi", 1.0)).await;
        assert_eq!(status, 400, "{url}: {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with("webhook.url: "), "{error}");
    }
    assert_eq!(system.windows().await.len(), 0);
    let configured = system.store.config().read().await.unwrap();
    assert_eq!(configured.destinations.len(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named_as_the_request_names_it() {
    let system = System::with(&[]).await;
    let wrong = async |pointer: &str, value: Value| {
        let mut body = request("https://api.example.com/", "oi", 1.0);
        *body.pointer_mut(pointer).unwrap() = value;
        let (status, answer) = say(&system, body).await;
        assert_eq!(status, 400, "{pointer}: {answer}");
        answer["error"].as_str().unwrap().to_owned()
    };

    assert!(
        wrong("/buffer/wait_time", json!(0))
            .await
            .starts_with("buffer.wait_time: ")
    );
    assert!(
        wrong("/buffer/key", json!(""))
            .await
            .starts_with("buffer.key: ")
    );
    assert!(
        wrong("/buffer/aggregate_field", json!("a.b"))
            .await
            .contains("a.b")
    );
    assert!(
        wrong("/webhook/method", json!("TRACE"))
            .await
            .starts_with("webhook.method: ")
    );
    assert!(
        wrong("/webhook/headers", json!({"a b": "c"}))
            .await
            .starts_with("webhook.headers: ")
    );
    assert!(
        wrong("/payload", json!("oi"))
            .await
            .contains("json.input.data.query")
    );
}

#[tokio::test]
async fn what_came_with_messages_goes_when_nobody_uses_it_and_not_before() {
    let mut system = System::with_settings(&[], &INSIDE).await;
    let store = &system.store;
    let named = Name::parse("named").unwrap();
    let spec = BufferSpec {
        name: "named".to_owned(),
        ..BufferSpec::default()
    };
    store
        .config()
        .write(Kind::Buffer, &named, &spec, Mode::New, None, None)
        .await
        .unwrap();
    let url = system.default.url();
    say(&system, request(&url, "oi", 600.0)).await;
    let left = async || store.config().read().await.unwrap();

    assert_eq!(store.config().remove_disused(DAY).await.unwrap(), 0);
    system.redis.long_ago("lull:{config}:used", 2 * DAY).await;
    assert_eq!(
        store.config().remove_disused(DAY).await.unwrap(),
        0,
        "its window is open"
    );

    let buffers = left().await.buffers;
    let name = buffers
        .keys()
        .find(|name| Name::is_anonymous(name))
        .unwrap()
        .clone();
    // Closed as full, which is how it can be told that nothing is left of it.
    for _ in 0..4 {
        say(&system, request(&url, "oi", 600.0)).await;
    }
    system.default.call().await;
    // The monitor's housekeeper may come first.
    eventually("nothing is left", async || {
        store.config().remove_disused(DAY).await.unwrap();
        let configured = left().await;
        !configured.buffers.contains_key(&name) && configured.destinations.is_empty()
    })
    .await;
    assert!(left().await.buffers.contains_key("named"));
    let path = format!("/api/webhook/{name}");
    eventually("the api has heard of it", async || {
        system.api.get(&path).await.0 == StatusCode::NOT_FOUND
    })
    .await;
    // Who comes back is served as before.
    let (status, _) = say(&system, request(&url, "de volta", 0.2)).await;
    assert_eq!(status, 200);
    let call = system.default.call().await.json();
    assert_eq!(call["json"]["input"]["data"]["query"], "de volta");
}
