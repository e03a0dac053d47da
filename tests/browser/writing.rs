//! Writing what is configured: over what somebody else wrote meanwhile, and a template with what it makes beside it.

use serde_json::{Value, json};

use crate::chromium::{Chromium, DESK};
use crate::scene::{ADMIN, ANA};
use crate::support::system::System;
use crate::support::{Receiver, eventually};

/// The fields of the window that are typed into here.
const WAIT: &str = "[name='window.wait']";
const WORDS: &str = "[name='window.flush_words']";

/// The window of the buffer `loja`, as the api has it.
async fn window(system: &System) -> Value {
    let (_, mut loja) = system.api.get("/api/buffers/loja").await;
    loja["window"].take()
}

#[tokio::test]
async fn what_somebody_else_saved_meanwhile_stands_beside_what_was_typed_and_neither_is_lost() {
    let spec = json!({"window": {"wait": 8, "max_wait": 60}, "destinations": ["default"]});
    let mut loja = spec.clone();
    loja["name"] = json!("loja");
    let system = System::with(&[loja]).await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.is_at("/console").await;

    browser.open("/console/buffers/loja/window").await;
    browser.fill(WAIT, "12").await;
    browser.press("Save").await;
    browser.reads("Saved.").await;
    let saved = window(&system).await;
    assert_eq!(
        (&saved["wait"], &saved["max_wait"]),
        (&json!(12.0), &json!(60.0))
    );

    browser.fill(WAIT, "15").await;
    browser.press("More settings").await;
    browser.fill(WORDS, "só isso").await;
    let mut theirs = spec;
    theirs["window"] = json!({"wait": 20, "max_wait": 90, "flush_words": ["fim"]});
    let (status, answer) = system.put("/api/buffers/loja", theirs).await;
    assert_eq!(status, 200, "{answer}");
    browser.press("Save").await;
    browser
        .reads("Somebody else saved while you were editing.")
        .await;

    // What is there stands beside what was typed, and was left alone.
    let beside = "const of = (name) => document.querySelector(`[name='window.${name}']`);
        return ['wait', 'max_wait', 'flush_words'].map((name) =>
            [of(name).value, of(name).closest('.field').querySelector('.said')?.textContent ?? null])";
    assert_eq!(
        browser.run(beside).await,
        json!([["15", "20"], ["60", "90"], ["só isso", "fim"]])
    );
    assert_eq!(window(&system).await["wait"], 20.0);

    browser.press("Save").await;
    browser.reads("Saved.").await;
    let saved = window(&system).await;
    assert_eq!(
        (&saved["wait"], &saved["max_wait"], &saved["flush_words"]),
        (&json!(15.0), &json!(60.0), &json!(["só isso"]))
    );
}

#[tokio::test]
async fn while_a_template_is_typed_the_call_that_it_makes_of_the_last_delivery_stands_beside_it() {
    let system = System::open().await;
    let mut crm = Receiver::start().await;
    system.destination("crm", &crm.url()).await;
    system.buffer("vendas", &["crm"]).await;
    let said = json!({"user": ANA, "message": "quanto custa?", "ttl": 0.1});
    system.api.post("/api/buffers/vendas/messages", said).await;
    crm.call().await;
    eventually("it is in the history", async || {
        let (_, tried) = system.api.get("/api/history?destination=crm").await;
        tried["items"][0]["status"] == "delivered"
    })
    .await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.looks(DESK, false).await;
    browser.is_at("/console").await;
    browser.open("/console/destinations/crm/edit").await;
    let shows = |words: &str| {
        let words = json!(words);
        format!("return document.querySelector('#preview').textContent.includes({words})")
    };

    browser.until("it is of her", &shows(ANA)).await;
    browser
        .until("it is what she said", &shows("quanto custa?"))
        .await;
    browser
        .fill(
            "[name=template]",
            r#"{"de": {{ user }}, "disse": {{ text }}}"#,
        )
        .await;
    browser
        .until(
            "the template is filled",
            &shows(r#""disse": "quanto custa?""#),
        )
        .await;
    let broken = "{\"de\": {{ user }},\n \"disse\": {{ text }";
    browser.fill("[name=template]", broken).await;
    browser
        .until("it says what is wrong", &shows("The template"))
        .await;
    browser.until("and where", &shows("line 2")).await;

    // Who types is not disturbed, and nothing is sent or saved.
    let typing = "const it = document.activeElement; return [it.name, it.value]";
    assert_eq!(browser.run(typing).await, json!(["template", broken]));
    let (_, there) = system.api.get("/api/destinations/crm").await;
    assert_eq!(there["template"], Value::Null);
    assert_eq!(crm.calls_so_far().len(), 0);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
