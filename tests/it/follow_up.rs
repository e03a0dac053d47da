//! Follow-ups: one call when a chat has been silent, over any number of monitors, taken back by whatever is said.

mod racing;
mod taken_back;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lull::core::chat::{Chat, ChatId, Name};
use lull::store::Store;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const BUFFER: &str = "/api/buffers/loja";
const POST: &str = "/api/webhook/loja";
const HOUR: u64 = 3600;

/// A buffer whose silent chats are asked at the destination `ask`.
fn buffer(mut follow_up: Value) -> Value {
    let fields = follow_up.as_object_mut().unwrap();
    fields.entry("destination").or_insert_with(|| json!("ask"));
    let mut buffer = json!({"window": {"wait": 0.1}});
    buffer["follow_up"] = follow_up;
    buffer
}

/// A system with such a buffer, and the receiver behind `ask`.
async fn system(follow_up: Value) -> (System, Receiver) {
    let system = System::open().await;
    let ask = Receiver::start().await;
    system.destination("ask", &ask.url()).await;
    system.buffer_of("loja", buffer(follow_up)).await;
    (system, ask)
}

fn ana() -> Chat {
    Chat::new(Name::parse("loja").unwrap(), ChatId::parse("ana").unwrap())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}

async fn say(api: &Daemon, user: &str, text: &str, id: &str) {
    let body = json!({"user": user, "message": text, "message_id": id, "phone": "5511"});
    let (status, answer) = api.post(POST, body).await;
    assert!(status.is_success(), "{answer}");
}

/// Ana says something that is delivered and to be followed up.
async fn followed_up(system: &mut System) {
    say(&system.api, "ana", "oi", "1").await;
    system.default.call().await;
    planned(&system.store, &ana(), true).await;
}

async fn planned(store: &Store, chat: &Chat, expected: bool) {
    eventually("it is planned, or not", async || {
        store.follow_ups().find(chat).await.unwrap().is_some() == expected
    })
    .await;
}

/// Nothing waits for a time, and nothing is on a lane.
async fn all_over(store: &Store) {
    eventually("nothing is left", async || {
        let lanes = ["default", "ask"].map(|name| Name::parse(name).unwrap());
        let counts = store.counts(lanes).await.unwrap();
        counts.waiting + counts.lanes + counts.windows == 0
    })
    .await;
}

#[tokio::test]
async fn each_silent_chat_gets_one_call_over_two_monitors_also_when_one_is_killed() {
    let redis = TestRedis::start_locked().await;
    let (bot, mut ask) = (Receiver::start().await, Receiver::start().await);
    let api = Daemon::api(&redis).await;
    for (path, body) in [
        (
            "/api/destinations",
            json!({"name": "ask", "url": ask.url(), "timeout": 0.5}),
        ),
        ("/api/buffers", {
            let mut loja = buffer(json!({"after": 1.5}));
            loja["name"] = json!("loja");
            loja
        }),
    ] {
        let (status, answer) = api.post(path, body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let mut one = Daemon::monitor(&redis, &bot.url()).await;
    let _two = Daemon::monitor(&redis, &bot.url()).await;
    for user in 0..20 {
        say(&api, &format!("u{user}"), "oi", "1").await;
    }

    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    while ids.len() < 20 {
        let call = ask.call().await;
        if ids.is_empty() {
            one.kill();
        }
        // What was in the hands of the killed one may come again, but then under its id.
        let known = ids.entry(call.user()).or_insert_with(|| call.id());
        assert_eq!(*known, call.id());
        assert!(known.ends_with("-1"), "{known}");
        assert_eq!(call.messages(), ["oi"]);
    }

    all_over(&redis.store().await).await;
    for call in ask.calls_so_far() {
        assert_eq!(ids[&call.user()], call.id());
    }
}

#[tokio::test]
async fn it_says_what_its_template_makes_of_the_last_message() {
    let template =
        r#"{"to": {{ user }}, "phone": {{ phone }}, "why": {{ reason }}, "last": {{ text }}}"#;
    let (mut system, mut ask) = system(json!({"after": 1, "template": template})).await;
    system
        .buffer_of("loja", {
            let mut slow = buffer(json!({"after": 1, "template": template}));
            slow["window"]["wait"] = json!(1);
            slow
        })
        .await;

    say(&system.api, "ana", "oi", "1").await;
    say(&system.api, "ana", "tem azul?", "2").await;

    assert_eq!(system.default.call().await.messages(), ["oi", "tem azul?"]);
    assert_eq!(
        ask.call().await.json(),
        json!({"to": "ana", "phone": "5511", "why": "silence", "last": "tem azul?"})
    );
    let metric = r#"lull_batches_total{reason="silence"}"#;
    assert_eq!(system.monitor.metric(metric).await, 1.0);
}

#[tokio::test]
async fn there_are_as_many_as_allowed_one_after_another() {
    let (mut system, mut ask) = system(json!({"after": 1, "max": 3})).await;
    say(&system.api, "ana", "oi", "1").await;

    let mut calls = Vec::new();
    while calls.len() < 3 {
        calls.push(ask.call().await);
    }

    all_over(&system.store).await;
    assert_eq!(ask.calls_so_far().len(), 0);
    for (number, call) in (1..).zip(&calls) {
        assert!(call.id().ends_with(&format!("-{number}")), "{}", call.id());
    }
    for pair in calls.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(990));
    }
    assert_eq!(system.default.call().await.messages(), ["oi"]);
    assert_eq!(system.default.calls_so_far().len(), 0);
}

