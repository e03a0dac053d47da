//! A destination that is no webhook, as pages: written without scripts, shown, tried, and what its form refuses.

use serde_json::json;

use super::browser::Browser;
use super::reading::{answers, lacks};
use crate::support::daemon::{SUITE_KEY, free_port};
use crate::support::system::System;

#[tokio::test]
async fn a_stream_is_written_by_a_form_that_sends_what_other_kinds_have_and_is_shown_masked() {
    let system = System::with(&[]).await;
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    let begun = ana.get("/console/destinations/.new").await;
    let parts = [
        "<option value=\"http\" selected>HTTP call (webhook)</option>",
        "Redis stream",
        "data-only=\"redis-stream\"",
        "The key of the stream.",
    ];
    answers(&begun, 200, &parts);
    let url = format!("redis://us:t0ps3cret@127.0.0.1:{}", free_port());
    let typed = |stream: &'static str| {
        vec![
            ("of", ""),
            ("name", "fila"),
            ("kind", "redis-stream"),
            ("url", url.as_str()),
            ("method", "POST"),
            ("stream", stream),
            ("max_len", "500"),
            ("retry.max_retry_after", "5"),
            ("active", "on"),
        ]
    };

    let refused = ana
        .post("/console/destinations/.new", &typed("lull:x"))
        .await;
    let parts = ["Write the key of the stream", "must not begin with lull:"];
    answers(&refused, 400, &parts);
    let preview = ana
        .post("/console/destinations/.preview", &typed("bots"))
        .await;
    answers(&preview, 200, &["XADD bots", "webhook-id"]);
    let made = ana.post("/console/destinations/.new", &typed("bots")).await;
    assert_eq!(made.status, 303, "{}", made.html);
    let (_, there) = system.api.get("/api/destinations/fila").await;
    assert_eq!(
        (
            &there["kind"],
            &there["max_len"],
            &there["retry"]["max_retry_after"]
        ),
        (&json!("redis-stream"), &json!(500), &json!(3600.0))
    );
    let one = ana.get(&made.sent_to).await;
    let parts = ["XADD bots", "redis://********@127.0.0.1", "keeps about 500"];
    answers(&one, 200, &parts);
    let list = ana.get("/console/destinations").await;
    answers(&list, 200, &["XADD bots redis://********@127.0.0.1"]);
    let edit = ana.get("/console/destinations/fila/edit").await;
    answers(
        &edit,
        200,
        &["value=\"redis-stream\" selected", "value=\"500\""],
    );
    let tested = ana
        .post("/console/destinations/fila/test", &[("webhook_id", "")])
        .await;
    answers(&tested, 200, &["cannot connect: connection refused"]);
    for page in [&one, &list, &edit, &tested] {
        lacks(page, &["t0ps3cret"]);
    }
}

#[tokio::test]
async fn an_exchange_is_written_with_its_routing_key_and_without_a_url_if_there_is_one_for_all() {
    let broker = [("RABBITMQ_URL", "amqp://us:t0ps3cret@127.0.0.1:9/loja")];
    let system = System::with_settings(&[], &broker).await;
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    let begun = ana.get("/console/destinations/.new").await;
    let ticked = "name=\"persistent\" value=\"on\" checked";
    answers(&begun, 200, &["RabbitMQ (AMQP)", ticked]);
    let typed = |key: &'static str| {
        vec![
            ("of", ""),
            ("name", "fila"),
            ("kind", "amqp"),
            ("url", ""),
            ("method", "POST"),
            ("exchange", "bots"),
            ("routing_key", key),
            ("active", "on"),
        ]
    };

    let refused = ana
        .post("/console/destinations/.new", &typed("loja.{{ x"))
        .await;
    answers(&refused, 400, &["Write the routing key"]);
    let preview = ana
        .post("/console/destinations/.preview", &typed("loja.{{ user }}"))
        .await;
    let parts = [
        "PUBLISH bots loja.lull-test",
        "amqp://********@127.0.0.1:9/loja",
    ];
    answers(&preview, 200, &parts);
    let made = ana
        .post("/console/destinations/.new", &typed("loja.{{ user }}"))
        .await;
    assert_eq!(made.status, 303, "{}", made.html);
    let (_, there) = system.api.get("/api/destinations/fila").await;
    assert_eq!(
        (&there["url"], &there["persistent"], there.get("method")),
        (&json!(""), &json!(false), None)
    );
    let one = ana.get(&made.sent_to).await;
    let parts = [
        "PUBLISH bots loja.{{ user }}",
        "RABBITMQ_URL",
        "lost when RabbitMQ",
    ];
    answers(&one, 200, &parts);
    answers(
        &ana.get("/console/destinations").await,
        200,
        &["RABBITMQ_URL"],
    );
    let edit = ana.get("/console/destinations/fila/edit").await;
    answers(&edit, 200, &["value=\"amqp\" selected", "loja.{{ user }}"]);
    for page in [&preview, &one, &edit] {
        lacks(page, &["t0ps3cret"]);
    }
}
