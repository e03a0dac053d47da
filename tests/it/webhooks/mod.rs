//! Posts for a buffer: of gateways, of programs with paths of their own, and of those who must prove who they are.

mod answers;
mod edits;
mod forwarded;
mod gateways;
mod groups;
mod many;
mod members;
mod own_messages;
mod paths;
mod people;
mod persons;
mod presence;
mod proof;
mod whatsapp;

use serde_json::{Value, json};

/// A buffer for posts of a gateway whose windows are over at once.
fn short(name: &str, source: &str) -> Value {
    json!({"name": name, "source": source, "window": {"wait": 0.2}})
}

/// The same, whose windows stay open as long as the test.
fn long(name: &str, source: &str) -> Value {
    json!({"name": name, "source": source, "window": {"wait": 60}})
}

/// What Evolution posts for a text.
fn evolution(id: &str, text: &str) -> Value {
    json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": id},
            "pushName": "Ana",
            "message": {"conversation": text},
            "messageType": "conversation",
            "messageTimestamp": 1_763_770_000,
        },
    })
}
