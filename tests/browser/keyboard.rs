//! Somebody who has only a keyboard.

use crate::chromium::{Chromium, DESK, ENTER, TAB};
use crate::scene::{ADMIN, ANA};
use crate::support::system::System;

/// The keys of a text.
fn typed(text: &str) -> Vec<&str> {
    text.split("").filter(|it| !it.is_empty()).collect()
}

/// A script that tells whether what has the attention fits a selector.
fn attends_to(css: &str) -> String {
    format!("return document.activeElement.matches({css:?})")
}

#[tokio::test]
async fn all_that_is_urgent_can_be_done_with_keys_alone() {
    let mut system = System::open().await;
    system.api.say(ANA, "oi", 120.0).await;
    let browser = Chromium::at(&system.api).await;
    browser.looks(DESK, false).await;

    // The field of the key has the attention from the start.
    browser.open("/console/login").await;
    browser.keys(&typed(ADMIN)).await;
    browser.keys(&[ENTER]).await;
    browser.is_at("/console").await;

    // The first of all is the way past what stands on every page.
    browser.keys(&[TAB]).await;
    browser
        .until("there is a way past", &attends_to("a.skip"))
        .await;
    browser.keys(&[ENTER]).await;
    browser
        .until("it leads to the content", &attends_to("main"))
        .await;

    // Rows are gone through, and the one that has the attention is opened.
    browser.reads("1 message").await;
    browser.keys(&["j"]).await;
    browser
        .until(
            "a row has the attention",
            &attends_to("#parts [data-row] a"),
        )
        .await;
    browser.keys(&[ENTER]).await;
    browser.is_at("/console/chats/chat_").await;
    browser.keys(&["f"]).await;
    browser.reads("Sent now: 1 message").await;
    assert_eq!(system.default.call().await.messages(), ["oi"]);

    // Places have letters, which mean nothing while somebody types.
    browser.keys(&["g", "d"]).await;
    browser.is_at("/console/dead").await;
    browser.keys(&["/"]).await;
    browser
        .until("somebody can type", &attends_to("#search"))
        .await;
    browser.keys(&typed("g n 98888-7777")).await;
    assert_eq!(
        browser.run("return document.activeElement.value").await,
        "g n 98888-7777"
    );
    browser.is_at("/console/dead").await;
    browser.fill("#search", "98888-7777").await;
    browser.keys(&[ENTER]).await;
    browser.is_at("/console/chats/chat_").await;

    // What asks opens, and is left to be answered.
    browser.keys(&["p"]).await;
    browser.reads("The chat is left to a person.").await;
    for (keys, place) in [
        ("n", "/console"),
        ("w", "/console/waiting"),
        ("h", "/console/history"),
        ("m", "/console/more"),
    ] {
        browser.keys(&["g", keys]).await;
        browser
            .until(place, &format!("return location.pathname === {place:?}"))
            .await;
    }
}
