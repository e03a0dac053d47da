//! From a number to the story and what can be done about it.

use serde_json::json;

use super::browser::Browser;
use crate::support::daemon::SUITE_KEY;
use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Daemon, TestRedis, eventually};

const KEYS: [(&str, &str); 2] = [
    ("API_KEYS", "ana:key-of-ana-that-is-long-enough"),
    ("OPEN_INGEST", "true"),
];
const ANA: &str = "key-of-ana-that-is-long-enough";

#[tokio::test]
async fn a_number_leads_to_the_story_and_the_story_to_what_can_be_done() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let ana = Browser::with_key(&api, ANA).await;

    let nobody = ana.post("/console/find", &[("q", "11 98888-7777")]).await;
    assert!(
        nobody.status == 200 && nobody.html.contains("Nobody with that."),
        "{}",
        nobody.html
    );
    api.say("5511988887777", "qual o preço?", 60.0).await;
    api.say("5511988887777", "oi", 60.0).await;
    let now = ana.get("/console").await;
    assert!(
        now.html.contains("5511988887777") && now.html.contains("2 messages"),
        "{}",
        now.html
    );

    let found = ana.post("/console/find", &[("q", "98888-7777")]).await;
    assert!(
        found.status == 303 && found.sent_to.starts_with("/console/chats/chat_"),
        "{found:?}"
    );
    assert!(!found.sent_to.contains("7777"));
    let story = ana.get(&found.sent_to).await;
    for part in [
        "qual o preço?",
        "Still gathering: it closes in",
        "Send 2 messages now",
        "/flush&#39;",
        "Drop 2 messages",
    ] {
        assert!(story.html.contains(part), "{part}: {}", story.html);
    }

    let chat = found.sent_to.as_str();
    let paused = ana.post(&format!("{chat}/pause"), &[("back", chat)]).await;
    assert_eq!(paused.sent_to, format!("{chat}?done=pause&n=2"));
    let story = ana.get(&paused.sent_to).await;
    for part in [
        "The chat is left to a person.",
        "Give back to the bot",
        "left to a person, by ana",
        "paused with the key ana",
    ] {
        assert!(story.html.contains(part), "{part}: {}", story.html);
    }
    ana.post(&format!("{chat}/resume"), &[("back", chat)]).await;
    let erased = ana
        .post(&format!("{chat}/erase"), &[("back", "/console/find")])
        .await;
    assert_eq!(erased.sent_to, "/console/find?done=erase&n=0");
    assert!(
        ana.post("/console/find", &[("q", "98888-7777")])
            .await
            .html
            .contains("Nobody with that.")
    );
}

#[tokio::test]
async fn what_was_given_up_on_is_sent_again_out_of_the_story() {
    let mut system = System::with(&[]).await;
    system.default.answer(Answer::Full(410, "", "gone"));
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    system.api.say("5511988887777", "oi", 0.1).await;
    system.default.call().await;
    let chat = ana
        .post("/console/find", &[("q", "5511988887777")])
        .await
        .sent_to;
    let dead = async || {
        ana.get(&chat)
            .await
            .html
            .contains("Given up on delivering to default")
    };
    eventually("the story tells of the dead letter", dead).await;
    let html = ana.get(&chat).await.html;
    let action = html
        .split("action=\"/console/dead/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();

    system.default.answer(Answer::Status(200));
    let revived = ana
        .post(&format!("/console/dead/{action}"), &[("back", &chat)])
        .await;
    assert_eq!(revived.sent_to, format!("{chat}?done=revive&n=1"));
    let again = system.default.call().await;
    assert_eq!(again.json()["messages"], json!(["oi"]));
    let told = async || ana.get(&chat).await.html.contains("sent again, by suite");
    eventually("the story tells who sent it again", told).await;
}

#[tokio::test]
async fn while_redis_is_away_the_page_stays_and_says_so() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let ana = Browser::with_key(&api, ANA).await;
    assert_eq!(ana.get("/console").await.status, 200);
    redis.signal(nix::sys::signal::Signal::SIGSTOP);

    let mut now = ana.get("/console").await;
    eventually("the page says so", async || {
        now = ana.get("/console").await;
        now.html.contains("Redis does not answer.")
    })
    .await;

    redis.signal(nix::sys::signal::Signal::SIGCONT);
    assert_eq!(now.status, 200);
    assert!(
        now.html.contains("This part cannot be shown now."),
        "{}",
        now.html
    );
}

#[tokio::test]
async fn every_verdict_that_the_api_gives_has_its_sentence() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let (_, document) = api.get("/api/openapi.json").await;
    let path = format!(
        "{}/src/console/pages/chat/verdict.rs",
        env!("CARGO_MANIFEST_DIR")
    );
    let told = std::fs::read_to_string(path).unwrap();

    let mut codes = 0;
    for complaint in ["NotAnswered", "Twice", "Late"] {
        let rules = document["components"]["schemas"][complaint]["oneOf"]
            .as_array()
            .unwrap();
        for rule in rules {
            let code = rule["properties"]["code"]["enum"][0].as_str().unwrap();
            // What holds where no other rule does is the last arm.
            let told = ["once", "nothing"].contains(&code) || told.contains(&format!("\"{code}\""));
            assert!(told, "{complaint}: {code}");
            codes += 1;
        }
    }
    assert!(codes > 25, "{codes}");
}
