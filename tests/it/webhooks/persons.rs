//! One person under several names: one chat, and the number is told as soon as anything tells it.

use serde_json::{Value, json};

use super::{evolution, short};
use crate::support::system::System;

const NUMBER: &str = "5511988887777";
const ALIAS: &str = "99887766554433@lid";

/// What Evolution posts for a text under this key.
fn under(key: &Value, id: &str) -> Value {
    let mut body = evolution(id, id);
    body["data"]["key"] = key.clone();
    body["data"]["key"]["id"] = json!(id);
    body
}

fn alias_alone() -> Value {
    json!({"remoteJid": ALIAS, "fromMe": false})
}

fn with_number() -> Value {
    json!({"remoteJid": ALIAS, "remoteJidAlt": format!("{NUMBER}@s.whatsapp.net"), "fromMe": false})
}

/// Ten minutes of a buffer with one long window, closed by hand.
fn patient(name: &str, source: &str) -> Value {
    json!({"name": name, "source": source, "window": {"wait": 600, "max_wait": 0}})
}

async fn flush(system: &System, buffer: &str, chat: &str) {
    let path = format!("/api/chats/{chat}/flush?buffer={buffer}");
    let (status, answer) = system.api.post(&path, json!({})).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_chat_that_began_under_an_alias_tells_the_number_as_soon_as_a_message_has_it() {
    let mut system = System::with(&[patient("loja", "evolution")]).await;
    let chat = format!("loja:{ALIAS}");
    for (id, key) in [("A1", alias_alone()), ("A2", with_number())] {
        system.api.post("/api/webhook/loja", under(&key, id)).await;
    }
    flush(&system, "loja", &chat).await;

    let call = system.default.call().await.json();

    assert_eq!(call["messages"], json!(["A1", "A2"]), "{call}");
    assert_eq!(
        (&call["user"], &call["phone"]),
        (&json!(chat), &json!(NUMBER))
    );
}

#[tokio::test]
async fn a_number_that_is_known_is_told_also_while_the_chat_goes_by_the_alias() {
    let mut system = System::with(&[patient("loja", "evolution")]).await;
    let chat = format!("loja:{ALIAS}");
    // The window begins under the alias; then the number comes with our own message, and so is in no message of it.
    system
        .api
        .post("/api/webhook/loja", under(&alias_alone(), "A1"))
        .await;
    let mut own = with_number();
    own["fromMe"] = json!(true);
    system
        .api
        .post("/api/webhook/loja", under(&own, "B1"))
        .await;
    system
        .api
        .post("/api/webhook/loja", under(&alias_alone(), "A2"))
        .await;
    flush(&system, "loja", &chat).await;

    let call = system.default.call().await.json();

    assert_eq!(call["messages"], json!(["A1", "A2"]), "{call}");
    assert_eq!(
        (&call["phone"], &call["alias"]),
        (&json!(NUMBER), &json!(ALIAS))
    );
}

#[tokio::test]
async fn a_number_that_anything_but_a_message_tells_is_in_the_payload_of_the_window_that_waits() {
    let ours = {
        let mut own = under(&with_number(), "B1");
        own["data"]["key"]["fromMe"] = json!(true);
        own
    };
    let mut edit = with_number();
    edit["id"] = json!("A1");
    let edit = json!({
        "event": "messages.edited", "instance": "loja",
        "data": {"key": edit, "type": 14, "editedMessage": {"conversation": "A1"}},
    });
    let mut gone = with_number();
    gone["id"] = json!("A0");
    let deletion = under(&gone, "A9");
    let deletion = {
        let mut body = deletion;
        body["data"]["message"] = json!({"protocolMessage": {"key": gone, "type": "REVOKE"}});
        body
    };
    let mut system = System::with(&[patient("loja", "evolution")]).await;
    for (number, tells) in [ours, edit, deletion, under(&with_number(), "A1")]
        .into_iter()
        .enumerate()
    {
        // Each line has aliases of its own.
        let line = format!("line{number}");
        let chat = format!("{line}:{ALIAS}");
        let [said, tells] = [under(&alias_alone(), "A1"), tells].map(|mut body| {
            body["instance"] = json!(line);
            body
        });
        system.api.post("/api/webhook/loja", said).await;

        let (status, answer) = system.api.post("/api/webhook/loja", tells.clone()).await;

        assert_eq!(status, 200, "{answer}");
        flush(&system, "loja", &chat).await;
        let call = system.default.call().await.json();
        assert_eq!(call["messages"], json!(["A1"]), "{call}");
        assert_eq!(
            (&call["user"], &call["phone"], &call["alias"]),
            (&json!(chat), &json!(NUMBER), &json!(ALIAS)),
            "{tells}"
        );
    }
}

#[tokio::test]
async fn a_person_whom_meta_hosts_is_the_same_under_all_servers() {
    let mut system = System::with(&[short("loja", "evolution")]).await;
    let keys = [
        json!({"remoteJid": format!("{NUMBER}@s.whatsapp.net"), "fromMe": false}),
        json!({"remoteJid": "99887766554433:99@hosted.lid", "remoteJidAlt": format!("{NUMBER}:99@hosted"), "fromMe": false}),
        json!({"remoteJid": format!("{NUMBER}@hosted"), "fromMe": false}),
        alias_alone(),
    ];
    let mut body = evolution("", "");
    let data = keys.iter().zip(["A1", "A2", "A3", "A4"]);
    body["data"] = data
        .map(|(key, id)| under(key, id)["data"].clone())
        .collect();

    system.api.post("/api/webhook/loja", body).await;

    let call = system.default.call().await.json();
    assert_eq!(call["messages"], json!(["A1", "A2", "A3", "A4"]), "{call}");
    assert_eq!(
        (&call["user"], &call["phone"]),
        (&json!(format!("loja:{NUMBER}")), &json!(NUMBER))
    );
}

#[tokio::test]
async fn twilio_s_user_id_stands_for_the_number_once_both_came_together() {
    let mut system = System::with(&[short("sms", "twilio")]).await;
    for form in [
        "MessageSid=SM1&From=whatsapp%3A%2B5511988887777&To=whatsapp%3A%2B551140000000&WaId=5511988887777&Body=oi&ExternalUserId=BR.1349",
        "MessageSid=SM2&From=whatsapp%3ABR.1349&To=whatsapp%3A%2B551140000000&Body=cheguei&ExternalUserId=BR.1349",
    ] {
        system.form("/api/webhook/sms", form).await;
    }

    let call = system.default.call().await.json();

    assert_eq!(call["messages"], json!(["oi", "cheguei"]), "{call}");
    assert_eq!(call["phone"], NUMBER);
}

#[tokio::test]
async fn cloud_s_contacts_join_number_and_user_id() {
    let mut system = System::with(&[short("meta", "cloud")]).await;
    let post = |contact: Value, message: Value| {
        let value = json!({
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": "P1"},
            "contacts": [contact], "messages": [message],
        });
        json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": "W1", "changes": [{"field": "messages", "value": value}]}],
        })
    };
    let both = json!({"profile": {"name": "Ana"}, "wa_id": NUMBER, "user_id": "BR.2"});
    let said = |from: &str, who: &str, id: &str| json!({from: who, "id": id, "type": "text", "text": {"body": id}});
    for body in [
        post(both, said("from", NUMBER, "M1")),
        post(
            json!({"user_id": "BR.2"}),
            said("from_user_id", "BR.2", "M2"),
        ),
    ] {
        system.api.post("/api/webhook/meta", body).await;
    }

    let call = system.default.call().await.json();

    assert_eq!(call["messages"], json!(["M1", "M2"]), "{call}");
    assert_eq!(
        (&call["user"], &call["phone"]),
        (&json!(format!("P1:{NUMBER}")), &json!(NUMBER))
    );
}