#[tokio::test]
async fn one_that_is_not_delivered_is_a_dead_letter_and_the_last() {
    let (system, ask) = system(json!({"after": 1, "max": 3})).await;
    ask.answer(Answer::Status(410));

    say(&system.api, "ana", "oi", "1").await;

    eventually("it is buried", async || {
        let (_, page) = system
            .api
            .get("/api/messages/dead-letter?buffer=loja")
            .await;
        page["items"][0]["destination"] == "ask"
    })
    .await;
    all_over(&system.store).await;
}

#[tokio::test]
async fn in_an_ordered_buffer_each_chat_has_its_own() {
    let (mut system, mut ask) = system(json!({"after": 1})).await;
    let mut ordered = buffer(json!({"after": 1}));
    ordered["order"] = json!("buffer");
    system.buffer_of("loja", ordered).await;
    let users = ["ana", "eva", "a b"];

    for user in users {
        say(&system.api, user, user, "1").await;
    }

    for _ in users {
        let call = ask.call().await;
        assert_eq!(call.messages(), [call.user()]);
        system.default.call().await;
    }
    all_over(&system.store).await;
    assert_eq!(ask.calls_so_far().len(), 0);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let (system, _ask) = system(json!({"after": HOUR})).await;
    for (follow_up, words) in [
        (json!({}), "follow_up.after: "),
        (
            json!({"after": HOUR, "destination": "none"}),
            "follow_up.destination: there is no destination none",
        ),
        (
            json!({"after": HOUR, "between": "8-20"}),
            "follow_up.between: must be two different times",
        ),
        (
            json!({"after": HOUR, "timezone": "x"}),
            "follow_up.timezone: ",
        ),
        (json!({"after": HOUR, "max": 0}), "follow_up.max: "),
        (
            json!({"after": HOUR, "often": 1}),
            "follow_up.often: unknown field",
        ),
        (
            json!({"after": HOUR, "template": "{\n{{ user"}),
            "follow_up.template: the template is broken in line 2",
        ),
        (
            json!({"after": HOUR, "template": "{{ user }} there"}),
            "follow_up.template: what the template makes is not JSON",
        ),
    ] {
        let (status, answer) = system.put(BUFFER, buffer(follow_up)).await;
        assert_eq!(status, 400, "{answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(words), "{error}");
    }
    let (status, answer) = system.delete("/api/destinations/ask").await;
    assert_eq!(status, 409, "{answer}");
    assert!(
        answer["error"].as_str().unwrap().contains("loja"),
        "{answer}"
    );
}
