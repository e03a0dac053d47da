//! Groups: ignored, one chat each, or a chat for everybody who writes in one.

use serde_json::{Value, json};

use super::evolution;
use crate::support::system::System;

const GROUP: &str = "120363000000000001@g.us";
const ANA: &str = "5511988887777";
const BIA: &str = "5511977776666";

fn buffer(groups: &str) -> Value {
    json!({"name": groups, "source": "evolution", "groups": groups, "window": {"wait": 600, "max_wait": 0}})
}

/// What Evolution posts of a text in the group.
fn said(who: &str, name: &str, text: &str) -> Value {
    let mut body = evolution(text, text);
    body["data"]["key"] = json!({
        "remoteJid": GROUP, "fromMe": false, "id": text, "participant": format!("{who}@s.whatsapp.net"),
    });
    body["data"]["pushName"] = json!(name);
    body
}

async fn say_three(system: &System, buffer: &str) -> Vec<Value> {
    let mut answers = Vec::new();
    for body in [
        said(ANA, "Ana", "um"),
        said(BIA, "Bia", "dois"),
        said(ANA, "Ana", "três"),
    ] {
        let (status, answer) = system
            .api
            .post(&format!("/api/webhook/{buffer}"), body)
            .await;
        assert_eq!(status, 200, "{answer}");
        answers.push(answer);
    }
    answers
}

