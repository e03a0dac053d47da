//! Nothing is done with a page that is not of now: its buttons are held, it says why, and they come back by themselves.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::chromium::Chromium;
use crate::scene::{ADMIN, ANA};
use crate::support::system::System;

const HELD: &str = "return !document.getElementById('held').hidden
    && [...document.querySelectorAll('[data-act]')].every((it) => it.disabled)";
const FREE: &str = "return document.getElementById('held').hidden
    && document.querySelector('[data-act]') && ![...document.querySelectorAll('[data-act]')].some((it) => it.disabled)";

#[tokio::test]
async fn acts_are_held_while_redis_is_away_and_come_back_by_themselves() {
    let mut system = System::open().await;
    system.api.say(ANA, "oi", 600.0).await;
    let (_, found) = system.api.get(&format!("/api/find?q={ANA}")).await;
    let token = found["people"][0]["chats"][0]["token"].as_str().unwrap();
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.open(&format!("/console/chats/{token}")).await;
    browser.until("all can be done", FREE).await;

    system.redis.kill();
    browser.until("nothing can be done", HELD).await;
    browser.reads("nothing can be done until it is back").await;
    // Also of a page that was made meanwhile, and is made anew when Redis is back.
    browser.open("/console/settings").await;
    browser.until("nothing can be done here either", HELD).await;

    system.redis.start_again().await;
    browser.until("all can be done again", FREE).await;
}

#[tokio::test]
async fn acts_of_a_page_that_is_stale_are_held() {
    let system = System::open().await;
    let browser = Chromium::with_key(&system.api, ADMIN).await;
    browser.until("all can be done", FREE).await;

    system.api.signal(Signal::SIGSTOP);
    browser.until("nothing can be done", HELD).await;
    browser.reads("This page is not of now any more.").await;

    system.api.signal(Signal::SIGCONT);
    let (status, _) = system
        .api
        .post(
            "/api/message",
            json!({"user": ANA, "message": "oi", "ttl": 600}),
        )
        .await;
    assert!(status.is_success());
    browser.until("all can be done again", FREE).await;
}
