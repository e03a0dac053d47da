//! `POST /api/history/{webhook_id}/send-again`: a flow took the call and failed behind it.

use lull::core::chat::{Chat, ChatId, Name};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Receiver, eventually};

const ANA: &str = "5511988887777";

fn of(id: &str) -> String {
    format!("/api/history/{id}/send-again")
}

async fn sent_again(system: &System, path: &str) -> Value {
    let (status, sent) = system.api.request(Method::POST, path, None).await;
    assert_eq!(status, 200, "{sent}");
    sent
}

/// Refused with this code, for this reason.
async fn is_refused(system: &System, path: &str, code: &str, because: &str) {
    let refused = system.api.refused(Method::POST, path, None).await;
    assert_eq!(refused.code, code, "{path}: {refused:?}");
    assert!(refused.error.contains(because), "{path}: {refused:?}");
}

/// Waits until history tells that the batch was delivered everywhere.
async fn is_over(system: &System, id: &str, destinations: usize) {
    eventually("it was delivered", async || {
        let (_, batch) = system.api.get(&format!("/api/history/{id}")).await;
        let all = batch["destinations"].as_array().cloned();
        let all = all.unwrap_or_default();
        all.len() == destinations && all.iter().all(|it| it["state"] == "delivered")
    })
    .await;
}

/// Two messages of one person that became one batch, and its id.
async fn two_said(system: &mut System) -> String {
    for (text, id) in [("oi", "A1"), ("tudo bem?", "A2")] {
        let said = json!({"user": ANA, "message": text, "message_id": id, "ttl": 600, "plan": {"n": 1.10}});
        system.api.post("/api/message", said).await;
    }
    system
        .api
        .post(&format!("/api/chats/{ANA}/flush"), json!({}))
        .await;
    let call = system.default.call().await;
    assert_eq!(call.messages(), ["oi", "tudo bem?"]);
    call.id()
}

#[tokio::test]
async fn what_was_delivered_is_sent_again_once_with_the_same_words_under_another_id() {
    let mut system = System::with(&[]).await;
    let first = two_said(&mut system).await;
    is_over(&system, &first, 1).await;

    let sent = sent_again(&system, &of(&first)).await;
    let twice = sent_again(&system, &of(&first)).await;

    let again = sent["webhook_id"].as_str().unwrap();
    assert_ne!(again, first);
    assert_eq!(
        (&sent["repeats"], &sent["messages"], &sent["already"]),
        (&json!(first), &json!(2), &json!(false))
    );
    assert_eq!(
        (&twice["webhook_id"], &twice["already"]),
        (&json!(again), &json!(true))
    );
    let call = system.default.call().await;
    assert_eq!(
        (call.id().as_str(), call.messages().as_slice()),
        (again, &["oi".to_owned(), "tudo bem?".to_owned()][..])
    );
    is_over(&system, again, 1).await;
    assert!(system.default.calls_so_far().is_empty());
    let (_, batch) = system.api.get(&format!("/api/history/{again}")).await;
    assert_eq!(batch["destinations"][0]["history"]["repeats"], *first);
    assert_eq!(batch["said"].as_array().unwrap().len(), 2, "{batch}");

    let (_, story) = system.api.get(&format!("/api/chats/{ANA}/story")).await;
    let of_event = |event: &str| {
        let entries = story["items"].as_array().unwrap().iter();
        entries
            .filter(|it| it["event"] == event)
            .cloned()
            .collect::<Vec<_>>()
    };
    let closed = of_event("closed");
    assert_eq!(
        (&closed[0]["repeats"], &closed[1]["repeats"]),
        (&Value::Null, &json!(first)),
        "{story}"
    );
    let act = of_event("act").pop().unwrap();
    assert_eq!(
        (&act["action"], &act["subject"], &act["actor"]),
        (&json!("batch.send_again"), &json!(again), &json!("suite"))
    );
    let told = &story["verdict"]["twice"];
    assert_eq!(
        (
            &told["code"],
            &told["facts"]["webhook_ids"],
            &told["facts"]["by"]
        ),
        (
            &json!("sent_again"),
            &json!([first, again]),
            &json!("suite")
        ),
        "{told}"
    );

    // Nobody has written since: both are about the newest that was said.
    let current = async |id: &str| {
        let path = format!("/api/current?webhook_id={id}&user={ANA}");
        system.api.get(&path).await.1["current"].clone()
    };
    assert_eq!(
        (current(&first).await, current(again).await),
        (json!(true), json!(true))
    );
    system.api.say(ANA, "and", 600.0).await;
    assert_eq!(
        (current(&first).await, current(again).await),
        (json!(false), json!(false))
    );
    system
        .api
        .post(&format!("/api/chats/{ANA}/flush"), json!({}))
        .await;
    let newer = system.default.call().await.id();
    is_over(&system, &newer, 1).await;
    assert_eq!(
        (current(again).await, current(&newer).await),
        (json!(false), json!(true))
    );
}