async fn flush(system: &mut System, buffer: &str, chat: &str) -> Value {
    let path = format!("/api/chats/{chat}/flush?buffer={buffer}");
    let (status, answer) = system.api.post(&path, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    system.default.call().await.json()
}

#[tokio::test]
async fn groups_are_ignored_unless_the_buffer_asks_for_them() {
    let system = System::with(&[json!({"name": "loja", "source": "evolution"})]).await;

    for answer in say_three(&system, "loja").await {
        assert_eq!(
            (&answer["accepted"], &answer["ignored"]),
            (&json!(0), &json!("a group"))
        );
    }
    assert_eq!(system.windows().await, []);
}

#[tokio::test]
async fn a_whole_group_is_one_chat_and_each_message_tells_whose_it_is() {
    let mut system = System::with(&[buffer("whole")]).await;
    say_three(&system, "whole").await;
    let chat = format!("loja:{GROUP}");
    assert_eq!(system.windows().await, [(chat.clone(), 3)]);

    let call = flush(&mut system, "whole", &chat).await;

    assert_eq!(call["messages"], json!(["um", "dois", "três"]), "{call}");
    assert_eq!(
        (&call["user"], &call["group"]),
        (&json!(chat), &json!(GROUP))
    );
    let whose: Vec<_> = call["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["sender"], &item["phone"]))
        .collect();
    let (ana, bia) = (json!("Ana"), json!("Bia"));
    let (of_ana, of_bia) = (json!(ANA), json!(BIA));
    assert_eq!(whose, [(&ana, &of_ana), (&bia, &of_bia), (&ana, &of_ana)]);
}

#[tokio::test]
async fn everybody_in_a_group_has_a_chat_of_their_own_by_sender() {
    let mut system = System::with(&[buffer("by_sender")]).await;
    say_three(&system, "by_sender").await;
    let chat = |who: &str| format!("loja:{GROUP}:{who}");
    let mut windows = system.windows().await;
    windows.sort();
    assert_eq!(windows, [(chat(BIA), 1), (chat(ANA), 2)]);

    let call = flush(&mut system, "by_sender", &chat(ANA)).await;

    assert_eq!(call["messages"], json!(["um", "três"]), "{call}");
    assert_eq!(
        (&call["phone"], &call["group"]),
        (&json!(ANA), &json!(GROUP))
    );
    assert_eq!(call["sender_name"], "Ana");
}

#[tokio::test]
async fn a_private_chat_of_somebody_in_the_group_is_another_chat() {
    let system = System::with(&[buffer("by_sender")]).await;
    say_three(&system, "by_sender").await;

    system
        .api
        .post("/api/webhook/by_sender", evolution("A9", "oi"))
        .await;

    let windows = system.windows().await;
    assert!(windows.contains(&(format!("loja:{ANA}"), 1)), "{windows:?}");
    assert_eq!(windows.len(), 3);
}

#[tokio::test]
async fn one_of_our_people_who_writes_in_a_whole_group_pauses_it() {
    let mut pausing = buffer("whole");
    pausing["on_own_message"] = json!("pause");
    let system = System::with(&[pausing]).await;
    say_three(&system, "whole").await;
    let mut own = said("551140000000", "Loja", "já vou");
    own["data"]["key"]["fromMe"] = json!(true);
    own["data"]["source"] = json!("ios");

    let (_, answer) = system.api.post("/api/webhook/whole", own).await;

    assert_eq!(answer["paused"], 1, "{answer}");
    assert_eq!(system.windows().await, []);
}

#[tokio::test]
async fn a_trial_shows_the_chat_that_a_group_would_have() {
    let system = System::with(&[buffer("whole"), buffer("by_sender"), buffer("ignore")]).await;
    let tried = async |buffer: &str| {
        let path = format!("/api/buffers/{buffer}/try");
        system.api.post(&path, said(ANA, "Ana", "um")).await.1[0].clone()
    };

    assert_eq!(tried("whole").await["chat"], format!("loja:{GROUP}"));
    assert_eq!(
        tried("by_sender").await["chat"],
        format!("loja:{GROUP}:{ANA}")
    );
    assert_eq!(tried("ignore").await["ignored"], "a group");
}

#[tokio::test]
async fn in_a_whole_group_a_repeat_is_what_the_same_person_said_just_before() {
    let mut whole = buffer("whole");
    whole["window"]["duplicates"] = json!("drop");
    let mut system = System::with(&[whole]).await;

    for (number, (who, name)) in [(ANA, "Ana"), (ANA, "Ana"), (BIA, "Bia")]
        .into_iter()
        .enumerate()
    {
        let mut body = said(who, name, "sim");
        body["data"]["key"]["id"] = json!(number.to_string());
        system.api.post("/api/webhook/whole", body).await;
    }

    let payload = flush(&mut system, "whole", &format!("loja:{GROUP}")).await;
    let senders = [
        &payload["items"][0]["sender"],
        &payload["items"][1]["sender"],
    ];
    assert_eq!(
        (&payload["messages"], senders),
        (&json!(["sim", "sim"]), [&json!("Ana"), &json!("Bia")])
    );
}

#[tokio::test]
async fn in_a_whole_group_nobody_edits_what_another_said_and_an_admin_may_take_it_back() {
    let mut system = System::with(&[buffer("whole")]).await;
    let post = async |body: Value| system.api.post("/api/webhook/whole", body).await.1;
    let changes = |who: &str, id: &str, change: Value| {
        let mut body = said(who, "", id);
        let mut protocol = json!({"key": {"remoteJid": GROUP, "id": id}});
        protocol
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        body["data"]["key"]["id"] = json!("change");
        body["data"]["message"] = json!({ "protocolMessage": protocol });
        body
    };
    let edit = json!({"type": 14, "editedMessage": {"conversation": "outra"}});
    for text in ["um", "dois"] {
        post(said(ANA, "Ana", text)).await;
    }

    let by_bia = post(changes(BIA, "um", edit.clone())).await;
    let by_ana = post(changes(ANA, "um", edit)).await;
    let by_admin = post(changes(BIA, "dois", json!({"type": "REVOKE"}))).await;

    let reason = "an edit of a message that does not wait";
    assert_eq!(by_bia["ignored"], reason, "{by_bia}");
    assert_eq!(
        (&by_ana["changed"], &by_admin["changed"]),
        (&json!(1), &json!(1))
    );
    let payload = flush(&mut system, "whole", &format!("loja:{GROUP}")).await;
    assert_eq!(payload["messages"], json!(["outra"]));
}

#[tokio::test]
async fn what_we_edit_in_a_group_is_ours_however_we_are_known_there() {
    let whole = json!({"name": "loja", "source": "waha", "groups": "whole", "window": {"wait": 600, "max_wait": 0}});
    let system = System::with(&[whole]).await;
    let post = async |event: &str, payload: Value| {
        let body = json!({
            "event": event, "session": "default", "me": {"id": format!("{BIA}@c.us")}, "payload": payload,
        });
        system.api.post("/api/webhook/loja", body).await.1
    };
    let message = json!({
        "id": format!("false_{GROUP}_AAA1"), "from": GROUP, "participant": format!("{ANA}@c.us"),
        "fromMe": false, "body": "oi",
    });
    assert_eq!(post("message", message).await["accepted"], 1);

    let edited = post(
        "message.edited",
        json!({
            "id": "X", "from": GROUP, "participant": format!("{BIA}@c.us"), "fromMe": false,
            "editedMessageId": "AAA1", "body": "outra",
        }),
    );

    assert_eq!(edited.await["ignored"], "an edit");
}

#[tokio::test]
async fn where_people_have_no_numbers_each_message_has_the_id_of_whoever_wrote_it() {
    let mut turma = super::long("turma", "telegram");
    turma["groups"] = json!("whole");
    let mut system = System::with(&[turma]).await;
    let post = async |update: &str, id: u64, from: Value, more: Value| {
        let mut message = json!({
            "message_id": id, "date": 1_763_770_000, "from": from,
            "chat": {"id": -100_123, "type": "supergroup", "title": "Turma"},
        });
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let body = json!({"update_id": id, update: message});
        system.api.post("/api/webhook/turma", body).await.1
    };
    let ana = json!({"id": 123_456, "first_name": "Ana"});
    let hidden = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group"});
    let as_group = json!({"text": "avisei", "sender_chat": {"id": -100_123, "title": "Turma"}});
    post("message", 1, ana.clone(), json!({"text": "oi"})).await;
    post("message", 2, hidden, as_group).await;

    let nowhere = "an edit of a message that does not wait";
    let other = json!({"id": 7, "first_name": "Bia"});
    let by_another = post("edited_message", 1, other, json!({"text": "x"})).await;
    assert_eq!(by_another["ignored"], nowhere);
    let by_ana = post("edited_message", 1, ana, json!({"text": "olá"})).await;
    assert_eq!(by_ana["changed"], 1);

    let flush = "/api/chats/-100123/flush?buffer=turma";
    assert_eq!(system.api.post(flush, json!({})).await.0, 200);
    let payload = system.default.call().await.json();
    let items = payload["items"].as_array().unwrap().iter();
    let whose: Vec<_> = items
        .map(|item| (&item["sender_id"], &item["sender"], &item["text"]))
        .collect();
    let texts = ["123456", "Ana", "olá", "-100123", "Turma", "avisei"].map(|text| json!(text));
    let [id, name, text, group, title, said] = &texts;
    assert_eq!(whose, [(id, name, text), (group, title, said)]);
}
