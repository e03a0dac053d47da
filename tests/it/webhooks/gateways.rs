//! What gateways post, from their own body to the delivered payload.

use std::time::Duration;

use lull::core::chat::{Chat, ChatId, Name};
use lull::gateway::Gateway;
use serde_json::{Value, json};

use super::{evolution, long, short};
use crate::support::eventually;
use crate::support::system::System;

fn chat(buffer: &str, id: &str) -> Chat {
    Chat::new(Name::parse(buffer).unwrap(), ChatId::parse(id).unwrap())
}

#[tokio::test]
async fn what_each_gateway_posts_arrives_as_the_payload_of_a_message() {
    let buffers: Vec<_> = Gateway::names().map(|name| short(name, name)).collect();
    let mut system = System::with(&buffers).await;
    for gateway in Gateway::names() {
        let path = format!(
            "{}/tests/gateways/{gateway}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let case = &cases[0];
        let said = &case["expect"][0]["said"];
        let path = format!("/api/webhook/{gateway}");

        let (status, answer) = match case["form"].as_str() {
            Some(form) => system.form(&path, form).await,
            None => system.api.post(&path, case["body"].clone()).await,
        };

        assert_eq!(status, 200, "{gateway}: {answer}");
        if gateway != "twilio" {
            assert_eq!(
                answer,
                json!({"success": true, "accepted": 1, "duplicates": 0})
            );
        }
        let call = system.default.call().await.json();
        let party = &said["party"];
        let person = &party["person"];
        let name = person["id"].as_str().or(person["phone"].as_str()).unwrap();
        let user = match party["line"].as_str() {
            Some(line) => format!("{line}:{name}"),
            None => name.to_owned(),
        };
        assert_eq!(call["user"], user, "{call}");
        assert_eq!(call["messages"], json!([said["text"]]), "{call}");
        assert_eq!(
            (&call["gateway"], &call["buffer"]),
            (&json!(gateway), &json!(gateway))
        );
        assert_eq!(call["phone"], person["phone"], "{call}");
        assert_eq!(call["line"], party["line"], "{call}");
        assert_eq!(call["sender_name"], said["sender"], "{call}");
    }
}

#[tokio::test]
async fn several_messages_of_one_post_come_in_the_order_they_were_said() {
    let mut system = System::with(&[short("loja", "evolution")]).await;
    let mut body = evolution("", "");
    let data = [(3, "three"), (1, "one"), (2, "two")].map(|(time, text)| {
        let mut data = evolution(text, text)["data"].clone();
        data["messageTimestamp"] = json!(1_763_770_000 + time);
        data
    });
    body["data"] = json!(data);

    let (_, answer) = system.api.post("/api/webhook/loja", body).await;

    assert_eq!(answer["accepted"], 3, "{answer}");
    assert_eq!(
        system.default.call().await.messages(),
        ["one", "two", "three"]
    );
}

#[tokio::test]
async fn a_message_that_a_gateway_posts_again_is_there_once() {
    let system = System::with(&[long("loja", "evolution")]).await;

    system
        .api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    let (status, answer) = system
        .api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "accepted": 0, "duplicates": 1})
    );
    assert_eq!(
        system.windows().await,
        [("loja:5511988887777".to_owned(), 1)]
    );
}

#[tokio::test]
async fn one_person_under_number_and_alias_is_one_chat_even_within_one_post() {
    let system = System::with(&[long("loja", "evolution")]).await;
    let under = |id: &str, key: Value| {
        let mut data = evolution(id, id)["data"].clone();
        data["key"] = key;
        data["key"]["id"] = json!(id);
        data
    };
    let mut body = evolution("", "");
    body["data"] = json!([
        under("A1", json!({"remoteJid": "99@lid"})),
        under(
            "A2",
            json!({"remoteJid": "99@lid", "remoteJidAlt": "5511988887777@s.whatsapp.net"})
        ),
    ]);

    system.api.post("/api/webhook/loja", body).await;
    let mut later = evolution("", "");
    later["data"] = under("A3", json!({"remoteJid": "99@lid"}));
    system.api.post("/api/webhook/loja", later).await;
    system
        .api
        .post("/api/webhook/loja", evolution("A4", "oi"))
        .await;

    assert_eq!(
        system.windows().await,
        [("loja:5511988887777".to_owned(), 4)]
    );
}

