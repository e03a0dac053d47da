//! Our own messages: only what is certainly written by a person leaves the chat to them.

use serde_json::{Value, json};

use super::{evolution, long};
use crate::support::system::System;

fn pausing(name: &str, source: &str) -> Value {
    let mut buffer = long(name, source);
    buffer["on_own_message"] = json!("pause");
    buffer
}

async fn post(system: &System, buffer: &str, body: Value) -> Value {
    let (status, answer) = system
        .api
        .post(&format!("/api/webhook/{buffer}"), body)
        .await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// What Evolution posts of one of our own messages.
fn own(event: &str, id: &str) -> Value {
    let mut body = evolution(id, "deixa comigo");
    body["event"] = json!(event);
    body["data"]["key"]["fromMe"] = json!(true);
    body["data"]["source"] = json!("web");
    body
}

#[tokio::test]
async fn an_attendant_at_whatsapp_web_takes_over() {
    let system = System::with(&[pausing("loja", "evolution")]).await;
    post(&system, "loja", evolution("A1", "oi")).await;

    let answer = post(&system, "loja", own("messages.upsert", "B1")).await;

    assert_eq!(answer["paused"], 1, "{answer}");
    assert_eq!(system.windows().await, []);
    let said = post(&system, "loja", evolution("A2", "alguém?")).await;
    assert_eq!(said["ignored"], "the chat is paused");
}

#[tokio::test]
async fn what_evolution_s_api_sent_is_the_bot_s_also_if_it_comes_again_as_a_person_s() {
    let system = System::with(&[pausing("loja", "evolution")]).await;
    post(&system, "loja", evolution("A1", "oi")).await;

    for event in ["send.message", "messages.upsert", "messages.upsert"] {
        let answer = post(&system, "loja", own(event, "B1")).await;
        assert_eq!(answer["paused"], Value::Null, "{event}: {answer}");
        assert_eq!(answer["ignored"], "our own message", "{event}");
    }
    assert_eq!(system.windows().await.len(), 1);

    // The other way round the pause ends as soon as the API's own post tells.
    let echo = post(&system, "loja", own("messages.upsert", "B2")).await;
    assert_eq!(echo["paused"], 1, "{echo}");
    post(&system, "loja", own("send.message", "B2")).await;
    let said = post(&system, "loja", evolution("A2", "e aí?")).await;
    assert_eq!(said["accepted"], 1, "{said}");

    // Another chat's message of the same id has nothing to do with it.
    let mut other = own("messages.upsert", "B1");
    other["data"]["key"]["remoteJid"] = json!("5511977776666@s.whatsapp.net");
    assert_eq!(post(&system, "loja", other).await["paused"], 1);
}

#[tokio::test]
async fn ours_is_ours_however_the_gateway_marks_it() {
    let buffers = ["evolution", "waha", "zapi"].map(|gateway| long(gateway, gateway));
    let system = System::with(&buffers).await;
    for ours in [json!(true), json!(1), json!("true"), json!("1")] {
        let mut body = evolution("B1", "sou o robô");
        body["data"]["key"]["fromMe"] = ours.clone();
        let waha = json!({
            "event": "message.any", "session": "default",
            "payload": {"id": "W1", "from": "5511988887777@c.us", "fromMe": ours, "source": "api", "body": "sou o robô", "to": null},
        });
        let zapi = json!({
            "type": "ReceivedCallback", "instanceId": "I1", "messageId": "Z1", "phone": "5511988887777",
            "fromMe": ours, "text": {"message": "sou o robô"},
        });
        for (gateway, body) in [("evolution", body), ("waha", waha), ("zapi", zapi)] {
            let answer = post(&system, gateway, body).await;
            assert_eq!(answer["accepted"], 0, "{gateway}, {ours}: {answer}");
            assert_eq!(answer["ignored"], "our own message", "{gateway}, {ours}");
        }
    }
    assert_eq!(system.windows().await, []);
}

/// What Chatwoot posts of a message that goes out, by a user.
fn outgoing(user: u64, more: &Value) -> Value {
    let mut body = json!({
        "event": "message_created", "message_type": "outgoing", "id": 78, "content": "Olá", "private": false,
        "content_attributes": {}, "source_id": null, "account": {"id": 1}, "conversation": {"id": 567},
        "sender": {"id": user, "name": "Admin", "type": "user"},
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Whether a message that goes out pauses the chat of a buffer with these bots.
async fn pauses(bots: Option<Value>, outgoing: Value) -> bool {
    let mut buffer = pausing("desk", "chatwoot");
    if let Some(bots) = bots {
        buffer["bots"] = bots;
    }
    let system = System::with(&[buffer]).await;
    let said = json!({
        "event": "message_created", "message_type": "incoming", "id": 77, "content": "oi",
        "account": {"id": 1}, "conversation": {"id": 567}, "sender": {"id": 9},
    });
    post(&system, "desk", said).await;
    let answer = post(&system, "desk", outgoing).await;
    let paused = answer["paused"] == 1;
    assert_eq!(system.windows().await.is_empty(), paused, "{answer}");
    paused
}

#[tokio::test]
async fn a_user_of_chatwoot_is_a_person_only_where_the_bots_among_them_are_named() {
    let by = |user| outgoing(user, &json!({}));

    assert!(!pauses(None, by(2)).await);
    assert!(!pauses(Some(json!([2, 7])), by(2)).await);
    assert!(pauses(Some(json!([7])), by(2)).await);
    assert!(pauses(Some(json!([])), by(2)).await);
}

#[tokio::test]
async fn what_chatwoot_mirrors_or_sends_by_itself_never_pauses_and_the_channel_s_own_app_does() {
    let none = Some(json!([]));
    let by = |more: Value| outgoing(2, &more);

    assert!(!pauses(none.clone(), by(json!({"source_id": "WAID:3EB0AA01"}))).await);
    assert!(
        !pauses(
            none.clone(),
            by(json!({"content_attributes": {"automation_rule_id": 4}}))
        )
        .await
    );
    assert!(
        !pauses(
            none.clone(),
            by(json!({"additional_attributes": {"campaign_id": 4}}))
        )
        .await
    );
    assert!(!pauses(none, by(json!({"sender": {"id": 2, "type": "agent_bot"}}))).await);
    let app = json!({"sender": null, "content_attributes": {"external_echo": true}});
    assert!(pauses(None, by(app)).await);
}

#[tokio::test]
async fn why_a_user_of_chatwoot_did_not_pause_the_chat_names_the_field_that_decides() {
    let system = System::with(&[pausing("desk", "chatwoot")]).await;

    let answer = post(&system, "desk", outgoing(2, &json!({}))).await;

    assert!(
        answer["ignored"].as_str().unwrap().contains("bots"),
        "{answer}"
    );
}
