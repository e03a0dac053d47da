//! The first run, on a phone: from a Lull that knows nobody to a message that the bot has got.

use serde_json::json;

use crate::chromium::Chromium;
use crate::scene::{ADMIN, ANA, evolution};
use crate::support::Receiver;
use crate::support::system::System;

/// What reaches further than the screen.
const TOO_WIDE: &str =
    "return document.documentElement.scrollWidth - document.documentElement.clientWidth";

#[tokio::test]
async fn somebody_with_a_phone_gets_from_nothing_to_the_first_message() {
    let system = System::open().await;
    let mut bot = Receiver::start().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;

    browser.reads("No gateway has posted yet.").await;
    browser.press("First message").await;
    browser.is_at("/console/start").await;
    browser.choose("source", "evolution").await;
    browser.fill("[name=name]", "loja").await;
    browser.fill("[name=url]", &bot.url()).await;
    browser.press("Call the bot now").await;
    browser.reads("The bot took it.").await;
    assert!(bot.call().await.headers.contains_key("lull-test"));

    // What was typed for the test is still there.
    browser.press("Create").await;
    browser.reads("Nothing has come to this URL yet.").await;
    assert_eq!(browser.run(TOO_WIDE).await, 0);
    let url = "window.isTheSame = true;
        return document.querySelector('.entries code').textContent";
    let url = browser.run(url).await.as_str().unwrap().to_owned();
    let path = url.strip_prefix(&system.api.url("")).unwrap();

    // From here on the page follows by itself.
    let hi = || evolution(ANA, "Ana", "A1", "oi");
    let (without_secret, _) = path.split_once('?').unwrap();
    let (status, _) = system.api.post(without_secret, hi()).await;
    assert_eq!(status, 401);
    browser.reads("The gateway called and was refused:").await;
    let (status, answer) = system.api.post(path, hi()).await;
    assert_eq!(status, 200, "{answer}");
    browser.reads("1 message").await;
    let flush = format!("/api/chats/{ANA}/flush?buffer=loja");
    system.api.post(&flush, json!({})).await;
    browser.reads("The bot got 1 message in one call.").await;
    assert_eq!(bot.call().await.messages(), ["oi"]);
    assert_eq!(browser.run("return window.isTheSame").await, true);

    browser.press("See the call").await;
    browser.is_at("/console/history/").await;
    browser.reads("oi").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
