//! `GET /api/current`: whether a batch is still the newest of its chat, for a bot to ask before it answers.

use lull::core::batch::BatchId;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::daemon::read;
use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Daemon, eventually};

const ANA: &str = "5511988887777";

async fn ask(api: &Daemon, id: &str, user: &str) -> Value {
    let (status, answer) = api
        .get(&format!("/api/current?webhook_id={id}&user={user}"))
        .await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_call_is_current_until_its_person_writes_again() {
    let mut system = System::with(&[]).await;
    let api = &system.api;
    api.say(ANA, "oi", 0.2).await;
    let first = system.default.call().await.id();

    let nothing_since = ask(api, &first, ANA).await;
    assert_eq!(
        (&nothing_since["current"], &nothing_since["since"]),
        (&json!(true), &Value::Null),
        "{nothing_since}"
    );
    assert_eq!(nothing_since["webhook_id"], *first);
    assert_eq!(
        (
            &nothing_since["user"],
            &nothing_since["buffer"],
            &nothing_since["paused_for"]
        ),
        (&json!(ANA), &json!("default"), &Value::Null)
    );
    let token = nothing_since["token"].as_str().unwrap().to_owned();
    // Another person's messages are nothing to it.
    api.say("eva", "oi", 0.2).await;
    system.default.call().await;
    assert_eq!(ask(api, &first, &token).await["current"], true);

    api.say(ANA, "and", 600.0).await;
    let open = ask(api, &first, &token).await;
    assert_eq!(open["current"], false, "{open}");
    assert_eq!(open["since"]["window"]["messages"], 1);

    // Closed, called and over: there is a newer batch.
    api.post(&format!("/api/chats/{ANA}/flush"), json!({}))
        .await;
    let second = system.default.call().await.id();
    eventually("the newer batch is told", async || {
        ask(api, &first, ANA).await["since"]["batch"]["webhook_id"] == *second
    })
    .await;
    assert_eq!(ask(api, &first, ANA).await["current"], false);
    assert_eq!(ask(api, &second, ANA).await["current"], true);
}

#[tokio::test]
async fn what_waits_behind_a_call_in_hand_is_newer_and_what_was_joined_to_it_is_not() {
    let mut system = System::with(&[]).await;
    system
        .default
        .answer(Answer::Full(503, "retry-after: 600\r\n", ""));
    let api = &system.api;
    // Both come within the second in which they are closed.
    for text in ["one", "two"] {
        api.say(ANA, text, 600.0).await;
        api.post(&format!("/api/chats/{ANA}/flush"), json!({}))
            .await;
    }
    let first = system.default.call().await.id();
    let waits = async || {
        let (_, chat) = api.get(&format!("/api/chats/{ANA}")).await;
        let batches = chat["lanes"][0]["batches"].as_array().cloned();
        batches.unwrap_or_default()
    };
    eventually("what was said is settled in its batches", async || {
        let all: usize = waits()
            .await
            .iter()
            .map(|it| it["messages"].as_array().unwrap().len())
            .sum();
        all == 2
    })
    .await;
    let batches = waits().await;
    let newest = batches.last().unwrap()["webhook_id"].as_str().unwrap();

    let told = ask(api, &first, ANA).await;

    assert_eq!(told["current"], newest == first, "{told}");
    if newest != first {
        assert_eq!(told["since"]["batch"]["webhook_id"], newest);
    }
    assert_eq!(ask(api, newest, ANA).await["current"], true);
}

#[tokio::test]
async fn a_pause_is_told_and_what_is_written_in_it_too() {
    let mut system = System::with(&[]).await;
    let api = &system.api;
    api.say(ANA, "oi", 0.2).await;
    let id = system.default.call().await.id();
    api.post(&format!("/api/chats/{ANA}/pause"), json!({"for": 60}))
        .await;

    let paused = ask(api, &id, ANA).await;

    assert_eq!(paused["current"], true, "{paused}");
    assert!(paused["paused_for"].as_f64().unwrap() > 10.0, "{paused}");
    // Heard in a later second than the one in which the batch was closed.
    eventually("what is said in the pause is told", async || {
        api.say(ANA, "there?", 0.2).await;
        let told = ask(api, &id, ANA).await;
        told["current"] == false && told["since"]["last_heard_at"].is_string()
    })
    .await;
}

#[tokio::test]
async fn what_was_said_and_dropped_within_the_second_of_the_call_came_since() {
    let mut system = System::with(&[]).await;
    for round in 0..20 {
        let user = format!("user{round}");
        let chat = format!("/api/chats/{user}");
        system.api.say(&user, "oi", 600.0).await;
        system.api.post(&format!("{chat}/flush"), json!({})).await;
        let id = system.default.call().await.id();
        system.api.say(&user, "and", 600.0).await;
        let now = system.store.clock().now().await.unwrap();
        let (status, dropped) = system.api.request(Method::DELETE, &chat, None).await;
        assert_eq!(status, 200, "{dropped}");

        let told = ask(&system.api, &id, &user).await;

        assert_eq!(told["current"], false, "{told}");
        let made = BatchId::read(&id).and_then(|id| id.made_at());
        if made.map(|made| made / 1000) == Some(now / 1000) {
            return;
        }
    }
    panic!("no round took less than a second");
}

#[tokio::test]
async fn it_costs_one_read_where_nothing_came_since() {
    let mut system = System::with(&[]).await;
    let api = &system.api;
    api.say(ANA, "oi", 1.5).await;
    let id = system.default.call().await.id();
    let commands = ["lindex", "hmget", "zscore", "lrange", "xrange", "xrevrange"];
    let count = async || {
        let mut counts = Vec::new();
        for command in commands {
            counts.push(system.redis.calls_of(command).await);
        }
        counts
    };
    // The daemons read by themselves, too: what they do beside it is left out.
    eventually("one read is all there was", async || {
        let before = count().await;
        assert_eq!(ask(api, &id, ANA).await["current"], true);
        let after = count().await;
        let more = before
            .iter()
            .zip(after)
            .map(|(before, after)| after - before);
        let more: Vec<_> = more.collect();
        more[..3] == [2, 2, 2] && more[3..] == [0, 0, 0]
    })
    .await;
}

#[tokio::test]
async fn who_is_not_known_and_what_is_no_call_are_refused() {
    let system = System::with(&[]).await;
    let api = &system.api;
    let id = BatchId::generate();
    api.say(ANA, "oi", 600.0).await;
    for (query, status) in [
        (format!("webhook_id={id}&user=eva"), 404),
        (format!("webhook_id={id}&user={ANA}&buffer=loja"), 404),
        (format!("webhook_id=msg_1&user={ANA}"), 400),
        (format!("webhook_id=msg_{}&user={ANA}", "0".repeat(32)), 400),
        (format!("webhook_id={id}&user=%20"), 400),
        (format!("webhook_id={id}"), 400),
        (format!("user={ANA}"), 400),
    ] {
        let path = format!("/api/current?{query}");
        let refused = api.refused(Method::GET, &path, None).await;
        assert_eq!(
            refused.status,
            StatusCode::from_u16(status).unwrap(),
            "{query}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn the_key_of_a_bot_asks_about_its_own_buffer_alone() {
    let keys = "bot:bot-key-of-loja-16+:ingest@loja,all:ingest-key-of-all16:ingest,eye:reading-key-of-all:read";
    let buffers = ["loja", "outra"].map(|name| json!({"name": name, "destinations": ["default"]}));
    let system = System::with_settings(&buffers, &[("API_KEYS", keys)]).await;
    let api = &system.api;
    let id = BatchId::generate();
    let ask = async |key: Option<&str>, buffer: &str| {
        let url = format!("/api/current?webhook_id={id}&user=eva{buffer}");
        let request = reqwest::Client::new().get(api.url(&url));
        let request = key.map_or_else(
            || reqwest::Client::new().get(api.url(&url)),
            |key| request.header("x-api-key", key),
        );
        request.send().await.unwrap().status().as_u16()
    };

    // The token tells the buffer.
    let as_key = |method: Method, path: &str, key: &str| {
        let request = reqwest::Client::new().request(method, api.url(path));
        request
            .header("x-api-key", key)
            .header("content-type", "application/json")
    };
    for (buffer, status) in [("loja", 200), ("outra", 403)] {
        let post = format!("/api/buffers/{buffer}/messages");
        let post = as_key(Method::POST, &post, "ingest-key-of-all16");
        let said = json!({"user": "bia", "message": "oi"}).to_string();
        assert!(post.body(said).send().await.unwrap().status().is_success());
        let chat = format!("/api/chats/bia?buffer={buffer}");
        let chat = as_key(Method::GET, &chat, "reading-key-of-all");
        let (_, chat) = read(chat.send().await.unwrap()).await;
        let token = chat["token"].as_str().unwrap();
        let asked = format!("/api/current?webhook_id={id}&user={token}");
        let asked = as_key(Method::GET, &asked, "bot-key-of-loja-16+");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{buffer}");
    }
    // 404: it came in, and nobody has written.
    for (key, buffer, status) in [
        (Some("bot-key-of-loja-16+"), "&buffer=loja", 404),
        (Some("bot-key-of-loja-16+"), "&buffer=outra", 403),
        (Some("bot-key-of-loja-16+"), "", 403),
        (Some("ingest-key-of-all16"), "&buffer=outra", 404),
        (Some("reading-key-of-all"), "&buffer=outra", 404),
        (Some("no-such-key-is-there"), "&buffer=loja", 401),
        (None, "&buffer=loja", 401),
    ] {
        assert_eq!(ask(key, buffer).await, status, "{key:?} {buffer}");
    }
}
