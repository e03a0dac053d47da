//! Many dead letters, sent again after a look at what that would do.

use serde_json::json;

use crate::chromium::{Chromium, DESK};
use crate::scene::ADMIN;
use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Receiver, eventually};

/// How many dead letters there are by now.
async fn dead(system: &System) -> usize {
    let (_, letters) = system.api.get("/api/messages/dead-letter").await;
    letters["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn what_was_given_up_on_is_narrowed_looked_at_and_sent_again_at_once() {
    let system = System::open().await;
    let mut crm = Receiver::answering(&[], Answer::Full(410, "", "gone")).await;
    system.default.answer(Answer::Status(410));
    system.destination("crm", &crm.url()).await;
    system.buffer("vendas", &["crm"]).await;
    let people = ["5511988887777", "5521977776666", "5531966665555"];
    for user in people {
        let said = json!({"user": user, "message": "quanto custa?", "ttl": 0.1});
        system.api.post("/api/buffers/vendas/messages", said).await;
    }
    system.api.say("5541955554444", "oi", 0.1).await;
    eventually("all are given up on", async || dead(&system).await == 4).await;
    // One of them has written since, which is known to the second.
    let wanted = json!({"destination": "crm", "dry_run": true});
    eventually("one has written since", async || {
        let window = format!("/api/chats/{}?buffer=vendas", people[0]);
        system.delete(&window).await;
        let since = json!({"user": people[0], "message": "alô?", "ttl": 600});
        system.api.post("/api/buffers/vendas/messages", since).await;
        let told = system.api.post("/api/dead-letter/revive", wanted.clone());
        told.await.1["written_since"] == 1
    })
    .await;

    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.looks(DESK, false).await;
    browser.is_at("/console").await;
    browser.press("Dead").await;
    browser.reads("5541955554444").await;
    browser.choose("destination", "crm").await;
    browser.press("Show").await;
    browser.is_at("/console/dead?destination=crm").await;
    browser.press("Send these again").await;
    browser.reads("Whoever has written since").await;
    let numbers =
        "return [...document.querySelectorAll('main .numbers dd')].map((it) => it.textContent)";
    assert_eq!(browser.run(numbers).await, json!(["3", "3", "1"]));

    crm.calls_so_far();
    crm.answer(Answer::Status(200));
    browser.press("Send 3 again").await;
    browser.reads("On their way back to their lanes: 3.").await;
    let calls = crm.calls_of(3).await;
    assert!(calls.keys().eq(people), "{calls:?}");
    eventually("only the other is left", async || dead(&system).await == 1).await;
}
