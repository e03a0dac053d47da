//! What is no text reaches the bot as what it is: what was tapped, filled in, answered, asked about and advertised.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{long, short};
use crate::support::system::System;

fn of_cloud(message: &Value) -> Value {
    let mut whole = json!({"from": "5511988887777", "id": "wamid.A1", "timestamp": "1763770000"});
    whole
        .as_object_mut()
        .unwrap()
        .extend(message.as_object().unwrap().clone());
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "W", "changes": [{"field": "messages", "value": {
            "messaging_product": "whatsapp", "metadata": {"phone_number_id": "P1"},
            "contacts": [{"profile": {"name": "Ana"}, "wa_id": "5511988887777"}],
            "messages": [whole],
        }}]}],
    })
}

fn of_telegram(kind: &str, more: &Value) -> Value {
    let mut whole = json!({
        "message_id": 42, "date": 1_763_770_000,
        "from": {"id": 123_456, "is_bot": false, "first_name": "Ana"},
        "chat": {"id": 123_456, "type": "private"},
    });
    whole
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"update_id": 900_001, kind: whole})
}

/// A visitor's answer to the question 91, as Chatwoot posts it: the question, updated.
fn of_chatwoot(content_type: &str, submitted: &Value) -> Value {
    json!({
        "event": "message_updated", "id": 91, "content": "Escolha", "content_type": content_type,
        "content_attributes": {"submitted_values": submitted}, "created_at": "2025-11-22T00:06:40.000Z",
        "message_type": "outgoing", "private": false, "account": {"id": 1}, "inbox": {"id": 3},
        "conversation": {"id": 567, "meta": {"sender": {"id": 9, "name": "Ana", "type": "contact"}}},
        "sender": {"id": 4, "name": "Robô", "type": "agent_bot"},
    })
}

/// What a destination gets of a post to a buffer of this gateway.
async fn payload(system: &mut System, gateway: &str, post: Value) -> Value {
    let path = format!("/api/webhook/{gateway}");
    let (status, answer) = match post.as_str() {
        Some(form) => system.form(&path, form).await,
        None => system.api.post(&path, post).await,
    };
    assert_eq!(status, 200, "{answer}");
    system.default.call().await.json()
}