#[tokio::test]
async fn of_several_destinations_one_is_named_and_nothing_waits_or_is_missing() {
    let mut system = System::with(&[]).await;
    let mut bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["default", "bot"]).await;
    let said = json!({"user": ANA, "message": "oi", "ttl": 0.1});
    system.api.post("/api/buffers/loja/messages", said).await;
    let id = system.default.call().await.id();
    bot.call().await;
    is_over(&system, &id, 2).await;

    is_refused(
        &system,
        &of(&id),
        "conflict",
        "several destinations: bot, default",
    )
    .await;
    let to = |name: &str| format!("{}?destination={name}&user={ANA}&buffer=loja", of(&id));
    is_refused(&system, &to("nobody"), "not_found", "nothing is known").await;
    is_refused(&system, &to("No!"), "invalid_request", "destination").await;
    is_refused(&system, &of("msg_1"), "not_found", "no webhook-id").await;
    let elsewhere = format!("{}?buffer=filial", of(&id));
    is_refused(&system, &elsewhere, "not_found", "nothing is known").await;

    let sent = sent_again(&system, &to("bot")).await;
    let call = bot.call().await;
    assert_eq!(
        (call.id().as_str(), call.messages()),
        (sent["webhook_id"].as_str().unwrap(), vec!["oi".to_owned()])
    );
    // Once, and nowhere else.
    is_over(&system, &call.id(), 1).await;
    assert!(system.default.calls_so_far().is_empty());

    // What came is trimmed away: nobody knows any more what was said.
    for key in system.redis.keys("*:received").await {
        let mut raw = system.redis.raw().await;
        let _: () = redis::cmd("DEL")
            .arg(key)
            .query_async(&mut raw)
            .await
            .unwrap();
    }
    is_refused(&system, &to("default"), "not_kept", "not all").await;
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn what_is_not_over_is_not_sent_again() {
    let mut system = System::with(&[]).await;
    system.default.answer(crate::support::Answer::Full(
        503,
        "Retry-After: 600\r\n",
        "",
    ));
    let id = two_said(&mut system).await;
    let wanted = json!({"user": ANA, "destination": "default", "webhook_id": id});
    is_refused(&system, &of(&id), "conflict", "still waits for default").await;
    eventually("it is given up on", async || {
        let given_up = system.api.post("/api/lanes/give-up", wanted.clone());
        given_up.await.0 == 200
    })
    .await;

    is_refused(&system, &of(&id), "conflict", "dead letter of default").await;
    let (_, letters) = system.api.get("/api/messages/dead-letter").await;
    let letter = letters["items"][0]["id"].as_str().unwrap();
    system.delete(&format!("/api/dead-letter/{letter}")).await;

    is_refused(&system, &of(&id), "conflict", "not delivered to default").await;
}

