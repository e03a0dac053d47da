//! What a story tells of chats that were kept out, paused, taken back from, or helped by hand.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, eventually};

const ANA: &str = "5511988887777";
/// Not now, but in ten minutes.
const LATER: Answer = Answer::Full(503, "Retry-After: 600\r\n", "");

/// A buffer whose windows wait for long.
fn loja() -> Value {
    json!({
        "name": "loja", "source": "evolution", "window": {"wait": 600, "max_wait": 600}, "destinations": ["default"],
        "block": ["5511977776666"], "secret": "s3cret-s3cret",
    })
}

async fn posts(system: &System, secret: &str, number: &str, event: &str, data: Value) -> u16 {
    let key = json!({"remoteJid": format!("{number}@s.whatsapp.net"), "fromMe": false, "id": "A1"});
    let mut all = json!({
        "key": key, "pushName": "Ana", "message": {"conversation": "oi"},
        "messageType": "conversation", "messageTimestamp": 1_763_770_000,
    });
    if !data.is_null() {
        all = data;
    }
    let body = json!({"event": event, "instance": "loja", "data": all});
    let path = format!("/api/webhook/loja?secret={secret}");
    let (status, _) = system.api.request(Method::POST, &path, Some(body)).await;
    status.as_u16()
}

async fn verdict(system: &System, chat: &str) -> Value {
    let path = format!("/api/chats/{chat}/story?buffer=loja");
    let (status, mut story) = system.api.get(&path).await;
    assert_eq!(status, 200, "{story}");
    story["verdict"]["not_answered"].take()
}

#[tokio::test]
async fn what_is_known_of_a_person_goes_before_what_strangers_do() {
    let system = System::with(&[loja()]).await;
    let good = "s3cret-s3cret";
    assert_eq!(
        posts(&system, good, ANA, "messages.upsert", Value::Null).await,
        200
    );
    assert_eq!(
        posts(
            &system,
            good,
            "5511977776666",
            "messages.upsert",
            Value::Null
        )
        .await,
        200
    );

    // Whoever is kept out is in no index, and found by their number in any writing.
    for number in ["5511977776666", "11977776666", "loja:5511977776666"] {
        let told = verdict(&system, number).await;
        assert_eq!(
            (&told["code"], &told["facts"]["result"]),
            (&json!("dropped"), &json!("blocked")),
            "{number}"
        );
    }
    for _ in 0..2 {
        assert_eq!(
            posts(&system, "wrong", ANA, "messages.upsert", Value::Null).await,
            401
        );
        assert_eq!(verdict(&system, ANA).await["code"], "gathering");
    }
    let of_nobody = verdict(&system, "5511900001111").await;
    assert_eq!(
        (&of_nobody["code"], &of_nobody["facts"]["count"]),
        (&json!("posts_refused"), &json!(2))
    );

    // She takes it back: nothing waits, and nothing was left out by us.
    let key = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": false, "id": "A1"});
    assert_eq!(posts(&system, good, ANA, "messages.delete", key).await, 200);
    let told = verdict(&system, ANA).await;
    assert_eq!(told["code"], "taken_back", "{told}");
}

#[tokio::test]
async fn a_pause_that_dropped_a_window_is_told_with_who_made_it() {
    let system = System::with(&[loja()]).await;
    assert_eq!(
        posts(
            &system,
            "s3cret-s3cret",
            ANA,
            "messages.upsert",
            Value::Null
        )
        .await,
        200
    );
    let path = format!("/api/chats/loja:{ANA}/pause?buffer=loja");
    system.api.post(&path, json!({"for": 60})).await;

    let told = verdict(&system, ANA).await;

    let facts = &told["facts"];
    assert_eq!(
        (
            &told["code"],
            &facts["result"],
            &facts["paused_by"],
            &facts["paused_by_key"]
        ),
        (
            &json!("dropped"),
            &json!("paused"),
            &json!("operator"),
            &json!("suite")
        ),
        "{told}"
    );
}