#[tokio::test]
async fn what_is_no_text_reaches_the_bot_as_what_it_is() {
    let gateways = ["cloud", "telegram", "twilio", "chatwoot"];
    let mut system = System::with(&gateways.map(|name| short(name, name))).await;
    let flow = json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {
        "name": "flow", "body": "Sent", "response_json": "{\"data\":\"2025-11-25\"}",
    }}});
    let order = json!({"type": "order", "order": {"catalog_id": "C1", "text": "", "product_items": [
        {"product_retailer_id": "PIZZA-G", "quantity": 2, "item_price": 49.9, "currency": "BRL"},
    ]}});
    let product = json!({
        "type": "text", "text": {"body": "tem em azul?"},
        "context": {"id": "wamid.A0", "referred_product": {"catalog_id": "C1", "product_retailer_id": "VASO-7"}},
    });
    let button = "MessageSid=SM1&AccountSid=AC1&From=whatsapp%3A%2B5511988887777&To=whatsapp%3A%2B551140000000\
        &Body=Confirmar&ButtonText=Confirmar&ButtonPayload=CONFIRMA_9981&ReferralCtwaClid=ARAk&SmsStatus=received";
    let pressed = json!({"update_id": 900_002, "callback_query": {
        "id": "Q1", "from": {"id": 123_456, "is_bot": false, "first_name": "Ana"}, "chat_instance": "-1", "data": "yes:42",
        "message": {"message_id": 41, "chat": {"id": 123_456, "type": "private"}, "date": 1, "text": "Certo?",
            "reply_markup": {"inline_keyboard": [[{"text": "Sim", "callback_data": "yes:42"}]]}},
    }});
    let reply = json!({
        "text": "esse", "quote": {"text": "Plano Ouro", "position": 0},
        "reply_to_message": {"message_id": 40, "chat": {"id": 123_456, "type": "private"}, "date": 1, "text": "Plano Ouro R$ 99"},
    });
    let form = json!({"web_app_data": {"data": "{\"pizza\":\"g\"}", "button_text": "Pedir"}});
    let chosen = json!([{"title": "Vendas", "value": "sales"}]);
    for (gateway, post, text, place, told) in [
        (
            "cloud",
            of_cloud(&flow),
            "[formulário]",
            "/form/answers",
            json!({"data": "2025-11-25"}),
        ),
        (
            "cloud",
            of_cloud(&order),
            "[pedido]",
            "/order/products/0",
            json!({"id": "PIZZA-G", "quantity": 2, "price": 49.9, "currency": "BRL"}),
        ),
        (
            "cloud",
            of_cloud(&product),
            "tem em azul?",
            "/quoted/product/id",
            json!("VASO-7"),
        ),
        (
            "twilio",
            json!(button),
            "Confirmar",
            "/choice/id",
            json!("CONFIRMA_9981"),
        ),
        (
            "twilio",
            json!(button.replace("SM1", "SM2")),
            "Confirmar",
            "/referral/click_id",
            json!("ARAk"),
        ),
        (
            "telegram",
            pressed,
            "yes:42",
            "/choice",
            json!({"id": "yes:42", "title": "Sim", "query_id": "Q1"}),
        ),
        (
            "telegram",
            of_telegram("message", &reply),
            "esse",
            "/quoted/quote",
            json!("Plano Ouro"),
        ),
        (
            "telegram",
            of_telegram("message", &form),
            "[formulário]",
            "/form",
            json!({"name": "Pedir", "data": {"pizza": "g"}}),
        ),
        (
            "chatwoot",
            of_chatwoot("input_select", &chosen),
            "Vendas",
            "/choice",
            json!({"id": "sales", "title": "Vendas"}),
        ),
    ] {
        let mut post = post;
        // Each is a message of its own, and not one that was posted again.
        if let Some(id) = post.pointer_mut("/entry/0/changes/0/value/messages/0/id") {
            *id = json!(format!("wamid.{place}"));
        }
        if let Some(id) = post.pointer_mut("/message/message_id") {
            *id = json!(place.len());
        }

        let payload = payload(&mut system, gateway, post).await;

        assert_eq!(payload["text"], text, "{gateway}: {payload}");
        let item = &payload["items"][0];
        assert_eq!(item.pointer(place), Some(&told), "{gateway}: {payload}");
        assert!(
            !payload["messages"].to_string().contains("Sent"),
            "{payload}"
        );
    }
}

#[tokio::test]
async fn what_a_bot_needs_to_answer_passes_through() {
    let mut system =
        System::with(&[short("telegram", "telegram"), short("chatwoot", "chatwoot")]).await;
    let at_work = json!({
        "text": "oi", "business_connection_id": "BC1", "message_thread_id": 7, "is_topic_message": true,
    });

    let of_business = payload(
        &mut system,
        "telegram",
        of_telegram("business_message", &at_work),
    )
    .await;
    let chosen = json!([{"title": "Vendas", "value": "sales"}]);
    let of_site = payload(
        &mut system,
        "chatwoot",
        of_chatwoot("input_select", &chosen),
    )
    .await;

    assert_eq!(of_business["user"], "BC1:123456", "{of_business}");
    for (name, value) in [
        ("business_connection_id", json!("BC1")),
        ("chat_id", json!(123_456)),
        ("message_thread_id", json!(7)),
        ("message_id", json!(42)),
    ] {
        assert_eq!(of_business[name], value, "{name}: {of_business}");
    }
    for (name, value) in [("account_id", 1), ("conversation_id", 567), ("inbox_id", 3)] {
        assert_eq!(of_site[name], value, "{name}: {of_site}");
    }
}

