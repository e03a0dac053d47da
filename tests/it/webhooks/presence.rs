//! What a person's presence moves: only typing, and the end of a typing that held the window.

use lull::core::chat::{Chat, ChatId, Name};
use serde_json::{Value, json};

use super::evolution;
use crate::support::system::System;

const NUMBER: &str = "5511988887777";

/// What a gateway posts for a text, and for somebody who is in this state.
struct Presence {
    gateway: &'static str,
    chat: String,
    text: Value,
    typing: &'static str,
    /// All of those that tell of no typing.
    idle: &'static [&'static str],
    signal: fn(&str) -> Value,
}

fn gateways() -> Vec<Presence> {
    vec![
        Presence {
            gateway: "evolution",
            chat: format!("loja:{NUMBER}"),
            text: evolution("A1", "oi"),
            typing: "composing",
            idle: &["available", "unavailable", "paused"],
            signal: |state| {
                let jid = format!("{NUMBER}@s.whatsapp.net");
                json!({
                    "event": "presence.update", "instance": "loja",
                    "data": {"id": jid, "presences": {jid.clone(): {"lastKnownPresence": state}}},
                })
            },
        },
        Presence {
            gateway: "waha",
            chat: format!("default:{NUMBER}"),
            text: json!({
                "event": "message", "session": "default",
                "payload": {"id": "W1", "from": format!("{NUMBER}@c.us"), "fromMe": false, "body": "oi"},
            }),
            typing: "typing",
            idle: &["online", "offline", "paused"],
            signal: |state| {
                let jid = format!("{NUMBER}@c.us");
                json!({
                    "event": "presence.update", "session": "default",
                    "payload": {"id": jid, "presences": [{"participant": jid, "lastKnownPresence": state}]},
                })
            },
        },
        Presence {
            gateway: "zapi",
            chat: format!("I1:{NUMBER}"),
            text: json!({
                "type": "ReceivedCallback", "instanceId": "I1", "messageId": "Z1", "phone": NUMBER,
                "fromMe": false, "isGroup": false, "text": {"message": "oi"},
            }),
            typing: "COMPOSING",
            idle: &["AVAILABLE", "UNAVAILABLE", "PAUSED"],
            signal: |state| {
                json!({
                    "type": "PresenceChatCallback", "instanceId": "I1", "phone": NUMBER, "status": state,
                })
            },
        },
        Presence {
            gateway: "chatwoot",
            chat: "1:567".to_owned(),
            text: json!({
                "event": "message_created", "message_type": "incoming", "id": 77, "content": "oi",
                "account": {"id": 1}, "conversation": {"id": 567}, "sender": {"id": 9},
            }),
            typing: "conversation_typing_on",
            idle: &["conversation_typing_off"],
            signal: |state| {
                json!({
                    "event": state, "is_private": false, "conversation": {"id": 567, "messages": []},
                    "user": {"id": 9, "account": {"id": 1}},
                })
            },
        },
    ]
}

#[tokio::test]
async fn only_the_end_of_a_typing_that_held_the_window_moves_it_at_every_gateway() {
    let gateways = gateways();
    let buffer = |gateway: &Presence| json!({"name": gateway.gateway, "source": gateway.gateway, "window": {"wait": 60}});
    let buffers: Vec<_> = gateways.iter().map(buffer).collect();
    let system = System::with(&buffers).await;
    for gateway in gateways {
        let name = Name::parse(gateway.gateway).unwrap();
        let chat = Chat::new(name, ChatId::parse(&gateway.chat).unwrap());
        let path = format!("/api/webhook/{}", gateway.gateway);
        let deadline = async || {
            let window = system.store.windows().find(&chat).await.unwrap();
            window.unwrap().deadline
        };
        let signal = async |state: &str| {
            let (status, answer) = system.api.post(&path, (gateway.signal)(state)).await;
            assert_eq!(status, 200, "{}: {answer}", gateway.gateway);
            answer["held"].as_u64().unwrap_or_default()
        };
        let (_, answer) = system.api.post(&path, gateway.text.clone()).await;
        assert_eq!(answer["accepted"], 1, "{}: {answer}", gateway.gateway);
        let quiet = deadline().await;

        for state in gateway.idle {
            assert_eq!(signal(state).await, 0, "{} {state}", gateway.gateway);
        }
        assert_eq!(deadline().await, quiet, "{}", gateway.gateway);

        for state in gateway.idle {
            assert_eq!(signal(gateway.typing).await, 1, "{}", gateway.gateway);
            assert_eq!(signal(state).await, 1, "{} {state}", gateway.gateway);
            let again = deadline().await;
            assert!(again >= quiet, "{} {state}", gateway.gateway);
            assert_eq!(signal(state).await, 0, "{} {state}", gateway.gateway);
            assert_eq!(deadline().await, again, "{} {state}", gateway.gateway);
        }
    }
}
