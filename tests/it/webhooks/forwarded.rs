//! Bodies that are none of the gateway's, and those that n8n passes on for it.

use lull::gateway::Gateway;
use serde_json::{Value, json};

use super::{evolution, long, short};
use crate::support::system::System;

#[tokio::test]
async fn a_body_that_is_none_of_the_gateway_is_refused_by_its_name() {
    let buffers: Vec<_> = Gateway::names().map(|name| long(name, name)).collect();
    let system = System::with(&buffers).await;
    for gateway in Gateway::names() {
        for body in [
            json!({}),
            json!([]),
            json!([[{"a": 1}], null]),
            json!("oi"),
            json!(7),
        ] {
            for path in [
                format!("/api/webhook/{gateway}"),
                format!("/api/buffers/{gateway}/messages"),
                format!("/api/buffers/{gateway}/try"),
            ] {
                let (status, refusal) = system.api.post(&path, body.clone()).await;

                assert_eq!(status, 422, "{path}: {refusal}");
                assert_eq!(refusal["code"], "not_of_gateway");
                let error = refusal["error"].as_str().unwrap();
                assert!(error.contains(gateway), "{error}");
            }
        }
    }
    let (_, other) = system
        .api
        .post("/api/webhook/waha", evolution("A", "oi"))
        .await;
    let error = other["error"].as_str().unwrap();
    assert!(
        error.contains("set `source` of the buffer to evolution"),
        "{error}"
    );
    let (_, chats) = system.api.get("/api/chats").await;
    assert_eq!(chats["items"], json!([]));
    // A trial is no post, and counts as none.
    let refused = Gateway::names().count() * 5 * 2 + 1;
    let counted = system
        .api
        .metric(r#"lull_requests_refused_total{reason="gateway"}"#)
        .await;
    assert_eq!(counted, f64::from(u32::try_from(refused).unwrap()));
}

/// What n8n's WhatsApp Trigger hands on.
fn of_the_trigger(id: &str, text: &str) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551140000000", "phone_number_id": "P1"},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": "5511988887777"}],
        "messages": [{
            "from": "5511988887777", "id": id, "timestamp": "1763770000", "type": "text", "text": {"body": text},
        }],
        "field": "messages",
    })
}

#[tokio::test]
async fn what_the_whatsapp_trigger_of_n8n_passes_on_is_a_message() {
    let mut system = System::with(&[short("meta", "cloud")]).await;

    let items =
        json!([of_the_trigger("wamid.A", "oi"), {"json": of_the_trigger("wamid.B", "tudo?")}]);
    let (status, answer) = system.api.post("/api/webhook/meta", items.clone()).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "accepted": 2, "duplicates": 0})
    );
    let call = system.default.call().await.json();
    assert_eq!(call["user"], "P1:5511988887777");
    assert_eq!(call["messages"], json!(["oi", "tudo?"]));
    let (_, again) = system.api.post("/api/webhook/meta", items).await;
    assert_eq!(again["duplicates"], 2);
}

#[tokio::test]
async fn a_buffer_with_paths_takes_an_item_of_n8n_as_the_body_in_it() {
    let fields = json!({
        "name": "crm", "key": "contact.id", "text": "said", "id": "event_id", "window": {"wait": 60},
    });
    let of_items = json!({"name": "items", "key": "[0].json.from", "text": "[0].json.text", "window": {"wait": 60}});
    let system = System::with(&[fields, of_items]).await;
    let body =
        |id: &str| json!({"contact": {"id": 77}, "said": "oi", "event_id": id, "plan": "gold"});
    let webhook = |id: &str| json!({"headers": {"host": "n8n"}, "params": {}, "query": {}, "body": body(id), "webhookUrl": "x"});

    for (at, item) in [
        json!([body("0")]),
        json!({ "json": body("1") }),
        json!([{ "json": body("2"), "pairedItem": {"item": 0} }]),
        webhook("3"),
        json!([webhook("4")]),
        json!([{ "json": webhook("5") }]),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, answer) = system.api.post("/api/webhook/crm", item).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(answer["message_id"], json!(at.to_string()));
        assert_eq!(
            (&answer["user"], &answer["buffered"]),
            (&json!("77"), &json!(at + 1))
        );
    }
    // Paths that lead into the item as it is are followed there.
    let item = json!([{"json": {"from": "ana", "text": "oi"}}]);
    let (status, answer) = system.api.post("/api/webhook/items", item).await;
    assert_eq!((status.as_u16(), &answer["user"]), (201, &json!("ana")));
    // Of several nobody knows which is meant.
    let (status, _) = system
        .api
        .post("/api/webhook/crm", json!([body("6"), body("7")]))
        .await;
    assert_eq!(status, 400);
}