#[tokio::test]
async fn what_somebody_did_to_its_lane_and_its_dead_letters_is_told() {
    let mut system = System::with(&[]).await;
    system.default.answer(LATER);
    system.api.say("ana", "oi", 0.1).await;
    let batch = system.default.call().await.id();
    let path = "/api/chats/ana/story";
    let to = json!({"user": "ana", "destination": "default"});
    let wanted = json!({"user": "ana", "destination": "default", "webhook_id": batch});
    let give_up = async || {
        let given_up = system.api.post("/api/lanes/give-up", wanted.clone());
        given_up.await.0 == 200
    };
    eventually("it is tried now", async || {
        let tried = system.api.post("/api/lanes/now", to.clone()).await.1;
        tried["moved"] == 1
    })
    .await;
    eventually("it is given up on", give_up).await;
    let letters = system.api.get("/api/messages/dead-letter").await.1;
    let id = letters["items"][0]["id"].as_str().unwrap();
    let revive = format!("/api/dead-letter/{id}/revive");
    let (status, answer) = system.api.post(&revive, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    eventually("it is given up on again", give_up).await;
    let all_of_hers = json!({"user": "ana", "buffer": "default"});
    let (status, answer) = system
        .api
        .post("/api/dead-letter/revive", all_of_hers)
        .await;
    assert_eq!((status.as_u16(), &answer["count"]), (200, &json!(1)));

    let story = system.api.get(path).await.1;

    let items = story["items"].as_array().unwrap().iter();
    let acts = items.filter(|it| it["event"] == "act");
    let acts: Vec<_> = acts
        .map(|it| {
            assert_eq!(it["actor"], "suite", "{it}");
            (it["action"].as_str().unwrap(), &it["subject"], &it["count"])
        })
        .collect();
    let (lane, letter, once) = (json!("default"), json!(id), json!(1));
    assert_eq!(
        acts,
        [
            ("lane.now", &lane, &once),
            ("lane.give_up", &lane, &once),
            ("dead_letter.revive", &letter, &Value::Null),
            ("lane.give_up", &lane, &once),
            // By what narrows it: that was done to the chat, however many letters it had.
            ("dead_letter.revive", &Value::Null, &once),
        ],
        "{story}"
    );
}

#[tokio::test]
async fn who_waits_behind_a_follow_up_is_told_of_what_they_said() {
    let silence = json!({
        "name": "loja", "window": {"wait": 0.1}, "destinations": ["default"],
        "follow_up": {"after": 1, "destination": "default"},
    });
    let mut system = System::with(&[silence]).await;
    system.default.answer_with(&[Answer::Status(200)], LATER);
    let says = async |system: &System, text: &str| {
        let said = json!({"user": "ana", "message": text});
        system.api.post("/api/buffers/loja/messages", said).await;
    };
    says(&system, "oi").await;
    system.default.call().await;
    let followed_up = system.default.call().await;
    says(&system, "ainda estou aqui").await;

    let mut told = Value::Null;
    eventually("it waits behind", async || {
        told = verdict(&system, "ana").await;
        told["code"] == "waiting"
    })
    .await;

    let facts = &told["facts"];
    assert_eq!(
        (&facts["held_by"], &facts["destination"]),
        (&json!("retry"), &json!("default")),
        "{told}"
    );
    let path = "/api/chats/ana/story?buffer=loja";
    let story = system.api.get(path).await.1;
    let closed = story["items"].as_array().unwrap().iter();
    let closed = closed.filter(|it| it["event"] == "closed");
    let closed: Vec<_> = closed
        .map(|it| (it["reason"].as_str().unwrap(), &it["webhook_id"]))
        .collect();
    assert_eq!(
        closed[1..],
        [
            ("silence", &json!(followed_up.id())),
            ("quiet", &facts["webhook_id"])
        ],
        "{story}"
    );
}

#[tokio::test]
async fn what_made_an_answer_late_is_told_of_tries_and_of_typing() {
    let mut system = System::with_settings(&[], &[("MAX_WAIT", "2")]).await;
    let busy = Answer::Full(503, "Retry-After: 2\r\n", "");
    system.default.answer_with(&[busy], Answer::Status(200));
    system.api.say("ana", "oi", 0.1).await;
    system.default.call().await;
    system.api.say("eva", "oi", 0.5).await;
    let (_, held) = system.api.post("/api/typing", json!({"user": "eva"})).await;
    assert_eq!(held["message"], "Window held", "{held}");
    let late = async |user: &str| {
        let path = format!("/api/chats/{user}/story");
        system.api.get(&path).await.1["verdict"]["late"].take()
    };

    for (user, code) in [("eva", "typing"), ("ana", "retries")] {
        let mut told = Value::Null;
        eventually("it is delivered", async || {
            told = late(user).await;
            told["code"] != "nothing"
        })
        .await;

        assert_eq!(told["code"], code, "{told}");
        let facts = &told["facts"];
        let ms = |part: &str| facts[part].as_u64().unwrap_or_default();
        let parts = ["wait", "typing", "queue", "retries", "bot"];
        let sum: u64 = parts.map(|part| ms(&format!("{part}_ms"))).iter().sum();
        assert_eq!(sum, ms("total_ms"), "{told}");
        match user {
            "eva" => assert_eq!((ms("wait_ms"), ms("typing_ms")), (500, 1500)),
            _ => assert!(ms("retries_ms") >= 2000, "{told}"),
        }
    }
}

#[tokio::test]
async fn the_other_form_of_a_picture_that_was_taken_is_missed_by_nobody() {
    let system = System::with(&[loja()]).await;
    let picture = json!({"imageMessage": {"url": "https://x.example/y", "mimetype": "image/jpeg"}});
    let sharper = json!({"associatedChildMessage": {"message": {
        "imageMessage": picture["imageMessage"],
        "messageContextInfo": {"messageAssociation": {
            "associationType": "HD_IMAGE_DUAL_UPLOAD", "parentMessageKey": {"id": "P1"},
        }},
    }}});
    for (id, kind, message) in [
        ("P1", "imageMessage", picture),
        ("P2", "associatedChildMessage", sharper),
    ] {
        let key = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": false, "id": id});
        let data = json!({
            "key": key, "pushName": "Ana", "message": message, "messageType": kind,
            "messageTimestamp": 1_763_770_000,
        });
        let status = posts(&system, "s3cret-s3cret", ANA, "messages.upsert", data).await;
        assert_eq!(status, 200);
    }

    let listed = system
        .api
        .get("/api/posts?buffer=loja&result=double")
        .await
        .1;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(verdict(&system, ANA).await["code"], "gathering");
}
