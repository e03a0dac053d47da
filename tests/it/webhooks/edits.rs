//! What a person changes or takes back: while it waits, and when it has left.

use lull::core::chat::Name;
use serde_json::{Value, json};

use super::{evolution, long};
use crate::support::counted::assert_counted;
use crate::support::system::System;

/// The ways in which Evolution tells that the message `id` says something else now.
fn edits(id: &str, text: &str) -> [Value; 3] {
    let key = json!({"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": id});
    let changed = json!({"key": key, "type": 14, "editedMessage": {"conversation": text}});
    let mut own_id = key.clone();
    own_id["id"] = json!("E9");
    let upsert = |message: Value| {
        json!({
            "event": "messages.upsert", "instance": "loja",
            "data": {"key": own_id, "message": message, "messageTimestamp": 1_763_770_009},
        })
    };
    [
        json!({"event": "messages.edited", "instance": "loja", "data": changed}),
        upsert(json!({ "protocolMessage": changed })),
        upsert(
            json!({"ephemeralMessage": {"message": {"editedMessage": {"message": {
                "protocolMessage": changed,
            }}}}}),
        ),
    ]
}

/// The ways in which it tells that the message was taken back.
fn deletions(id: &str) -> [Value; 2] {
    let key = json!({"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": id});
    [
        json!({
            "event": "messages.delete", "instance": "loja",
            "data": {"id": id, "remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "participant": null},
        }),
        json!({
            "event": "messages.upsert", "instance": "loja",
            "data": {"key": key, "message": {"protocolMessage": {"key": key, "type": "REVOKE"}}},
        }),
    ]
}

async fn post(system: &System, body: Value) -> Value {
    let (status, answer) = system.api.post("/api/webhook/loja", body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn flush(system: &System) {
    let (status, answer) = system
        .api
        .post("/api/chats/loja:5511988887777/flush?buffer=loja", json!({}))
        .await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn what_is_changed_while_it_waits_is_what_was_said_however_it_is_told() {
    for edit in edits("A1", "quero 3 pizzas") {
        let mut system = System::with(&[long("loja", "evolution")]).await;
        post(&system, evolution("A1", "quero 2 pizzas")).await;
        post(&system, evolution("A2", "e refri")).await;

        let answer = post(&system, edit).await;

        assert_eq!(answer["changed"], 1, "{answer}");
        assert_eq!(system.windows().await.len(), 1);
        flush(&system).await;
        let payload = system.default.call().await.json();
        assert_eq!(payload["messages"], json!(["quero 3 pizzas", "e refri"]));
        assert_eq!(payload["text"], "quero 3 pizzas\ne refri");
    }
}

#[tokio::test]
async fn what_is_taken_back_while_it_waits_is_not_delivered_and_does_not_come_again() {
    for deletion in deletions("A1") {
        let mut system = System::with(&[long("loja", "evolution")]).await;
        post(&system, evolution("A1", "msg errada")).await;
        post(&system, evolution("A2", "a certa")).await;

        let answer = post(&system, deletion).await;

        assert_eq!(answer["changed"], 1, "{answer}");
        assert_eq!(
            post(&system, evolution("A1", "msg errada")).await["duplicates"],
            1
        );
        flush(&system).await;
        let payload = system.default.call().await.json();
        assert_eq!(payload["messages"], json!(["a certa"]));
    }
}

#[tokio::test]
async fn a_window_whose_last_message_is_taken_back_is_gone() {
    let system = System::with(&[long("loja", "evolution")]).await;
    post(&system, evolution("A1", "msg errada")).await;

    let [deletion, _] = deletions("A1");
    post(&system, deletion.clone()).await;

    assert!(system.windows().await.is_empty());
    assert_eq!(
        post(&system, deletion).await["ignored"],
        "a deletion of a message that does not wait"
    );
    post(&system, evolution("A2", "oi")).await;
    assert_eq!(
        system.windows().await,
        [("loja:5511988887777".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_changed_caption_leaves_its_picture_as_it_is() {
    let mut system = System::with(&[long("loja", "evolution")]).await;
    let mut picture = evolution("A1", "");
    picture["data"]["message"] = json!({
        "imageMessage": {"mimetype": "image/jpeg", "caption": "esse"}, "base64": "T2dn",
    });
    post(&system, picture).await;
    let [mut edit, ..] = edits("A1", "");
    edit["data"]["editedMessage"] = json!({"imageMessage": {"caption": "aquele"}});

    post(&system, edit).await;

    flush(&system).await;
    let payload = system.default.call().await.json();
    let image = &payload["messages"][0];
    assert_eq!(
        (&image["caption"], &image["base64"]),
        (&json!("aquele"), &json!("T2dn"))
    );
    assert_eq!(payload["text"], "aquele");
}

#[tokio::test]
async fn what_has_left_is_told_of_only_where_the_buffer_wants_it() {
    let mut deliver = long("loja", "evolution");
    deliver["on_edit"] = json!("deliver");
    let mut system = System::with(&[deliver]).await;
    post(&system, evolution("A1", "quero 2 pizzas")).await;
    flush(&system).await;
    system.default.call().await;
    let [edit, _, _] = edits("A1", "quero 3 pizzas");
    let [deletion, _] = deletions("A1");

    for change in [&edit, &deletion] {
        assert_eq!(post(&system, change.clone()).await["accepted"], 1);
        assert_eq!(post(&system, change.clone()).await["duplicates"], 1);
    }

    flush(&system).await;
    let payload = system.default.call().await.json();
    assert_eq!(
        payload["messages"],
        json!([{"type": "edit", "id": "A1", "text": "quero 3 pizzas"}, {"type": "delete", "id": "A1"}])
    );
    assert_eq!(payload["text"], "quero 3 pizzas\n[apagada]");
    let items = &payload["items"];
    assert_eq!(
        (&items[0]["type"], &items[1]["type"]),
        (&json!("edit"), &json!("delete"))
    );
    assert_eq!(items[1]["changed"], json!({"id": "A1"}));
}

#[tokio::test]
async fn a_buffer_may_ignore_what_is_changed() {
    let mut ignore = long("loja", "evolution");
    ignore["on_edit"] = json!("ignore");
    let mut system = System::with(&[ignore]).await;
    post(&system, evolution("A1", "quero 2 pizzas")).await;

    let [edit, _, _] = edits("A1", "quero 3 pizzas");
    let [deletion, _] = deletions("A1");

    assert_eq!(post(&system, edit).await["ignored"], "an edit");
    assert_eq!(post(&system, deletion).await["ignored"], "a deletion");
    flush(&system).await;
    let payload = system.default.call().await.json();
    assert_eq!(payload["messages"], json!(["quero 2 pizzas"]));
}

#[tokio::test]
async fn what_is_changed_counts_as_much_as_what_stands_there_then() {
    let system = System::with(&[long("loja", "evolution")]).await;
    post(&system, evolution("A1", "oi")).await;
    post(&system, evolution("A2", "oi")).await;
    let mut raw = system.redis.raw().await;
    let buffers = [Name::parse("loja").unwrap()];
    let [edit, _, _] = edits("A1", "oi, tudo bem?");
    let [deletion, _] = deletions("A1");

    for change in [edit, deletion] {
        post(&system, change).await;
        assert_counted(&system.store, &mut raw, &buffers).await;
    }
}

#[tokio::test]
async fn nobody_changes_what_another_said_nor_we_what_a_person_said() {
    let mut system = System::with(&[long("loja", "evolution")]).await;
    post(&system, evolution("A1", "quero 2 pizzas")).await;
    let [edit, _, _] = edits("A1", "quero 3 pizzas");
    let mut of_another = edit.clone();
    of_another["data"]["key"]["remoteJid"] = json!("5511900000000@s.whatsapp.net");
    let mut own = edit;
    own["data"]["key"]["fromMe"] = json!(true);

    assert_eq!(
        post(&system, of_another).await["ignored"],
        "an edit of a message that does not wait"
    );
    assert_eq!(post(&system, own).await["ignored"], "an edit");

    flush(&system).await;
    let payload = system.default.call().await.json();
    assert_eq!(payload["messages"], json!(["quero 2 pizzas"]));
}

#[tokio::test]
async fn an_edit_that_names_us_in_place_of_the_person_changes_what_waits() {
    let mut only_ana = long("loja", "evolution");
    only_ana["allow"] = json!(["5511988887777"]);
    let mut system = System::with(&[only_ana]).await;
    post(&system, evolution("A1", "quero 2 pizzas")).await;
    let by_person = |key: Value| {
        let [mut edit, ..] = edits("A1", "quero 3 pizzas");
        edit["sender"] = json!("551140000000@s.whatsapp.net");
        edit["data"]["key"] = key;
        edit
    };
    let us = json!({"remoteJid": "551140000000@s.whatsapp.net", "fromMe": true, "id": "A1"});
    let mut unknown = us.clone();
    unknown["id"] = json!("A9");
    let under_a_lid = json!({"remoteJid": "111222333444@lid", "fromMe": true, "id": "A1"});
    let mut of_another_line = by_person(us.clone());
    of_another_line["instance"] = json!("filial");

    let nowhere = "an edit of a message that does not wait";
    assert_eq!(post(&system, by_person(unknown)).await["ignored"], nowhere);
    assert_eq!(post(&system, of_another_line).await["ignored"], nowhere);
    for key in [us, under_a_lid] {
        let answer = post(&system, by_person(key)).await;
        assert_eq!(answer["changed"], 1, "{answer}");
    }

    flush(&system).await;
    let payload = system.default.call().await.json();
    assert_eq!(payload["messages"], json!(["quero 3 pizzas"]));
}

#[tokio::test]
async fn a_caption_that_is_removed_leaves_its_picture() {
    let mut system = System::with(&[long("loja", "evolution")]).await;
    let mut picture = evolution("A1", "");
    picture["data"]["message"] =
        json!({"imageMessage": {"mimetype": "image/jpeg", "caption": "esse"}});
    post(&system, picture).await;
    let [mut edit, ..] = edits("A1", "");
    edit["data"]["editedMessage"] = json!({"imageMessage": {"mimetype": "image/jpeg"}});

    let answer = post(&system, edit).await;

    assert_eq!(answer["changed"], 1, "{answer}");
    flush(&system).await;
    let payload = system.default.call().await.json();
    assert_eq!(payload["messages"][0].get("caption"), None, "{payload}");
    assert_eq!(payload["text"], "[imagem]");
}

#[tokio::test]
async fn what_is_taken_back_before_it_comes_is_not_taken() {
    for deletion in deletions("A1") {
        let system = System::with(&[long("loja", "evolution")]).await;

        let answer = post(&system, deletion).await;

        let reason = "a deletion of a message that does not wait";
        assert_eq!(answer["ignored"], reason, "{answer}");
        let late = post(&system, evolution("A1", "msg errada")).await;
        assert_eq!(late["duplicates"], 1, "{late}");
        assert_eq!(
            post(&system, evolution("A2", "a certa")).await["accepted"],
            1
        );
        assert_eq!(
            system.windows().await,
            [("loja:5511988887777".to_owned(), 1)]
        );
    }
}

/// What Telegram posts of a message of a business account.
fn telegram(update: &str, id: u64, message: &Value) -> Value {
    let mut whole = json!({
        "message_id": id, "date": 1_763_770_000, "business_connection_id": "BC1",
        "chat": {"id": 123_456, "type": "private"}, "from": {"id": 123_456, "first_name": "Ana"},
    });
    whole
        .as_object_mut()
        .unwrap()
        .extend(message.as_object().unwrap().clone());
    json!({"update_id": 1, update: whole})
}

#[tokio::test]
async fn a_picture_whose_caption_was_removed_is_delivered_without_and_of_several_deleted_all_go() {
    let mut system = System::with(&[long("bot", "telegram")]).await;
    let post = async |body: Value| system.api.post("/api/webhook/bot", body).await.1;
    let photo = json!([{"file_id": "F-s"}, {"file_id": "F-l"}]);
    let picture = json!({"photo": photo, "caption": "minha senha"});
    post(telegram("business_message", 1, &picture)).await;
    for id in 2..=4 {
        post(telegram("business_message", id, &json!({"text": "oi"}))).await;
    }

    let bare = telegram("edited_business_message", 1, &json!({ "photo": photo }));
    assert_eq!(post(bare).await["changed"], 1);
    let deleted = json!({"update_id": 9, "deleted_business_messages": {
        "business_connection_id": "BC1", "chat": {"id": 123_456, "type": "private"}, "message_ids": [2, 4],
    }});
    assert_eq!(post(deleted).await["changed"], 2);

    let flush = "/api/chats/BC1:123456/flush?buffer=bot";
    assert_eq!(system.api.post(flush, json!({})).await.0, 200);
    let payload = system.default.call().await.json();
    assert_eq!(payload["text"], "[imagem]\noi", "{payload}");
    assert_eq!(
        payload["messages"],
        json!([{"type": "image", "id": "F-l"}, "oi"])
    );
}

#[tokio::test]
async fn of_what_chatwoot_tells_of_a_message_only_other_words_are_an_edit() {
    let mut desk = long("desk", "chatwoot");
    desk["on_edit"] = json!("deliver");
    let mut system = System::with(&[desk]).await;
    let post = async |event: &str, id: u64, more: Value| {
        let mut body = json!({
            "event": event, "id": id, "message_type": "incoming", "account": {"id": 1},
            "conversation": {"id": 567}, "sender": {"name": "Ana"}, "content_attributes": {},
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        system.api.post("/api/webhook/desk", body).await.1
    };
    let voice = json!({"attachments": [{"id": 1, "file_type": "audio", "data_url": "https://cw.example/a"}]});
    post("message_created", 1, json!({"content": "quero 2"})).await;
    post("message_created", 2, voice.clone()).await;

    let read = post(
        "message_updated",
        1,
        json!({"content": "quero 2", "status": "read"}),
    );
    assert_eq!(read.await["ignored"], "an edit or a delivery status");
    let sent = post("message_updated", 2, voice.clone()).await;
    assert_eq!(sent["ignored"], "an edit or a delivery status");
    let edited = post("message_updated", 1, json!({"content": "quero 3"}));
    assert_eq!(edited.await["changed"], 1);
    let mut heard = voice;
    heard["attachments"][0]["transcribed_text"] = json!("com queijo");
    assert_eq!(post("message_updated", 2, heard).await["changed"], 1);

    let flush = "/api/chats/1:567/flush?buffer=desk";
    assert_eq!(system.api.post(flush, json!({})).await.0, 200);
    let payload = system.default.call().await.json();
    assert_eq!(payload["text"], "quero 3\ncom queijo", "{payload}");
    // What has left is not brought again by a status.
    let late = post(
        "message_updated",
        1,
        json!({"content": "quero 3", "status": "read"}),
    );
    assert_eq!(late.await["accepted"], 0);
    assert!(system.windows().await.is_empty());
}
