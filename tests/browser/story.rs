//! From a number to the story, and what is done out of it; what is shown of now while somebody writes.

use serde_json::json;

use crate::chromium::Chromium;
use crate::scene::{ADMIN, ANA, HOSTILE};
use crate::support::receiver::Answer;
use crate::support::system::System;

/// Looks for a number in the box that stands on every page.
async fn find(browser: &Chromium, number: &str) {
    browser.fill("#search", number).await;
    browser.click("form.search button").await;
    browser.is_at("/console/chats/chat_").await;
}

#[tokio::test]
async fn who_was_not_answered_is_found_and_what_was_given_up_on_is_sent_again() {
    let mut system = System::open().await;
    system.default.answer(Answer::Full(410, "", "gone"));
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    system.api.say(ANA, "qual o preço?", 0.1).await;
    let id = system.default.call().await.id();

    browser.is_at("/console").await;
    find(&browser, "98888-7777").await;
    browser.reads("Given up on delivering to default").await;
    browser.reads("qual o preço?").await;
    system.default.answer(Answer::Status(200));
    browser.press("Send again").await;
    browser.press("Yes: Send again").await;
    browser.reads("It is back on its lane.").await;

    let again = system.default.call().await;
    assert_eq!(
        (again.id(), again.messages()),
        (id, vec!["qual o preço?".to_owned()])
    );
    crate::support::eventually("the story tells it", async || {
        browser.open(&browser.url().await).await;
        browser.text().await.contains("default took it")
    })
    .await;
}

#[tokio::test]
async fn what_the_bot_took_and_lost_is_sent_again_once_however_often_somebody_clicks() {
    let mut system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    system.api.say(ANA, "qual o preço?", 0.1).await;
    let id = system.default.call().await.id();
    browser.is_at("/console").await;
    find(&browser, "98888-7777").await;
    let story = browser.url().await;
    crate::support::eventually("the story tells that it was taken", async || {
        browser.open(&story).await;
        browser.text().await.contains("Send again")
    })
    .await;
    browser.press("Send again").await;
    browser.reads("under another webhook-id").await;

    let twice =
        "const yes = document.querySelector('.story form.sure button'); yes.click(); yes.click();";
    browser.run(twice).await;

    browser.is_at("/console/history/msg_").await;
    let again = system.default.call().await;
    assert_eq!(again.messages(), ["qual o preço?"]);
    assert_ne!(again.id(), id);
    crate::support::eventually("the story says who did it", async || {
        browser.open(&story).await;
        browser.text().await.contains("sent again, by hand")
    })
    .await;
    browser.reads(&format!("repeats {id}")).await;
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_window_counts_down_grows_and_is_sent_at_once() {
    let mut system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.reads("Nobody is writing now.").await;

    system.api.say(ANA, "oi", 120.0).await;
    browser.reads("1 message").await;
    browser
        .until(
            "it counts down",
            "const it = document.querySelector('lull-countdown');
             window.first ??= it?.textContent;
             return Boolean(it) && window.first !== it.textContent && it.textContent.startsWith('1 min ')",
        )
        .await;
    system.api.say(ANA, "tudo bem?", 120.0).await;
    browser.reads("2 messages").await;
    browser.click("#parts a.whole").await;
    browser.reads("Still gathering").await;
    browser.press("Send 2 messages now").await;
    browser.reads("Sent now: 2 messages.").await;

    let call = system.default.call().await;
    assert_eq!(call.messages(), ["oi", "tudo bem?"]);
}

#[tokio::test]
async fn a_chat_is_left_to_a_person_and_given_back() {
    let mut system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.is_at("/console").await;
    system.api.say(ANA, "quero falar com alguém", 60.0).await;

    find(&browser, ANA).await;
    browser.press("Leave to a person").await;
    browser.reads("The open window is dropped").await;
    browser.press("Yes: Leave to a person").await;
    browser.reads("The chat is left to a person.").await;
    browser.reads("with a person for another").await;
    system.api.say(ANA, "alguém?", 0.1).await;
    let (_, windows) = system.api.get("/api/chats").await;
    assert_eq!(windows["items"], json!([]), "what is said goes nowhere");

    browser.press("Give back to the bot").await;
    browser.reads("The chat is the bot's again.").await;
    system.api.say(ANA, "voltei", 0.1).await;
    assert_eq!(system.default.call().await.messages(), ["voltei"]);
}

#[tokio::test]
async fn what_people_write_does_nothing_wherever_it_is_read() {
    let system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.reads("Nobody is writing now.").await;
    let is_untouched =
        "return document.title.endsWith('Lull') && !document.querySelector('img, main script')";

    let long = format!("{HOSTILE}{}", "é".repeat(64 * 1024));
    for (user, text) in [
        (HOSTILE, HOSTILE),
        ("a\u{202e}gpj.exe", "\u{202e}\u{2066}abc"),
        ("longo", &long),
    ] {
        let message = json!({"user": user, "message": text, "sender_name": user, "ttl": 60});
        let (status, answer) = system.api.post("/api/message", message).await;
        assert_eq!(status, 200, "{answer}");
    }
    // Half of a face, as programs send that cut texts without looking.
    let half =
        r#"{"user": "metade", "message": "metade \ud83d", "sender_name": "\udc4d", "ttl": 60}"#;
    let request = system.api.client().post(system.api.url("/api/message"));
    let request = request
        .header("content-type", "application/json")
        .body(half);
    let status = request.send().await.unwrap().status();
    assert!(status == 200 || status == 400, "{status}");

    browser.reads("document.title='taken'").await;
    let windows = "return [...document.querySelectorAll('#parts a.whole')].map((it) => it.getAttribute('href'))";
    let stories = browser.run(windows).await;
    let stories = stories.as_array().unwrap();
    assert!(stories.len() >= 3, "{stories:?}");
    for story in stories {
        browser.open(story.as_str().unwrap()).await;
        assert_eq!(browser.run(is_untouched).await, true, "{story}");
        let bytes = browser.run("return document.body.innerText.length").await;
        assert!(bytes.as_u64().unwrap() < 20_000, "{story}: {bytes}");
    }
    browser.fill("#search", HOSTILE).await;
    browser.click("form.search button").await;
    browser.until("nothing was done", is_untouched).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