#[tokio::test]
async fn a_medium_is_an_object_with_what_is_written_below_it() {
    let mut system = System::with(&[short("loja", "evolution")]).await;
    let mut body = evolution("A1", "");
    body["data"]["message"] = json!({
        "imageMessage": {"url": "https://m.example/1", "mimetype": "image/jpeg", "caption": "esse"},
    });

    system.api.post("/api/webhook/loja", body).await;

    let image = json!({
        "type": "image", "url": "https://m.example/1", "id": "A1", "caption": "esse", "mime_type": "image/jpeg",
    });
    let payload = system.default.call().await.json();
    assert_eq!(payload["messages"], json!([image]));
    assert_eq!(payload["text"], "esse");
    let item = &payload["items"][0];
    assert_eq!(
        (&item["id"], &item["type"], &item["text"]),
        (&json!("A1"), &json!("image"), &json!("esse"))
    );
    assert_eq!(item["media"], json!([image]));
}

#[tokio::test]
async fn a_payload_says_all_that_was_said_as_a_text_and_whole() {
    let mut system = System::with(&[short("loja", "evolution")]).await;
    let mut row = evolution("A1", "");
    row["data"]["message"] = json!({"ephemeralMessage": {"message": {"viewOnceMessage": {"message": {
        "listResponseMessage": {"title": "Segunda via", "singleSelectReply": {"selectedRowId": "menu_2via"}},
    }}}}});
    let mut audio = evolution("A2", "");
    audio["data"]["message"] = json!({
        "audioMessage": {"url": "https://m.example/1.enc", "mimetype": "audio/ogg"},
        "base64": "T2dnUwACAAAAAAAAAAA=",
    });
    let mut both = row.clone();
    both["data"] = json!([row["data"], audio["data"]]);

    system.api.post("/api/webhook/loja", both).await;

    let payload = system.default.call().await.json();
    assert_eq!(payload["text"], "Segunda via\n[áudio]");
    assert_eq!(payload["messages"][0], "Segunda via");
    assert_eq!(payload["messages"][1]["base64"], "T2dnUwACAAAAAAAAAAA=");
    assert_eq!(
        payload["items"][0]["choice"],
        json!({"id": "menu_2via", "title": "Segunda via"})
    );
    let file = &payload["items"][1]["media"][0];
    assert_eq!(
        (&file["id"], &file["base64"], &file["file_size"]),
        (&json!("A2"), &json!("T2dnUwACAAAAAAAAAAA="), &json!(14))
    );
}

#[tokio::test]
async fn a_gateway_may_post_a_photo_that_is_larger_than_other_bodies_may_be() {
    let mut small = long("small", "evolution");
    small["max_body_bytes"] = json!(2048);
    let buffers = [short("loja", "evolution"), small, json!({"name": "crm"})];
    let mut system = System::with(&buffers).await;
    let mut photo = evolution("A1", "");
    photo["data"]["message"] = json!({
        "imageMessage": {"mimetype": "image/jpeg"}, "base64": "/9j/".repeat(500_000),
    });

    let (status, _) = system.api.post("/api/webhook/loja", photo.clone()).await;

    assert_eq!(status, 200);
    let payload = system.default.call().await.json();
    assert_eq!(payload["items"][0]["media"][0]["file_size"], 1_500_000);
    for buffer in ["small", "crm"] {
        let path = format!("/api/webhook/{buffer}");
        let (status, answer) = system.api.post(&path, photo.clone()).await;
        assert_eq!(
            (status.as_u16(), &answer["code"]),
            (413, &json!("too_large"))
        );
    }
}

