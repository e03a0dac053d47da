//! Bodies that are JSON to hurt: too deep, or full of what few programs bear. They are refused, or leave to the letter.

use reqwest::Method;
use serde_json::json;

use super::post;
use crate::support::refusal::Refusal;
use crate::support::system::System;
use crate::support::{Daemon, Receiver, TestRedis};

/// Levels of a body, those of the message and the one around it.
const MOST: usize = 64;

fn deep(levels: usize) -> String {
    let message = format!(r#"{}"oi"{}"#, "[".repeat(levels), "]".repeat(levels));
    format!(
        r#"{{"user":"ana","unique_id":"ana","phone_number":"ana","ttl":0.1,"message":{message}}}"#
    )
}

#[tokio::test]
async fn what_is_too_deep_is_refused_at_every_way_in_and_nothing_of_it_is_stored() {
    let system = System::with(&[json!({"name": "any", "key": "user", "text": "message.*"})]).await;
    let ways = [
        (Method::POST, "/api/message"),
        (Method::POST, "/api/webhook/any"),
        (Method::POST, "/api/buffers/any/try"),
        (Method::POST, "/webhook"),
        (Method::POST, "/api/v1/message"),
        (Method::POST, "/api/messages"),
        (Method::POST, "/api/typing"),
        (Method::POST, "/api/chats/ana/pause"),
        (Method::PUT, "/api/buffers/any"),
        (Method::POST, "/api/schedules"),
        (Method::POST, "/api/control"),
    ];

    for body in [deep(MOST), deep(400_000), "[".repeat(1_000_000)] {
        for (method, way) in &ways {
            let answer = post(&system.api, method.clone(), way, body.clone()).await;
            let refusal = Refusal::of(answer).await;

            assert_eq!(refusal.status, 400, "{way}: {refusal:?}");
            assert_eq!(refusal.code, "too_deep", "{way}: {refusal:?}");
        }
    }
    assert!(system.redis.chat_keys().await.is_empty());
}

#[tokio::test]
async fn what_is_as_deep_as_can_be_leaves_as_it_came_and_templates_reach_into_it() {
    let mut system = System::open().await;
    let mut bot = Receiver::start().await;
    let inside = "[0]".repeat(MOST - 1);
    let template = format!(
        r#"{{"all": {{{{ items[0].message }}}}, "one": {{{{ items[0].message{inside} }}}}}}"#
    );
    system
        .destination_of("bot", json!({"url": bot.url(), "template": template}))
        .await;
    let spec = json!({"key": "user", "destinations": ["bot"], "window": {"wait": 0.1}});
    system.buffer_of("any", spec).await;

    post(&system.api, Method::POST, "/api/message", deep(MOST - 1)).await;
    post(
        &system.api,
        Method::POST,
        "/api/webhook/any",
        deep(MOST - 1),
    )
    .await;

    let message = format!(r#"{}"oi"{}"#, "[".repeat(MOST - 1), "]".repeat(MOST - 1));
    assert!(system.default.call().await.body.contains(&message));
    let call = bot.call().await.body;
    assert!(
        call.contains(&message) && call.ends_with(r#""one": "oi"}"#),
        "{call}"
    );
}

#[tokio::test]
async fn odd_values_leave_to_the_letter() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let digits = "9".repeat(20_000);
    let odd = [
        digits.clone(),
        format!("-0.{digits}e+{digits}"),
        "1e400".to_owned(),
        "-0.0".to_owned(),
        r#""\u0000\ud83d""#.to_owned(),
        r#""\udc00\ud800""#.to_owned(),
        r#""</script>\r\n\u2028${jndi:ldap://x}{{7*7}}""#.to_owned(),
        format!("[{}0]", "[],".repeat(100_000)),
        r#"{"a":1,"a":2,"":{"\u0000":null}}"#.to_owned(),
    ];
    let body = odd.join(",");

    let body = format!(r#"{{"user":"ana","ttl":0.1,"message":[{body}],"odd":[{body}]}}"#);
    let answer = post(&api, Method::POST, "/api/message", body).await;

    assert_eq!(answer.status(), 200);
    let call = receiver.call().await.body;
    let list = format!("[{}]", odd.join(","));
    assert_eq!(call.matches(&list).count(), 2);
}

#[tokio::test]
async fn of_a_field_that_is_there_twice_the_last_one_counts() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let body =
        r#"{"user":"eva","user":"ana","ttl":60,"ttl":0.1,"message":"a","message":"b","x":1,"x":2}"#;
    let answer = post(&api, Method::POST, "/api/message", body.to_owned()).await;

    assert_eq!(answer.status(), 200);
    let call = receiver.call().await;
    assert_eq!(
        (call.user(), call.messages()),
        ("ana".to_owned(), vec!["b".to_owned()])
    );
    assert_eq!(call.body.matches(r#""x":"#).count(), 1);
    assert_eq!(call.json()["x"], 2);
}

#[tokio::test]
async fn half_an_emoji_costs_no_text() {
    let settings = [("ALLOW_PRIVATE_WEBHOOKS", "true")];
    let system = System::with_settings(&[], &settings).await;
    let mut bot = Receiver::start().await;
    let template = r#"{"t": {{ text }}}"#;
    system
        .destination_of("bot", json!({"url": bot.url(), "template": template}))
        .await;
    let spec =
        json!({"key": "user", "text": "text", "destinations": ["bot"], "window": {"wait": 0.1}});
    system.buffer_of("any", spec).await;
    let aggregated = format!(
        r#"{{"webhook":{{"url":{:?}}},"buffer":{{"key":"ana","wait_time":1,"aggregate_field":"t","max_size":1}},"payload":{BODY}}}"#,
        bot.url()
    );
    const BODY: &str = r#"{"user":"ana","text":"oi \ud83d","t":"oi \ud83d"}"#;

    for (way, body) in [("/api/webhook/any", BODY), ("/api/v1/message", &aggregated)] {
        let answer = post(&system.api, Method::POST, way, body.to_owned()).await;

        assert!(answer.status().is_success(), "{way}: {answer:?}");
        let call = bot.call().await.body;
        assert!(call.contains("\"oi \u{fffd}"), "{way}: {call}");
    }
}

#[tokio::test]
async fn who_or_which_must_be_whole_text() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (field, body) in [
        ("user", r#"{"user":"\ud800","message":"oi"}"#),
        (
            "message_id",
            r#"{"user":"ana","message":"oi","message_id":"\udc00"}"#,
        ),
    ] {
        let answer = post(&api, Method::POST, "/api/message", body.to_owned()).await;
        let refusal = Refusal::of(answer).await;

        assert_eq!(
            (refusal.status.as_u16(), refusal.field.as_deref()),
            (400, Some(field))
        );
    }
    assert!(redis.chat_keys().await.is_empty());
}