#[tokio::test]
async fn what_was_edited_before_it_was_sent_is_not_sent_again_as_something_else() {
    let loja = json!({
        "name": "loja", "source": "evolution", "window": {"wait": 600, "max_wait": 600},
        "destinations": ["default"],
    });
    let mut system = System::with(&[loja]).await;
    let key = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": false, "id": "A1"});
    let said = json!({"key": key, "message": {"conversation": "2 pizzas"}, "messageTimestamp": 1_763_770_000});
    let edited = json!({"key": key, "type": 14, "editedMessage": {"conversation": "3 pizzas"}});
    for (event, data) in [("messages.upsert", said), ("messages.edited", edited)] {
        let post = json!({"event": event, "instance": "loja", "data": data});
        let (status, answer) = system.api.post("/api/webhook/loja", post).await;
        assert_eq!(status, 200, "{answer}");
    }
    let flush = format!("/api/chats/loja:{ANA}/flush?buffer=loja");
    system.api.post(&flush, json!({})).await;
    let call = system.default.call().await;
    assert_eq!(call.messages(), ["3 pizzas"]);
    is_over(&system, &call.id(), 1).await;

    is_refused(&system, &of(&call.id()), "not_kept", "as it was sent").await;
}

#[tokio::test]
async fn a_message_of_the_queue_is_sent_again_as_one_of_its_own() {
    let mut system = System::with(&[]).await;
    let message = json!({"phone_number": "+5511988887777", "content": "oi", "id": "client-1"});
    let (status, answer) = system.api.post("/api/messages", message).await;
    assert_eq!(status, 201, "{answer}");
    let first = system.default.call().await;
    is_over(&system, &first.id(), 1).await;

    let sent = sent_again(&system, &of(&first.id())).await;

    let again = system.default.call().await;
    assert_eq!(sent["webhook_id"], json!(again.id()));
    assert_ne!(again.id(), first.id());
    assert_eq!(again.json()["messages"], first.json()["messages"]);
    is_over(&system, &again.id(), 1).await;
    let (status, shown) = system
        .api
        .get(&format!("/api/messages/{}", again.id()))
        .await;
    assert_eq!(
        (status.as_u16(), &shown["status"]),
        (200, &json!("sent")),
        "{shown}"
    );
}

#[tokio::test]
async fn what_is_sent_again_is_followed_up_only_where_nothing_was_said_since() {
    let loja = json!({
        "name": "loja", "window": {"wait": 600, "max_wait": 600}, "destinations": ["default"],
        "follow_up": {"after": 3600, "destination": "default"},
    });
    let mut system = System::with(&[loja]).await;
    let chat = Chat::new(Name::parse("loja").unwrap(), ChatId::parse(ANA).unwrap());
    let say = async |text: &str| {
        let said = json!({"user": ANA, "message": text});
        system.api.post("/api/buffers/loja/messages", said).await
    };
    let flush = format!("/api/chats/{ANA}/flush?buffer=loja");
    let follow_up = async || system.store.follow_ups().find(&chat).await.unwrap();
    say("oi").await;
    system.api.post(&flush, json!({})).await;
    let first = system.default.call().await.id();
    is_over(&system, &first, 1).await;
    let planned = follow_up().await.unwrap().at;

    // Nothing was said since: the silence begins anew.
    let again = sent_again(&system, &of(&first)).await;
    let again = again["webhook_id"].as_str().unwrap();
    assert_eq!(system.default.call().await.id(), again);
    is_over(&system, again, 1).await;
    assert!(follow_up().await.unwrap().at > planned);

    // Something was: that has a delivery of its own to come.
    say("and").await;
    assert!(follow_up().await.is_none());
    let third = sent_again(&system, &of(again)).await;
    let third = third["webhook_id"].as_str().unwrap();
    assert_eq!(system.default.call().await.id(), third);
    is_over(&system, third, 1).await;
    assert!(follow_up().await.is_none());
}
