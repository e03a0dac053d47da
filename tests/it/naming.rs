//! How requests name a chat of a gateway, which is called by its line: by its token, a bare number, or in any writing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, eventually};

const ANA: &str = "5511988887777";
/// Not now, but in ten minutes.
const LATER: Answer = Answer::Full(503, "Retry-After: 600\r\n", "");

fn loja() -> Value {
    json!({
        "name": "loja", "source": "evolution", "window": {"wait": 0.1}, "destinations": ["default"],
        "secret": "s3cret-s3cret",
    })
}

async fn posts(system: &System, id: &str) {
    let key = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": false, "id": id});
    let data = json!({
        "key": key, "pushName": "Ana", "message": {"conversation": "oi"}, "messageType": "conversation",
        "messageTimestamp": 1_763_770_000,
    });
    let body = json!({"event": "messages.upsert", "instance": "loja", "data": data});
    let path = "/api/webhook/loja?secret=s3cret-s3cret";
    let (status, answer) = system.api.post(path, body).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn an_order_about_a_lane_or_dead_letters_takes_a_number_and_a_token() {
    let mut system = System::with(&[loja()]).await;
    system.default.answer(LATER);
    posts(&system, "A1").await;
    system.default.call().await;
    let found = system.api.get(&format!("/api/find?q={ANA}")).await.1;
    let token = found["people"][0]["chats"][0]["token"].clone();
    let of_number = json!({"user": ANA, "buffer": "loja", "destination": "default"});
    let of_token = json!({"user": token, "destination": "default"});
    let does = async |path: &str, order: &Value| system.api.post(path, order.clone()).await;

    eventually("it is tried now", async || {
        does("/api/lanes/now", &of_number).await.1["moved"] == 1
    })
    .await;
    let written = json!({"user": "+55 (011) 98888-7777", "buffer": "loja"});
    for (named, letters) in [(&of_number, &written), (&of_token, &json!({"user": token}))] {
        eventually("it is given up on", async || {
            let (status, answer) = does("/api/lanes/give-up", named).await;
            status == 200 && answer["user"] == format!("loja:{ANA}")
        })
        .await;
        let (status, answer) = does("/api/dead-letter/revive", letters).await;
        assert_eq!(
            (status.as_u16(), &answer["count"]),
            (200, &json!(1)),
            "{letters}: {answer}"
        );
        eventually("it is back", async || {
            let letters = system.api.get("/api/messages/dead-letter").await.1;
            letters["items"] == json!([])
        })
        .await;
    }

    let nowhere = json!({"destination": "default", "buffer": "nope"});
    let (status, answer) = does("/api/lanes/now", &nowhere).await;
    assert_eq!(
        (status.as_u16(), &answer["code"]),
        (404, &json!("no_such_buffer")),
        "{answer}"
    );
    let (status, answer) = does("/api/lanes/give-up", &json!({"destination": null})).await;
    assert_eq!(
        (status.as_u16(), &answer["code"]),
        (400, &json!("missing_field")),
        "{answer}"
    );
}

#[tokio::test]
async fn a_chat_is_not_paused_under_a_name_that_it_will_never_have() {
    let system = System::with(&[loja()]).await;
    posts(&system, "A1").await;
    eventually("the line is written", async || {
        let lines = system.api.get("/api/lines?buffer=loja").await.1;
        lines["items"] != json!([])
    })
    .await;
    let pause = async |user: &str| {
        let path = format!("/api/chats/{user}/pause?buffer=loja");
        system.api.post(&path, json!({"for": 60})).await
    };

    let (status, answer) = pause("5511977776666").await;
    let why = answer["error"].as_str().unwrap();
    assert_eq!(status, 404, "{answer}");
    assert!(why.contains("loja:5511977776666"), "{why}");
    for user in ["loja:5511977776666", ANA] {
        let (status, answer) = pause(user).await;
        assert_eq!(status, 200, "{answer}");
    }
    let paused = system.api.get("/api/paused?buffer=loja").await.1;
    let users: Vec<_> = paused["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["user"])
        .collect();
    assert_eq!(users.len(), 2, "{paused}");
    assert!(users.contains(&&json!(format!("loja:{ANA}"))), "{paused}");
}

#[tokio::test]
async fn what_is_called_like_the_end_of_a_path_is_reached_all_the_same() {
    let system = System::open().await;
    let bot = json!({"url": "http://127.0.0.1:9/"});

    let (status, answer) = system.put("/api/destinations/test", bot.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let shown = system.api.get("/api/destinations/test").await;
    assert_eq!((shown.0.as_u16(), &shown.1["name"]), (200, &json!("test")));
    assert_eq!(system.delete("/api/destinations/test/").await.0, 200);
    let tried = system
        .api
        .post("/api/destinations/test?dry_run=true", bot)
        .await;
    assert_eq!(tried.0, 200, "a draft is still tried there: {}", tried.1);
    let (status, _) = system
        .api
        .request(Method::PATCH, "/api/destinations/test", None)
        .await;
    assert_eq!(status, 405);
}
