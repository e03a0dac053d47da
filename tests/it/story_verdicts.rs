//! What a story tells of chats that were kept out, paused, taken back from, or helped by hand.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::eventually;
use crate::support::system::System;

const ANA: &str = "5511988887777";

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
async fn what_somebody_did_to_its_lane_and_its_dead_letter_is_told() {
    let system = System::with(&[]).await;
    let stop = json!({"action": "stop", "buffer": "default"});
    let (_, stopped) = system.api.post("/api/control", stop).await;
    eventually("the monitor knows", async || {
        system.monitor.get("/api/health").await.1["stopped"] == stopped["stopped"]
    })
    .await;
    let later = json!({"user": "ana", "message": "oi", "ttl": 0.1});
    system.api.post("/api/message", later).await;
    let path = "/api/chats/ana/story";
    let code = async || system.api.get(path).await.1["verdict"]["not_answered"]["code"].clone();
    eventually("it waits", async || code().await == "waiting").await;
    let waits = system.api.get(path).await.1["verdict"]["not_answered"]["facts"].take();
    let wanted =
        json!({"user": "ana", "destination": "default", "webhook_id": waits["webhook_id"]});
    let (status, answer) = system.api.post("/api/lanes/give-up", wanted).await;
    assert_eq!(status, 200, "{answer}");
    let letters = system.api.get("/api/messages/dead-letter").await.1;
    let id = letters["items"][0]["id"].as_str().unwrap();
    let revive = format!("/api/dead-letter/{id}/revive");
    let (status, answer) = system.api.post(&revive, json!({})).await;
    assert_eq!(status, 200, "{answer}");

    let story = system.api.get(path).await.1;

    let acts = story["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["event"] == "act");
    let acts: Vec<_> = acts.map(|it| (&it["action"], &it["subject"])).collect();
    let given_up = (&json!("lane.give_up"), &json!("default"));
    let revived = (&json!("dead_letter.revive"), &json!(id));
    assert_eq!(acts, [given_up, revived], "{story}");
}
