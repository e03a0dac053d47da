//! Who is writing now, and the chats of one person as one story.

use serde_json::json;

use super::browser::Browser;
use super::reading::{answers, has, lacks};
use crate::support::daemon::SUITE_KEY;
use crate::support::system::System;

#[tokio::test]
async fn open_windows_are_listed_with_what_can_be_done_and_one_person_has_one_story() {
    let loja = json!({"name": "loja", "window": {"wait": 600, "max_wait": 600}});
    let system = System::with(&[loja]).await;
    let api = &system.api;
    let ana = Browser::with_key(api, SUITE_KEY).await;
    let eyes = Browser::of_a_reader(api).await;
    api.say("5511988887777", "oi, tudo bem?", 3000.0).await;
    let said = json!({"user": "5511988887777", "message": "qual o <b>preço</b>?"});
    let (status, taken) = api.post("/api/buffers/loja/messages", said).await;
    assert!(status.is_success(), "{taken}");
    api.say("5521966665555", "outra pessoa", 3000.0).await;

    let windows = ana.get("/console/windows").await;
    answers(
        &windows,
        200,
        &["3 open", "Send 1 message now", "Drop 1 message", "/pause"],
    );
    has(&eyes.get("/console/windows").await, &["3 open"]);
    lacks(&eyes.get("/console/windows").await, &["Send 1 message now"]);
    let of_loja = ana.get("/console/windows?buffer=loja").await;
    has(&of_loja, &["5511988887777"]);
    lacks(&of_loja, &["5521966665555"]);
    has(&ana.get("/console").await, &["href=\"/console/windows\""]);

    let found = ana.post("/console/find", &[("q", "98888-7777")]).await;
    answers(&found, 200, &["All together"]);
    let (_, found) = api.get("/api/find?q=5511988887777").await;
    let token = found["people"][0]["chats"][0]["token"].as_str().unwrap();
    let path = format!("/console/chats/{token}");
    let one = ana.get(&path).await;
    has(
        &one,
        &[
            "Chats of this person",
            "?all=true",
            ">loja</a>",
            ">default</a>",
        ],
    );
    assert_ne!(one.html.contains("tudo bem?"), one.html.contains("preço"));
    let all = ana.get(&format!("{path}?all=true")).await;
    has(
        &all,
        &[
            "oi, tudo bem?",
            "qual o &#60;b&#62;preço",
            ">loja</span>",
            ">default</span>",
        ],
    );
    let at = |text: &str| all.html.find(text).unwrap();
    assert!(at("tudo bem?") < at("preço"));
    lacks(&all, &["outra pessoa"]);
    let alone = ana.post("/console/find", &[("q", "5521966665555")]).await;
    lacks(&ana.get(&alone.sent_to).await, &["Chats of this person"]);
}