#[tokio::test]
async fn what_is_tapped_may_be_handed_over_at_once() {
    let mut at_once = long("loja", "evolution");
    at_once["window"]["choice_wait"] = json!(0);
    let mut soon = long("soon", "evolution");
    soon["window"]["choice_wait"] = json!(0.2);
    let mut system = System::with(&[at_once, soon]).await;
    let mut tapped = evolution("A1", "");
    tapped["data"]["message"] = json!({
        "buttonsResponseMessage": {"selectedButtonId": "sim", "selectedDisplayText": "Sim"},
    });

    for (buffer, reason) in [("loja", "choice"), ("soon", "quiet")] {
        system
            .api
            .post(&format!("/api/webhook/{buffer}"), evolution("A0", "oi"))
            .await;
        system
            .api
            .post(&format!("/api/webhook/{buffer}"), tapped.clone())
            .await;
        let payload = system.default.call().await.json();
        assert_eq!(payload["messages"], json!(["oi", "Sim"]));
        let path = format!("/api/history?buffer={buffer}");
        eventually("it is in the history", async || {
            let (_, history) = system.api.get(&path).await;
            history["items"][0]["reason"] == reason
        })
        .await;
    }
}

#[tokio::test]
async fn two_rows_of_one_title_are_no_repeat() {
    let mut buffer = short("loja", "evolution");
    buffer["window"]["duplicates"] = json!("drop");
    let mut system = System::with(&[buffer]).await;
    let row = |id: &str| {
        let mut row = evolution(id, "");
        row["data"]["message"] = json!({
            "listResponseMessage": {"title": "10:00", "singleSelectReply": {"selectedRowId": id}},
        });
        row["data"].clone()
    };
    let mut both = evolution("", "");
    both["data"] = json!([row("r1"), row("r2")]);

    system.api.post("/api/webhook/loja", both).await;

    let payload = system.default.call().await.json();
    assert_eq!(payload["messages"], json!(["10:00", "10:00"]));
    assert_eq!(payload["items"][1]["choice"]["id"], "r2");
}

#[tokio::test]
async fn what_is_edited_at_waha_and_zapi_is_what_was_said() {
    let waha = |event: &str, more: Value| {
        let mut payload = json!({"from": "5511988887777@c.us", "fromMe": false, "hasMedia": false});
        payload
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"event": event, "session": "default", "payload": payload})
    };
    let zapi = |id: &str, text: &str, is_edit: bool| {
        json!({
            "type": "ReceivedCallback", "instanceId": "I1", "messageId": id, "phone": "5511988887777",
            "fromMe": false, "isGroup": false, "isEdit": is_edit, "text": {"message": text},
        })
    };
    let posts = [
        (
            "waha",
            vec![
                waha(
                    "message",
                    json!({"id": "false_5511988887777@c.us_AAA1", "body": "quero 2"}),
                ),
                waha(
                    "message",
                    json!({"id": "false_5511988887777@c.us_AAA2", "body": "errada"}),
                ),
                waha(
                    "message.edited",
                    json!({"id": "X", "editedMessageId": "AAA1", "body": "quero 3"}),
                ),
                json!({"event": "message.revoked", "session": "default", "payload": {
                    "revokedMessageId": "AAA2", "after": {"id": "Y", "from": "5511988887777@c.us"}}}),
            ],
        ),
        (
            "zapi",
            vec![zapi("M1", "quero 2", false), zapi("M1", "quero 3", true)],
        ),
    ];
    for (gateway, posts) in posts {
        let mut buffer = short("loja", gateway);
        buffer["window"]["wait"] = json!(2);
        let mut system = System::with(&[buffer]).await;
        for post in posts {
            let (status, answer) = system.api.post("/api/webhook/loja", post).await;
            assert_eq!(
                (status.as_u16(), answer.get("ignored")),
                (200, None),
                "{answer}"
            );
        }
        let payload = system.default.call().await.json();
        assert_eq!(payload["messages"], json!(["quero 3"]), "{gateway}");
    }
}

#[tokio::test]
async fn a_file_above_the_limit_is_left_out_by_name_and_size() {
    let mut buffer = short("loja", "evolution");
    buffer["max_file_bytes"] = json!(13);
    buffer["language"] = json!("en");
    let mut system = System::with(&[buffer]).await;
    let mut nota = evolution("A1", "");
    nota["data"]["message"] = json!({
        "documentMessage": {"mimetype": "application/pdf", "fileName": "nota.pdf"},
        "base64": "T2dnUwACAAAAAAAAAAA=",
    });

    system.api.post("/api/webhook/loja", nota).await;

    let payload = system.default.call().await.json();
    assert_eq!(payload["text"], "[document]");
    let file = &payload["messages"][0];
    assert_eq!(
        (&file["file_name"], &file["file_size"], file.get("base64")),
        (&json!("nota.pdf"), &json!(14), None)
    );
    assert!(
        file["left_out"]
            .as_str()
            .unwrap()
            .contains("max_file_bytes"),
        "{file}"
    );
}

