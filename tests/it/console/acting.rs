//! An act does what its page showed, and says what it did: once, and to nobody else.

use serde_json::json;

use super::browser::Browser;
use super::reading::{answers, has, lacks};
use crate::support::daemon::SUITE_KEY;
use crate::support::system::System;

const ANA: &str = "5511988887777";

#[tokio::test]
async fn what_was_said_meanwhile_is_asked_about_and_nothing_is_said_to_be_done_that_was_not() {
    let loja = json!({"name": "loja", "window": {"wait": 600, "max_wait": 600}});
    let system = System::with(&[loja]).await;
    let api = &system.api;
    let ana = Browser::with_key(api, SUITE_KEY).await;
    let says = async |text: &str| {
        let said = json!({"user": ANA, "message": text});
        let (status, answer) = api.post("/api/buffers/loja/messages", said).await;
        assert!(status.is_success(), "{answer}");
    };
    says("oi").await;
    let found = ana.post("/console/find", &[("q", ANA)]).await;
    let story = found.sent_to.as_str();
    let page = ana.get(story).await;
    answers(
        &page,
        200,
        &["data-live", "hx-select=\"#chat\"", "Drop 1 message"],
    );
    has(&page, &["name=\"shown\" value=\"1\"", "<lull-countdown"]);
    let again = ana.look_again(story, 0).await;
    has(&again, &["id=\"chat\"", "id=\"strip\""]);

    says("tudo bem?").await;
    says("qual o preço?").await;
    let act = async |word: &str, shown: &str| {
        let fields = [("shown", shown), ("back", story)];
        ana.post(&format!("{story}/{word}"), &fields).await
    };
    for (word, button) in [
        ("cancel", "Yes: Drop 3 messages"),
        ("flush", "Yes: Send 3 messages now"),
        ("pause", "Yes: Leave to a person"),
    ] {
        let asked = act(word, "1").await;
        let parts = [
            "there are 3 messages now",
            "name=\"shown\" value=\"3\"",
            button,
        ];
        answers(&asked, 409, &parts);
    }
    let (_, windows) = api.get("/api/chats").await;
    assert_eq!(windows["items"][0]["messages"], 3, "{windows}");
    let extended = ana
        .post(&format!("{story}/extend"), &[("back", story)])
        .await;
    assert_eq!(extended.sent_to, format!("{story}?done=at_cap&n=3"));

    let dropped = act("cancel", "3").await;
    assert_eq!(dropped.sent_to, format!("{story}?done=cancel&n=3"));
    has(&ana.get(&dropped.sent_to).await, &["Dropped: 3"]);
    lacks(&ana.get(&dropped.sent_to).await, &["Dropped: 3"]);
    let forged = ana.get("/console?done=revive_many&n=99999").await;
    lacks(&forged, &["role=\"status\">On their way"]);
    let nothing = act("flush", "3").await;
    assert_eq!(nothing.sent_to, format!("{story}?done=no_window&n=0"));
    has(
        &ana.get(&nothing.sent_to).await,
        &["No window was open any more"],
    );
    let erased = act("erase", "0").await;
    assert_eq!(erased.sent_to, "/console/find?done=erase&n=0");
    answers(&ana.get(&erased.sent_to).await, 200, &["is erased"]);

    // What the strip says is what the page says, at once.
    has(&ana.get("/console").await, &["Stop all deliveries"]);
    for (action, says) in [
        ("stop", "Start deliveries again"),
        ("start", "Stop all deliveries"),
    ] {
        let switch = [("action", action), ("back", "/console")];
        let switched = ana.post("/console/control", &switch).await;
        has(&ana.get(&switched.sent_to).await, &[says]);
    }
    has(
        &ana.look_again("/console/now", 0).await,
        &["id=\"strip\"", "id=\"parts\""],
    );
}
