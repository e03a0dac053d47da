//! What the gateways of WhatsApp post that is no plain text, from their own bodies to the delivered payload.

use serde_json::{Value, json};

use super::{evolution, long, short};
use crate::support::system::System;

/// What Evolution posts for a message of WhatsApp.
fn of_evolution(id: &str, message: &Value) -> Value {
    let mut post = evolution(id, "");
    post["data"]["message"] = message.clone();
    post
}

/// What Evolution Go posts for a message of WhatsApp.
fn of_evolution_go(message: &Value) -> Value {
    json!({
        "event": "Message", "instanceName": "loja", "instanceToken": "token-of-loja",
        "data": {
            "Info": {
                "Chat": "5511988887777@s.whatsapp.net", "Sender": "5511988887777@s.whatsapp.net",
                "SenderAlt": "99887766554433@lid", "ID": "AC01", "IsFromMe": false, "IsGroup": false,
                "PushName": "Ana", "Timestamp": "2025-11-22T00:06:40-03:00",
            },
            "Message": message,
        },
    })
}

/// What an engine of WAHA posts.
fn of_waha(engine: &str, payload: &Value) -> Value {
    let mut whole = json!({
        "id": "false_5511988887777@c.us_3EB0AAAA", "timestamp": 1_763_770_000, "from": "5511988887777@c.us",
        "fromMe": false, "source": "app", "hasMedia": false, "media": null, "replyTo": null,
    });
    let more = payload.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(more);
    json!({"event": "message", "session": "default", "engine": engine, "payload": whole})
}

fn of_zapi(more: &Value) -> Value {
    let mut whole = json!({
        "type": "ReceivedCallback", "instanceId": "I1", "messageId": "Z1", "phone": "5511988887777",
        "fromMe": false, "isGroup": false, "momment": 1_763_770_000_000_u64, "senderName": "Ana",
    });
    let more = more.as_object().unwrap().clone();
    whole.as_object_mut().unwrap().extend(more);
    whole
}

async fn payload(system: &mut System, buffer: &str, post: Value) -> Value {
    let (status, answer) = system
        .api
        .post(&format!("/api/webhook/{buffer}"), post)
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["accepted"], 1, "{answer}");
    system.default.call().await.json()
}

#[tokio::test]
async fn an_order_has_its_products_and_a_total() {
    let mut system = System::with(&[short("zapi", "zapi"), short("loja", "evolution")]).await;
    let cart = of_zapi(&json!({"order": {
        "itemCount": 1, "orderId": "O1", "message": "", "currency": "BRL", "total": 2000, "subTotal": 2000,
        "products": [{"quantity": 1, "name": "Caneca azul", "productId": "55", "price": 2000, "currencyCode": "BRL"}],
    }}));
    let order = of_evolution(
        "A1",
        &json!({"orderMessage": {
            "orderId": "1042", "itemCount": 2, "token": "tok==", "totalAmount1000": "105000", "totalCurrencyCode": "BRL",
        }}),
    );

    let cart = payload(&mut system, "zapi", cart).await;
    let order = payload(&mut system, "loja", order).await;

    assert_eq!(cart["text"], "[pedido]");
    let product =
        json!({"id": "55", "name": "Caneca azul", "quantity": 1, "price": 2000, "currency": "BRL"});
    assert_eq!(cart["items"][0]["type"], "order", "{cart}");
    assert_eq!(
        cart["items"][0]["order"]["products"],
        json!([product]),
        "{cart}"
    );
    assert_eq!(cart["messages"][0]["order"]["total"], 2000, "{cart}");
    let told = &order["items"][0]["order"];
    assert_eq!(
        (
            &told["id"],
            &told["count"],
            &told["total_1000"],
            &told["token"]
        ),
        (&json!("1042"), &json!(2), &json!("105000"), &json!("tok=="))
    );
}

#[tokio::test]
async fn what_was_tapped_has_its_id_whichever_engine_spells_it() {
    let mut system = System::with(&[short("waha", "waha"), short("zapi", "zapi")]).await;
    let noweb = json!({"message": {"listResponseMessage": {
        "title": "Segunda via", "singleSelectReply": {"selectedRowId": "menu_2via"},
    }}});
    let gows = json!({"Info": {}, "Message": {"buttonsResponseMessage": {
        "selectedButtonID": "menu_2via", "Response": {"SelectedDisplayText": "Segunda via"},
    }}});
    let webjs = json!({"type": "buttons_response", "selectedButtonId": "menu_2via"});
    let button =
        json!({"buttonsResponseMessage": {"buttonId": "menu_2via", "message": "Segunda via"}});

    for (buffer, post) in [
        (
            "waha",
            of_waha("NOWEB", &json!({"id": "W1", "body": null, "_data": noweb})),
        ),
        (
            "waha",
            of_waha("GOWS", &json!({"id": "W2", "body": "", "_data": gows})),
        ),
        (
            "waha",
            of_waha(
                "WEBJS",
                &json!({"id": "W3", "body": "Segunda via", "_data": webjs}),
            ),
        ),
        ("zapi", of_zapi(&button)),
    ] {
        let payload = payload(&mut system, buffer, post).await;

        assert_eq!(payload["messages"], json!(["Segunda via"]), "{payload}");
        let choice = json!({"id": "menu_2via", "title": "Segunda via"});
        assert_eq!(payload["items"][0]["choice"], choice, "{payload}");
    }
}

