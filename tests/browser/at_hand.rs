//! What somebody is about to touch stays where it is, and what they have typed stays, whatever happens meanwhile.

use serde_json::json;

use crate::chromium::Chromium;
use crate::scene::{ADMIN, ANA};
use crate::support::system::System;

/// The rows of a list, and what is away of them.
const ROWS: &str = "return [...document.querySelectorAll('#windows .rows > li')]
    .map((it) => it.querySelector('.who strong').textContent + (it.classList.contains('gone') ? ' gone' : '')).join(' ')";

#[tokio::test]
async fn rows_keep_their_places_while_somebody_is_at_them_and_no_length_is_without_end() {
    let system = System::open().await;
    let api = &system.api;
    for (user, wait) in [("um", 300.0), ("dois", 400.0), ("tres", 500.0)] {
        api.say(user, "oi", wait).await;
    }
    let browser = Chromium::with_key(api, ADMIN).await;
    let watch = "new MutationObserver(() => { window.endless ||= document.body?.innerText.includes('Infinity'); })
        .observe(document, { childList: true, subtree: true, characterData: true })";
    let script = json!({ "source": watch });
    browser
        .chrome("Page.addScriptToEvaluateOnNewDocument", script)
        .await;
    browser.open("/console/windows").await;
    let rows = |told: &str| format!("return (() => {{ {ROWS} }})() === {told:?}");
    browser
        .until("the next comes first", &rows("um dois tres"))
        .await;

    browser.run("dispatchEvent(new Event('pointermove'))").await;
    let (status, _) = api.post("/api/chats/um/flush", json!({})).await;
    assert!(status.is_success());
    api.say("novo", "oi", 200.0).await;
    let kept = "um gone dois tres novo";
    browser.until("they keep their places", &rows(kept)).await;
    assert_eq!(browser.run("return window.endless ?? false").await, false);
}

#[tokio::test]
async fn what_is_typed_stays_when_the_session_ends_and_nothing_else_does() {
    let system = System::open().await;
    let api = &system.api;
    let key = json!({ "name": "leo", "scopes": ["admin"] });
    let (_, made) = api.post("/api/keys", key).await;
    let browser = Chromium::with_key(api, made["key"].as_str().unwrap()).await;
    browser.open("/console/destinations/.new").await;
    browser.fill("#f-name", "bot").await;
    let (status, gone) = api
        .request(reqwest::Method::DELETE, "/api/keys/leo", None)
        .await;
    assert!(status.is_success(), "{gone}");
    browser.fill("#f-url", "http://127.0.0.1:9/").await;
    browser.reads("What you typed is still here").await;
    let name = browser
        .run("return document.querySelector('#f-name').value")
        .await;
    assert_eq!(name, "bot");

    browser.open("/console").await;
    browser.is_at("/console/login").await;
    browser.reads("You are not signed in any more").await;
}

#[tokio::test]
async fn the_story_is_live_and_the_search_is_left_by_escape() {
    let system = System::open().await;
    let api = &system.api;
    api.say(ANA, "oi", 600.0).await;
    let (_, found) = api.get(&format!("/api/find?q={ANA}")).await;
    let token = found["people"][0]["chats"][0]["token"].as_str().unwrap();
    let browser = Chromium::with_key(api, ADMIN).await;
    browser.open(&format!("/console/chats/{token}")).await;
    browser.reads("Send 1 message now").await;
    api.say(ANA, "tudo bem?", 600.0).await;
    browser.reads("Send 2 messages now").await;
    let copies = "return Boolean(document.querySelector('lull-copy button'))";
    browser.until("the story can be copied still", copies).await;

    browser.keys(&["/"]).await;
    let in_search =
        |there: bool| format!("return (document.activeElement.id === 'search') === {there}");
    browser
        .until("the search has the attention", &in_search(true))
        .await;
    browser.keys(&["\u{e00c}"]).await;
    browser.until("it is left", &in_search(false)).await;
}
