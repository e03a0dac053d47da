//! What is posted to its buffers, what its forwardings make of it, and the list of what they have sent.

use reqwest::Method;
use serde_json::json;

use super::{forwarding, settled, system, whole};
use crate::support::{Receiver, SHORT, eventually};

#[tokio::test]
async fn a_template_gives_the_key_and_a_line_for_each_message() {
    let system = system().await;
    let (mut with, mut without, mut some) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    for (name, receiver, more) in [
        ("with", &with, json!({"template": "{{nome}}: {{ texto }}"})),
        ("without", &without, json!({"template": ""})),
        ("some", &some, json!({"fields": ["texto"], "method": "PUT"})),
    ] {
        let mut spec = json!({"name": name, "buffer": "loja-sao-paulo", "url": receiver.url()});
        let fields = more.as_object().unwrap().clone();
        spec.as_object_mut().unwrap().extend(fields);
        forwarding(&system, spec).await;
    }
    settled(&system).await;

    let said = ["oi", "tudo bem?"].map(|text| json!({"phone": "55", "nome": "Ana", "texto": text}));
    for said in &said {
        let path = "/api/webhook/loja-sao-paulo";
        let (status, answer) = system.api.post(path, said.clone()).await;
        assert_eq!(status, 201, "{answer}");
    }
    let flush = "/api/chats/55/flush?buffer=loja-sao-paulo";
    let (status, answer) = system.api.request(Method::POST, flush, None).await;
    assert_eq!(status, 200, "{answer}");

    assert_eq!(
        with.call().await.json(),
        json!({"phone": "55", "content": ["Ana: oi", "Ana: tudo bem?"]})
    );
    assert_eq!(without.call().await.json(), json!(said));
    let some = some.call().await;
    assert_eq!(
        some.json(),
        json!([{"texto": "oi"}, {"texto": "tudo bem?"}])
    );
    assert!(some.request_line.starts_with("PUT "));
}

#[tokio::test]
async fn an_old_client_posts_to_its_buffer_by_the_words_it_has_for_it() {
    let system = system().await;
    let mut bot = Receiver::start().await;
    let spec = json!({
        "name": "Bot", "buffer": "Loja São Paulo", "url": bot.url(), "template": "{{nome}}: {{texto}}",
    });
    forwarding(&system, spec).await;
    settled(&system).await;
    let path = "/api/webhook/Loja%20S%C3%A3o%20Paulo";

    for text in ["oi", "tudo bem?"] {
        let said = json!({"phone": "55", "nome": "Ana", "texto": text});
        let (status, answer) = system.api.post(path, said).await;
        assert_eq!(
            (status.as_u16(), &answer["status"]),
            (201, &json!("buffered"))
        );
        assert!(answer["message_id"].is_string(), "{answer}");
    }
    let flush = "/api/chats/55/flush?buffer=loja-sao-paulo";
    let (status, answer) = system.api.request(Method::POST, flush, None).await;
    assert_eq!(status, 200, "{answer}");

    assert_eq!(
        bot.call().await.json(),
        json!({"phone": "55", "content": ["Ana: oi", "Ana: tudo bem?"]})
    );

    let (status, answer) = system.api.post(path, json!({"nome": "Ana"})).await;
    assert_eq!(status, 400, "{answer}");
    system
        .put(
            "/api/buffer-configs/loja-sao-paulo",
            json!({"active": false}),
        )
        .await;
    let (status, answer) = system.api.post(path, json!({"phone": "55"})).await;
    assert_eq!(status, 404, "{answer}");
}

#[tokio::test]
async fn another_key_is_what_forwardings_call_the_chat_then() {
    let system = system().await;
    let mut bot = Receiver::start().await;
    let spec = json!({"name": "bot", "buffer": "loja-sao-paulo", "url": bot.url(), "template": "{{ texto }}"});
    forwarding(&system, spec).await;

    system
        .put(
            "/api/buffer-configs/loja-sao-paulo",
            json!({"filter_field": "fone"}),
        )
        .await;
    settled(&system).await;
    system
        .say_item(
            "loja-sao-paulo",
            "55",
            &whole(&json!({"texto": "oi"})),
            SHORT,
        )
        .await;

    assert_eq!(
        bot.call().await.json(),
        json!({"fone": "55", "content": ["oi"]})
    );
}

#[tokio::test]
async fn what_was_forwarded_is_listed_and_filtered() {
    let system = system().await;
    let mut bot = Receiver::start().await;
    let spec = json!({"name": "Bot", "buffer": "loja-sao-paulo", "url": bot.url()});
    forwarding(&system, spec).await;
    let spec = json!({"name": "dead", "buffer": "loja-sao-paulo", "url": "http://127.0.0.1:9/"});
    forwarding(&system, spec).await;
    settled(&system).await;
    system
        .say_item("loja-sao-paulo", "55", &whole(&json!({"a": 1})), SHORT)
        .await;
    bot.call().await;

    let list = async |query: &str| {
        let path = format!("/api/messages/forwarded?{query}");
        let (status, list) = system.api.get(&path).await;
        assert_eq!(status, 200, "{list}");
        list.as_array().unwrap().clone()
    };
    eventually("both calls are settled", async || {
        list("status=success").await.len() == 1 && !list("forwarding=dead").await.is_empty()
    })
    .await;

    let sent = &list("forwarding=Bot&buffer=loja-sao-paulo&from=2020-01-01T00:00:00Z").await[0];
    assert_eq!(
        (&sent["status"], &sent["status_code"]),
        (&json!("delivered"), &json!(200))
    );
    assert_eq!((&sent["key"], &sent["messages"]), (&json!("55"), &json!(1)));
    let failed = &list("status=failed").await[0];
    assert_eq!(failed["forwarding"], "dead");
    let why = failed["response"].as_str().unwrap_or_default();
    assert!(why.starts_with("cannot connect: "), "{failed}");
    for nothing in ["buffer=default", "to=2020-01-01T00:00:00Z", "status=404"] {
        assert!(list(nothing).await.is_empty(), "{nothing}");
    }
    assert_eq!(
        system.api.get("/api/messages/forwarded?from=today").await.0,
        400
    );
}
