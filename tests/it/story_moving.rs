//! A story that is asked for while things move: nothing is lost between two places, and what is no message moves no verdict.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::system::System;
use crate::support::{DEADLINE, eventually};

const ANA: &str = "5511988887777";

fn loja() -> Value {
    json!({
        "name": "loja", "source": "evolution", "window": {"wait": 600, "max_wait": 600}, "destinations": ["default"],
        "secret": "s3cret-s3cret",
    })
}

/// What a gateway posts of Ana; its status.
async fn posts(system: &System, id: &str, message: Value, kind: &str) -> u16 {
    let key = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": false, "id": id});
    let data = json!({
        "key": key, "pushName": "Ana", "message": message, "messageType": kind, "messageTimestamp": 1_763_770_000,
    });
    let body = json!({"event": "messages.upsert", "instance": "loja", "data": data});
    let path = "/api/webhook/loja?secret=s3cret-s3cret";
    let (status, _) = system.api.request(Method::POST, path, Some(body)).await;
    status.as_u16()
}

async fn verdict(system: &System, chat: &str, buffer: &str) -> Value {
    let path = format!("/api/chats/{chat}/story?buffer={buffer}");
    let (status, mut story) = system.api.get(&path).await;
    assert_eq!(status, 200, "{story}");
    story["verdict"]["not_answered"].take()
}

/// The verdicts of a chat from its message to its delivery, one read after the other.
async fn codes(system: &System, chat: &str) -> Vec<String> {
    let codes = timeout(DEADLINE, all_codes(system, chat)).await;
    codes.expect("it is delivered")
}

async fn all_codes(system: &System, chat: &str) -> Vec<String> {
    system.api.say(chat, "oi", 0.15).await;
    let mut codes: Vec<String> = Vec::new();
    loop {
        let told = verdict(system, chat, "default").await;
        let code = told["code"].as_str().unwrap().to_owned();
        let is_over = code.contains("delivered");
        if codes.last() != Some(&code) {
            codes.push(code);
        }
        if is_over {
            return codes;
        }
    }
}

