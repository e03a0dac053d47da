//! What is shown of now says so when it is not of now any more, and goes on by itself.

use nix::sys::signal::Signal;

use crate::chromium::Chromium;
use crate::scene::{ADMIN, ANA};
use crate::support::system::System;

#[tokio::test]
async fn a_page_whose_api_hangs_says_since_when_it_is_old_and_goes_on_afterwards() {
    let system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    system.api.say(ANA, "oi", 600.0).await;
    browser.reads("1 message").await;
    let live = |words: &str| {
        format!("return document.getElementById('live').textContent.includes({words:?})")
    };
    browser.until("it is live", &live("live")).await;

    system.api.signal(Signal::SIGSTOP);
    browser
        .until("it says since when it is old", &live("not live since"))
        .await;
    let before = "window.before ??= document.querySelector('lull-countdown').textContent;
        return window.before !== document.querySelector('lull-countdown').textContent";
    browser.until("the countdown goes on", before).await;

    system.api.signal(Signal::SIGCONT);
    system.api.say(ANA, "tudo bem?", 600.0).await;
    browser.reads("2 messages").await;
    let again = "return document.getElementById('live').textContent === document.getElementById('live').dataset.live";
    browser.until("it is live again", again).await;
}

#[tokio::test]
async fn while_redis_is_away_an_open_page_stays_and_it_goes_on_by_itself() {
    let mut system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    system.api.say(ANA, "oi", 600.0).await;
    browser.reads("1 message").await;

    system.redis.kill();
    browser.reads("This part cannot be shown now.").await;
    browser.reads("Redis does not answer.").await;
    browser.open("/console").await;
    browser.reads("nothing can be done until it is back").await;
    let disabled = "return [...document.querySelectorAll('main form:not(.search) button')].every((it) => it.disabled)";
    assert_eq!(browser.run(disabled).await, true);

    system.redis.start_again().await;
    browser.reads("1 message").await;
}
