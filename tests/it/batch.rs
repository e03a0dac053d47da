//! `GET /api/history/{webhook_id}`: one batch whole, wherever it is.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::store::keys::Shard;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Daemon, Receiver, chat, eventually};

const ANA: &str = "5511988887777";

/// What became of a batch at a destination.
fn at<'a>(whole: &'a Value, destination: &str) -> &'a Value {
    let all = whole["destinations"].as_array().unwrap().iter();
    all.into_iter()
        .find(|it| it["destination"] == destination)
        .unwrap_or_else(|| panic!("{destination} in {whole}"))
}

async fn whole(api: &Daemon, id: &str) -> Value {
    let (status, answer) = api.get(&format!("/api/history/{id}")).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn said(whole: &Value) -> Vec<&str> {
    let said = whole["said"].as_array().unwrap().iter();
    said.map(|it| it["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_batch_is_shown_at_every_destination_wherever_it_is_there() {
    let mut system = System::with(&[]).await;
    let (dead, failing) = (Receiver::start().await, Receiver::start().await);
    dead.answer(Answer::Status(410));
    failing.answer(Answer::Full(503, "retry-after: 600\r\n", "later"));
    system.destination("dead", &dead.url()).await;
    system.destination("failing", &failing.url()).await;
    system.destination("silent", &failing.url()).await;
    system.buffer("loja", &["default", "dead", "failing"]).await;
    let api = &system.api;
    let body = json!({"user": ANA, "message": "oi", "message_id": "A1", "ttl": 0.3});
    api.post("/api/buffers/loja/messages", body).await;
    let id = system.default.call().await.id();
    eventually("all three have answered", async || {
        let (status, answer) = api.get(&format!("/api/history/{id}")).await;
        let all = answer["destinations"].as_array().cloned();
        let told = all.unwrap_or_default();
        status == 200 && told.iter().filter(|it| !it["history"].is_null()).count() == 3
    })
    .await;

    let batch = whole(api, &id).await;

    assert_eq!(batch["webhook_id"], *id);
    assert_eq!(
        (&batch["user"], &batch["buffer"]),
        (&json!(ANA), &json!("loja"))
    );
    assert_eq!(batch["hash"].as_str().unwrap().len(), 8);
    assert!(batch["token"].as_str().unwrap().starts_with("chat_"));
    assert_eq!(said(&batch), ["oi"]);
    assert_eq!(batch["said"][0]["message_id"], "A1");
    assert_eq!(
        (&batch["said_in_part"], &batch["searched_until"]),
        (&json!(false), &Value::Null)
    );
    let (delivered, buried, failed) = (
        at(&batch, "default"),
        at(&batch, "dead"),
        at(&batch, "failing"),
    );
    assert_eq!(delivered["state"], "delivered");
    assert_eq!(delivered["history"]["attempts"][0]["status"], 200);
    assert_eq!(
        (&delivered["lane"], &delivered["dead_letter"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(buried["state"], "dead");
    assert_eq!(buried["dead_letter"]["webhook_id"], *id);
    assert_eq!(buried["history"]["status"], "buried");
    assert_eq!(failed["state"], "waiting");
    assert_eq!(
        (&failed["lane"]["attempts"], &failed["lane"]["first"]),
        (&json!(1), &json!(true))
    );
    assert!(
        failed["lane"]["next_attempt_in"].as_f64().unwrap() > 300.0,
        "{failed}"
    );
    assert_eq!(failed["history"]["response"]["status"], 503);
    // By its chat, and by the token of that, it is the same.
    let token = batch["token"].as_str().unwrap();
    for query in [format!("user={ANA}&buffer=loja"), format!("user={token}")] {
        let of_chat = whole(api, &format!("{id}?{query}")).await;
        assert_eq!(
            of_chat["destinations"].as_array().unwrap().len(),
            3,
            "{of_chat}"
        );
    }
}

#[tokio::test]
async fn a_batch_that_was_never_tried_is_found_on_its_lane_also_behind_another() {
    for ordered in [false, true] {
        let mut system = System::with(&[json!({
            "name": "loja", "order": if ordered { "buffer" } else { "chat" }, "destinations": ["default"],
        })])
        .await;
        system
            .default
            .answer(Answer::Full(503, "retry-after: 600\r\n", ""));
        let api = &system.api;
        let say = async |text: &str| {
            let body = json!({"user": ANA, "message": text, "ttl": 0.2});
            api.post("/api/buffers/loja/messages", body).await;
        };
        say("first").await;
        let first = system.default.call().await.id();
        say("second").await;
        let waits = async || {
            let path = format!("/api/chats/{ANA}?buffer=loja");
            api.get(&path).await.1["lanes"][0]["batches"].clone()
        };
        eventually("the second waits", async || waits().await[1].is_object()).await;
        let second = waits().await[1]["webhook_id"].as_str().unwrap().to_owned();

        let batch = whole(api, &second).await;

        assert_eq!(said(&batch), ["second"], "{ordered}");
        let waiting = at(&batch, "default");
        assert_eq!(waiting["state"], "waiting");
        assert_eq!(
            (&waiting["history"], &waiting["lane"]["first"]),
            (&Value::Null, &json!(false))
        );
        assert_eq!(waiting["lane"]["next_attempt_in"], Value::Null);
        assert_eq!(
            at(&whole(api, &first).await, "default")["lane"]["first"],
            true
        );
        // So it leads to its chat, too.
        let (_, found) = api.get(&format!("/api/find?q={second}")).await;
        assert_eq!(found["found_by"], "webhook_id", "{found}");
    }
}

#[tokio::test]
async fn of_what_was_delivered_the_messages_come_from_the_list_of_received_ones() {
    let mut system = System::with(&[]).await;
    let api = &system.api;
    for text in ["one", "two"] {
        api.say(ANA, text, 0.5).await;
    }
    let id = system.default.call().await.id();
    eventually("it is over", async || {
        api.get(&format!("/api/history/{id}")).await.0 == 200
    })
    .await;

    let batch = whole(api, &id).await;

    assert_eq!(said(&batch), ["one", "two"]);
    assert_eq!(batch["said_in_part"], true);
    let path = format!("/api/history/{id}?buffer=loja");
    assert_eq!(api.get(&path).await.0, 404, "it is of another buffer");
    assert_eq!(batch["buffer"], "default");
}

#[tokio::test]
async fn what_is_not_known_is_not_found_and_says_what_was_looked_for() {
    let system = System::with(&[]).await;
    let api = &system.api;
    let id = BatchId::generate();
    for path in [
        format!("/api/history/{id}"),
        format!("/api/history/{id}-2"),
        format!("/api/history/{id}?user={ANA}"),
        "/api/history/msg_1".to_owned(),
        "/api/history/00000000000000000000000000000000".to_owned(),
    ] {
        let refused = api.refused(Method::GET, &path, None).await;
        assert_eq!(refused.status, 404, "{path}: {refused:?}");
    }
    let (_, answer) = api.get(&format!("/api/history/{id}")).await;
    assert!(
        answer["error"].as_str().unwrap().contains(id.as_str()),
        "{answer}"
    );
    for query in ["buffer=Loja", "user=%20"] {
        let path = format!("/api/history/{id}?{query}");
        let refused = api.refused(Method::GET, &path, None).await;
        assert_eq!(refused.status, 400, "{refused:?}");
    }
}

#[tokio::test]
async fn an_id_leads_to_the_shard_of_its_chat_and_one_of_an_earlier_lull_is_found_all_the_same() {
    let mut system = System::with(&[]).await;
    let api = &system.api;
    api.say("ana", "oi", 0.2).await;
    let id = system.default.call().await.id();
    let shard = Shard::of(&chat("ana")).index();
    assert_eq!(
        BatchId::parse(&id).unwrap().shard().map(usize::from),
        Some(shard)
    );

    // Any other shard, as its last bits had it by chance.
    let other = u8::try_from((shard + 1) % 64).unwrap();
    let old = BatchId::generate().in_shard(other);
    system.say("default", "ana", "old", Duration::ZERO).await;
    let closing = system.store.windows();
    closing
        .flush(&chat("ana"), &old, &crate::support::destinations())
        .await
        .unwrap();
    eventually("it is over", async || {
        api.get(&format!("/api/history/{old}")).await.0 == 200
    })
    .await;
    assert_eq!(whole(api, old.as_str()).await["user"], "ana");
}