#[tokio::test]
async fn what_is_on_its_way_is_in_each_verdict() {
    let system = System::with(&[]).await;
    for round in 0..3 {
        let chats: Vec<_> = (0..8).map(|chat| format!("ana-{round}-{chat}")).collect();
        for codes in join_all(chats.iter().map(|chat| codes(&system, chat))).await {
            let known = [
                "gathering",
                "waiting",
                "failing",
                "delivered",
                "just_delivered",
            ];
            assert!(
                codes.iter().all(|code| known.contains(&code.as_str())),
                "{codes:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_reaction_or_an_ignored_change_is_nothing_that_waits_for_an_answer() {
    let system = System::with(&[loja()]).await;
    let text = json!({"conversation": "oi"});
    assert_eq!(posts(&system, "A1", text, "conversation").await, 200);
    let of = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": true, "id": "B1"});
    let reaction = json!({"reactionMessage": {"key": of, "text": "👍"}});
    assert_eq!(posts(&system, "A2", reaction, "reactionMessage").await, 200);

    let listed = system.api.get("/api/posts?result=reaction").await.1;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(verdict(&system, ANA, "loja").await["code"], "gathering");
}

#[tokio::test]
async fn what_is_posted_to_a_buffer_that_is_switched_off_is_told_under_its_name() {
    let system = System::with(&[loja()]).await;
    let mut off = loja();
    off["active"] = json!(false);
    let (status, _) = system
        .api
        .request(Method::PUT, "/api/buffers/loja", Some(off))
        .await;
    assert_eq!(status, 200);
    let text = json!({"conversation": "oi"});
    eventually("it takes nothing", async || {
        posts(&system, "A1", text.clone(), "conversation").await == 404
    })
    .await;

    let refused = system
        .api
        .get("/api/posts?buffer=loja&result=refused")
        .await
        .1;
    assert_eq!(refused["items"][0]["code"], "no_such_buffer", "{refused}");
    let told = verdict(&system, ANA, "loja").await;
    assert_eq!(
        (&told["code"], &told["facts"]["refusal"]),
        (&json!("posts_refused"), &json!("no_such_buffer")),
        "{told}"
    );
}

#[tokio::test]
async fn a_pause_that_is_over_is_still_told_of_the_window_that_it_dropped() {
    let system = System::with(&[loja()]).await;
    let text = json!({"conversation": "oi"});
    assert_eq!(posts(&system, "A1", text, "conversation").await, 200);
    let path = format!("/api/chats/loja:{ANA}/pause?buffer=loja");
    system.api.post(&path, json!({"for": 1})).await;
    eventually("the pause is over", async || {
        let paused = system.api.get("/api/paused").await.1;
        paused["items"].as_array().unwrap().is_empty()
    })
    .await;

    let told = verdict(&system, ANA, "loja").await;

    let facts = &told["facts"];
    assert_eq!(
        (
            &told["code"],
            &facts["result"],
            &facts["paused_by"],
            &facts["paused_for_ms"]
        ),
        (
            &json!("dropped"),
            &json!("paused"),
            &json!("operator"),
            &Value::Null
        ),
        "{told}"
    );
}

#[tokio::test]
async fn each_list_takes_the_token_of_a_chat_in_place_of_its_number() {
    let mut system = System::with(&[loja()]).await;
    let text = json!({"conversation": "oi"});
    assert_eq!(posts(&system, "A1", text, "conversation").await, 200);
    system.api.say("ana", "oi", 0.1).await;
    system.default.call().await;
    let later = json!({"user": "ana", "message": "depois", "delay": 600});
    system.api.post("/api/message", later).await;
    system
        .api
        .post("/api/chats/bia/pause", json!({"for": 60}))
        .await;
    let token = async |user: &str, buffer: &str| {
        let path = format!("/api/chats/{user}?buffer={buffer}");
        let chat = system.api.get(&path).await.1;
        chat["token"].as_str().unwrap().to_owned()
    };
    let (ana, bia) = (token("ana", "default").await, token("bia", "default").await);
    let of_loja = token(&format!("loja:{ANA}"), "loja").await;
    for (path, token) in [
        ("/api/chats", &of_loja),
        ("/api/posts", &of_loja),
        ("/api/history", &ana),
        ("/api/messages/sent", &ana),
        ("/api/messages/later", &ana),
        ("/api/paused", &bia),
    ] {
        eventually(path, async || {
            let listed = system.api.get(&format!("{path}?user={token}")).await.1;
            listed["items"]
                .as_array()
                .is_some_and(|items| items.len() == 1)
        })
        .await;
    }
    let path = format!("/api/history?user={of_loja}&buffer=default");
    let (status, refused) = system.api.get(&path).await;
    assert_eq!(
        (status.as_u16(), &refused["field"]),
        (400, &json!("buffer"))
    );
}

/// What a gateway posts that hides a number, with the number beside it or without.
async fn posts_of_alias(system: &System, id: &str, alias: &str, number: Option<&str>) -> u16 {
    let mut key = json!({"remoteJid": alias, "fromMe": false, "id": id});
    if let Some(number) = number {
        key["remoteJidAlt"] = json!(format!("{number}@s.whatsapp.net"));
    }
    let data = json!({
        "key": key, "pushName": "Ana", "message": {"conversation": "oi"}, "messageType": "conversation",
        "messageTimestamp": 1_763_770_000,
    });
    let body = json!({"event": "messages.upsert", "instance": "loja", "data": data});
    let path = "/api/webhook/loja?secret=s3cret-s3cret";
    let (status, _) = system.api.request(Method::POST, path, Some(body)).await;
    status.as_u16()
}

#[tokio::test]
async fn a_person_is_found_by_an_alias_under_whichever_name_their_chat_goes() {
    let system = System::with(&[loja()]).await;
    let (known, hidden) = ("99988877766655@lid", "11122233344455@lid");
    assert_eq!(posts_of_alias(&system, "A1", known, Some(ANA)).await, 200);
    assert_eq!(posts_of_alias(&system, "A2", hidden, None).await, 200);
    eventually("the line is written", async || {
        let lines = system.api.get("/api/lines?buffer=loja").await.1;
        lines["items"]
            .as_array()
            .is_some_and(|items| !items.is_empty())
    })
    .await;

    let by_number = format!("loja:{ANA}");
    let by_alias = format!("loja:{hidden}");
    for (sought, user) in [
        (known, &by_number),
        ("loja:99988877766655@lid", &by_number),
        ("99988877766655", &by_number),
        (hidden, &by_alias),
    ] {
        let found = system.api.get(&format!("/api/find?q={sought}")).await.1;
        assert_eq!(
            found["people"][0]["chats"][0]["user"], **user,
            "{sought}: {found}"
        );
        assert_eq!(
            verdict(&system, sought, "loja").await["code"],
            "gathering",
            "{sought}"
        );
        let path = format!("/api/chats/{sought}?buffer=loja");
        let whole = system.api.get(&path).await.1;
        assert_eq!(whole["user"], **user, "{sought}: {whole}");
    }
    let found = system.api.get("/api/find?q=99900000000000@lid").await.1;
    assert_eq!(found["people"], json!([]));
}