#[tokio::test]
async fn a_thumbnail_is_no_text_and_a_picture_that_was_not_loaded_is_a_picture() {
    let mut system = System::with(&[short("waha", "waha")]).await;
    let thumbnail = "/9j/4AAQ".repeat(100);
    let place = of_waha(
        "WEBJS",
        &json!({"id": "W1", "body": thumbnail, "_data": {"type": "location"},
            "location": {"latitude": "-23.55", "longitude": "-46.63", "description": "Casa"}}),
    );
    let picture = of_waha(
        "NOWEB",
        &json!({"id": "W2", "body": "olha", "hasMedia": true, "_data": {"message": {"imageMessage": {
            "url": "https://whatsapp.example/1.enc", "mimetype": "image/jpeg", "caption": "olha",
        }}}}),
    );

    let place = payload(&mut system, "waha", place).await;
    let picture = payload(&mut system, "waha", picture).await;

    assert_eq!(
        place["messages"],
        json!([{"type": "location", "file_name": "Casa", "latitude": "-23.55", "longitude": "-46.63"}])
    );
    assert_eq!(place["text"], "[localização]");
    assert_eq!(
        picture["messages"],
        json!([{"type": "image", "id": "W2", "caption": "olha", "mime_type": "image/jpeg"}])
    );
}

#[tokio::test]
async fn a_picture_that_comes_again_in_hd_is_one() {
    let mut system = System::with(&[long("loja", "evolution")]).await;
    let small = json!({"imageMessage": {"mimetype": "image/jpeg", "caption": "comprovante"}});
    let large = json!({"associatedChildMessage": {"message": {"imageMessage": {"mimetype": "image/jpeg"}}}});
    let path = "/api/webhook/loja";

    system.api.post(path, of_evolution("E1", &small)).await;
    let (_, answer) = system.api.post(path, of_evolution("E2", &large)).await;
    let path = "/api/chats/loja:5511988887777/flush?buffer=loja";
    system.api.post(path, json!({})).await;

    assert_eq!(answer["accepted"], 0, "{answer}");
    let messages = system.default.call().await.json()["messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 1, "{messages}");
    assert_eq!(messages[0]["caption"], "comprovante");
}

#[tokio::test]
async fn a_flow_is_its_answers_and_not_the_word_of_whatsapp() {
    let mut system = System::with(&[short("loja", "evolution")]).await;
    let flow = json!({"ephemeralMessage": {"message": {"interactiveResponseMessage": {
        "body": {"text": "Sent"},
        "nativeFlowResponseMessage": {"name": "flow", "paramsJson": r#"{"data":"2025-11-25"}"#},
    }}}});

    let payload = payload(&mut system, "loja", of_evolution("F1", &flow)).await;

    assert_eq!(payload["text"], "[formulário]");
    let answers = &payload["items"][0]["form"]["answers"];
    assert_eq!(answers, &json!({"data": "2025-11-25"}), "{payload}");
}

#[tokio::test]
async fn evolution_go_is_read_by_its_own_name_and_by_that_of_evolution() {
    let mut system = System::with(&[short("loja", "evolution"), short("go", "evolution-go")]).await;
    let audio = json!({"audioMessage": {"URL": "https://whatsapp.example/1.enc", "mediaKey": "a2V5", "mimetype": "audio/ogg"}});

    for buffer in ["loja", "go"] {
        let payload = payload(&mut system, buffer, of_evolution_go(&audio)).await;

        assert_eq!(
            (&payload["user"], &payload["phone"], &payload["alias"]),
            (
                &json!("loja:5511988887777"),
                &json!("5511988887777"),
                &json!("99887766554433@lid")
            )
        );
        // Its call that loads a file asks for the message.
        let medium = &payload["items"][0]["media"][0];
        assert_eq!(medium["message"], audio, "{payload}");
        assert_eq!((&medium["id"], medium.get("url")), (&json!("AC01"), None));
    }
}

#[tokio::test]
async fn evolution_may_put_the_event_behind_the_url_and_its_secret() {
    let mut buffer = short("loja", "evolution");
    buffer["secret"] = json!("s3cret");
    let mut go = short("go", "evolution-go");
    go["secret"] = json!("token-of-loja");
    let mut system = System::with(&[buffer, go]).await;
    let mut post = evolution("A1", "oi");
    post["apikey"] = json!("s3cret");
    let unproven = evolution("A2", "e eu?");

    for path in [
        "/api/webhook/loja/messages-upsert",
        "/api/webhook/loja/key/messages-upsert",
    ] {
        post["data"]["key"]["id"] = json!(path);
        let (status, answer) = system.api.post(path, post.clone()).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["accepted"], 1, "{answer}");
        assert_eq!(
            system.default.call().await.json()["messages"],
            json!(["oi"])
        );
    }
    for (query, expected) in [
        ("s3cret/messages-upsert", 200),
        ("guess/messages-upsert", 401),
        ("/s3cret", 401),
    ] {
        let path = format!("/api/webhook/loja?secret={query}");
        let (status, answer) = system.api.post(&path, unproven.clone()).await;
        assert_eq!(status, expected, "{query}: {answer}");
    }
    assert_eq!(
        system.default.call().await.json()["messages"],
        json!(["e eu?"])
    );
    let by_token = of_evolution_go(&json!({"conversation": "oi"}));
    let (status, answer) = system.api.post("/api/webhook/go", by_token).await;
    assert_eq!(status, 200, "{answer}");
}