#[tokio::test]
async fn typing_holds_the_window_and_is_let_go_of() {
    let buffer = json!({"name": "loja", "source": "evolution", "window": {"wait": 5}});
    let system = System::with(&[buffer]).await;
    let store = &system.store;
    let ana = chat("loja", "loja:5511988887777");
    let presence = |state: &str| {
        json!({
            "event": "presence.update", "instance": "loja",
            "data": {
                "id": "5511988887777@s.whatsapp.net",
                "presences": {"5511988887777@s.whatsapp.net": {"lastKnownPresence": state}},
            },
        })
    };
    let left = async || store.windows().find(&ana).await.unwrap().unwrap().left;

    system
        .api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    let (_, answer) = system
        .api
        .post("/api/webhook/loja", presence("composing"))
        .await;
    assert_eq!(answer["held"], 1, "{answer}");
    assert!(left().await > Duration::from_secs(5));

    system
        .api
        .post("/api/webhook/loja", presence("paused"))
        .await;
    assert!(left().await <= Duration::from_secs(5));
}

/// What a person of ours writes, or the bot: `source` tells which.
fn own(source: &str) -> Value {
    let mut body = evolution("B1", "deixa comigo");
    body["data"]["key"]["fromMe"] = json!(true);
    body["data"]["source"] = json!(source);
    body
}

#[tokio::test]
async fn a_person_of_ours_who_writes_pauses_the_chat_and_an_echo_does_not() {
    let mut buffer = long("loja", "evolution");
    buffer["on_own_message"] = json!("pause");
    let system = System::with(&[buffer, long("other", "evolution")]).await;

    system
        .api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    let (_, echo) = system.api.post("/api/webhook/loja", own("unknown")).await;
    assert!(
        echo["ignored"].as_str().unwrap().contains("our own"),
        "{echo}"
    );
    assert_eq!(system.windows().await.len(), 1);

    let (_, human) = system.api.post("/api/webhook/loja", own("android")).await;
    assert_eq!(human["paused"], 1, "{human}");
    assert_eq!(system.windows().await.len(), 0);
    let (status, said) = system
        .api
        .post("/api/webhook/loja", evolution("A2", "ok"))
        .await;
    assert_eq!(
        (status.as_u16(), &said["ignored"]),
        (200, &json!("the chat is paused"))
    );

    let (_, ignored) = system.api.post("/api/webhook/other", own("android")).await;
    assert_eq!(ignored["ignored"], "our own message");
}

#[tokio::test]
async fn a_person_of_ours_who_writes_takes_a_follow_up_back_also_without_a_pause() {
    let mut buffer = short("loja", "evolution");
    buffer["follow_up"] = json!({"after": 3600, "destination": "default"});
    let system = System::with(&[buffer]).await;
    let ana = chat("loja", "loja:5511988887777");
    let waits = async || {
        system
            .store
            .follow_ups()
            .find(&ana)
            .await
            .unwrap()
            .is_some()
    };
    system
        .api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    eventually("it is followed up", waits).await;

    system.api.post("/api/webhook/loja", own("unknown")).await;
    assert!(waits().await);
    system.api.post("/api/webhook/loja", own("android")).await;
    assert!(!waits().await);
}

#[tokio::test]
async fn an_event_nobody_needs_is_ignored_and_says_why() {
    let system = System::with(&[long("loja", "evolution")]).await;

    let body = json!({"event": "connection.update", "instance": "loja", "data": {}});
    let (status, answer) = system.api.post("/api/webhook/loja", body).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer["ignored"],
        "event connection.update is not messages.upsert"
    );
    assert_eq!(answer["accepted"], 0);
}
