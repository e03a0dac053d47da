//! One chat whole: everything that is there of it, wherever that is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::undeliverable::Undeliverable;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

async fn whole(api: &Daemon, chat: &str) -> Value {
    let (status, answer) = api.get(&format!("/api/chats/{chat}")).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_chat_of_which_nothing_is_left_is_empty_and_one_that_nobody_knows_is_not_there() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let nobody = api.refused(Method::GET, "/api/chats/ana", None).await;
    assert_eq!(nobody.status, 404, "{nobody:?}");
    api.say("ana", "oi", 60.0).await;
    api.request(Method::DELETE, "/api/chats/ana", None).await;

    let mut answer = whole(&api, "ana").await;

    answer["hash"].take();
    assert!(answer["token"].take().is_string());
    assert_eq!(
        answer,
        json!({
            "user": "ana", "buffer": "default", "token": null, "hash": null, "paused_for": null, "window": null,
            "later": [], "follow_up": null, "lanes": [], "history": [], "dead_letters": [],
            "more_in": [],
        })
    );
}

#[tokio::test]
async fn what_is_said_waits_and_is_over_is_shown_of_this_chat_alone() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "lost").await;
    system.accept();
    system.api.say("ana", "done", 0.1).await;
    system.deliveries(1).await;
    for user in ["ana", "bia"] {
        let open = json!({"user": user, "message": "open", "message_id": "3EB0", "ttl": 60});
        system.api.post("/api/message", open).await;
        let later = json!({"user": user, "message": "later", "delay": 600});
        system.api.post("/api/message", later).await;
    }

    let mut answer = whole(&system.api, "ana").await;
    eventually("both batches are settled", async || {
        answer = whole(&system.api, "ana").await;
        answer["history"].as_array().unwrap().len() == 2
    })
    .await;

    assert_eq!(answer["window"]["messages"], 1);
    let said = &answer["window"]["said"][0];
    assert_eq!(
        (&said["message"], &said["message_id"]),
        (&json!("open"), &json!("3EB0"))
    );
    let later = answer["later"].as_array().unwrap();
    assert_eq!((later.len(), &later[0]["message"]), (1, &json!("later")));
    let outcomes: Vec<_> = answer["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|batch| batch["status"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["delivered", "buried"]);
    let letters = answer["dead_letters"].as_array().unwrap();
    assert_eq!(
        (letters.len(), &letters[0]["messages"]),
        (1, &json!(["lost"]))
    );
    assert_eq!(answer["lanes"], json!([]));
}

#[tokio::test]
async fn what_is_on_its_way_is_shown_with_its_attempts() {
    let redis = TestRedis::start().await;
    let mut webhook = Receiver::answering(&[], Answer::Silence).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &webhook.url()).await;
    api.say("ana", "a", 0.1).await;
    let call = webhook.call().await;
    api.say("ana", "b", 0.1).await;

    let mut answer = Value::Null;
    eventually("the second window is closed", async || {
        answer = whole(&api, "ana").await;
        answer["window"].is_null()
    })
    .await;

    let lane = &answer["lanes"][0];
    assert_eq!(
        (&lane["destination"], &lane["attempts"], &lane["in_hand"]),
        (&json!("default"), &json!(1), &json!(true))
    );
    let batches = lane["batches"].as_array().unwrap();
    assert_eq!(batches[0]["webhook_id"], json!(call.id()));
    let said: Vec<_> = batches.iter().map(|batch| &batch["messages"]).collect();
    assert_eq!(said, [&json!(["a"]), &json!(["b"])]);
}

#[tokio::test]
async fn of_an_ordered_buffer_only_the_chats_own_batches_are_shown() {
    let system = System::open().await;
    let mut bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;
    let (status, answer) = system
        .put(
            "/api/buffers/fila",
            json!({"order": "buffer", "destinations": ["bot"]}),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    let stop = json!({"action": "stop", "destination": "bot"});
    system.api.post("/api/control", stop).await;
    eventually("the monitor goes by it", async || {
        let (_, health) = system.monitor.get("/api/health").await;
        health["stopped"]["destinations"] == json!(["bot"])
    })
    .await;
    for (user, text) in [("ana", "a"), ("bia", "b"), ("ana", "c")] {
        let said = json!({"user": user, "message": text, "ttl": 60});
        let (status, answer) = system.api.post("/api/buffers/fila/messages", said).await;
        assert!(status.is_success(), "{answer}");
        let flush = format!("/api/chats/{user}/flush?buffer=fila");
        system.api.post(&flush, json!({})).await;
    }

    let answer = whole(&system.api, "ana?buffer=fila").await;

    let batches = answer["lanes"][0]["batches"].as_array().unwrap();
    let said: Vec<_> = batches.iter().map(|batch| &batch["messages"]).collect();
    assert_eq!(said, [&json!(["a"]), &json!(["c"])]);
    assert!(bot.calls_so_far().is_empty());
}