#[tokio::test]
async fn an_answer_that_is_posted_again_is_one_and_with_a_comment_it_is_another() {
    let system = System::with(&[long("chatwoot", "chatwoot")]).await;
    let rated = |survey: Value| of_chatwoot("input_csat", &json!({"csat_survey_response": survey}));
    let mut accepted = Vec::new();
    for survey in [
        json!({"rating": 2}),
        json!({"rating": 2}),
        json!({"rating": 2, "feedback_message": "demorou"}),
    ] {
        let (_, answer) = system
            .api
            .post("/api/webhook/chatwoot", rated(survey))
            .await;
        accepted.push((answer["accepted"].clone(), answer["duplicates"].clone()));
    }

    let one = |accepted: u64, again: u64| (json!(accepted), json!(again));
    assert_eq!(accepted, [one(1, 0), one(0, 1), one(1, 0)]);
}

#[tokio::test]
async fn who_answers_for_a_business_account_is_one_of_ours_and_the_customer_is_not() {
    let mut buffer = long("telegram", "telegram");
    buffer["on_own_message"] = json!("pause");
    let system = System::with(&[buffer]).await;
    let written_by = |id: u64, update: u64| {
        let mut post = of_telegram(
            "business_message",
            &json!({"text": "oi", "business_connection_id": "BC1"}),
        );
        post["update_id"] = json!(update);
        post["business_message"]["from"]["id"] = json!(id);
        post
    };

    let (_, said) = system
        .api
        .post("/api/webhook/telegram", written_by(123_456, 1))
        .await;
    let (_, owner) = system
        .api
        .post("/api/webhook/telegram", written_by(55, 2))
        .await;

    assert_eq!(said["accepted"], 1, "{said}");
    assert_eq!(owner["paused"], 1, "{owner}");
}

#[tokio::test]
async fn what_is_edited_or_deleted_while_it_waits_is_changed_in_the_window() {
    let system = System::with(&[long("cloud", "cloud"), long("telegram", "telegram")]).await;
    let text = |id: &str, text: &str| json!({"id": id, "type": "text", "text": {"body": text}});
    let edit = json!({"id": "wamid.A2", "type": "edit", "edit": {
        "original_message_id": "wamid.A1", "message": {"type": "text", "text": {"body": "três pizzas"}},
    }});
    let revoke =
        json!({"id": "wamid.A3", "type": "revoke", "revoke": {"original_message_id": "wamid.A1"}});
    let mut later = of_telegram(
        "edited_message",
        &json!({"text": "três pizzas", "edit_date": 1_763_770_009}),
    );
    later["update_id"] = json!(900_002);
    for (gateway, said, changes) in [
        (
            "cloud",
            of_cloud(&text("wamid.A1", "duas pizzas")),
            vec![of_cloud(&edit), of_cloud(&revoke)],
        ),
        (
            "telegram",
            of_telegram("message", &json!({"text": "duas pizzas"})),
            vec![later],
        ),
    ] {
        let path = format!("/api/webhook/{gateway}");
        let (_, answer) = system.api.post(&path, said).await;
        assert_eq!(answer["accepted"], 1, "{gateway}: {answer}");

        for change in changes {
            let (_, answer) = system.api.post(&path, change).await;
            assert_eq!(answer["changed"], 1, "{gateway}: {answer}");
        }
    }

    // The one at Cloud was taken back, and its window with it.
    assert_eq!(system.windows().await, [("123456".to_owned(), 1)]);

    let listed = |result: &str| {
        let path = format!("/api/posts?result={result}");
        let api = &system.api;
        async move { api.get(&path).await.1["items"].clone() }
    };
    let changed = listed("changed").await;
    let ids = changed.as_array().unwrap().iter();
    let ids: BTreeSet<_> = ids.map(|post| post["message_id"].as_str()).collect();
    assert_eq!(ids.len(), 2, "{changed}");
    assert!(ids.contains(&Some("wamid.A1")), "{changed}");
    assert_eq!(changed.as_array().unwrap().len(), 3, "{changed}");
    assert_eq!(listed("not_taken").await, json!([]));
}
