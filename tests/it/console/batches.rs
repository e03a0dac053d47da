//! What waits, what was given up on and what was tried: shown, narrowed, and acted on.

use serde_json::json;

use super::browser::{Browser, Page};
use super::reading::{answers, between, lacks};
use crate::support::eventually;
use crate::support::receiver::Answer;
use crate::support::system::System;

const ANA: &str = "key-of-ana-that-is-long-enough";
const LEO: &str = "key-of-leo-that-is-long-enough";
const SETTINGS: [(&str, &str); 4] = [
    (
        "API_KEYS",
        "ana:key-of-ana-that-is-long-enough:admin,leo:key-of-leo-that-is-long-enough:read",
    ),
    ("OPEN_INGEST", "true"),
    ("RETRY_FIRST", "60"),
    ("RETRY_CAP", "60"),
];

fn has(page: &Page, parts: &[&str]) {
    answers(page, 200, parts);
}

#[tokio::test]
async fn what_waits_is_given_up_on_looked_at_and_sent_again_as_often_as_was_said() {
    let mut system = System::with_settings(&[], &SETTINGS).await;
    system.default.answer(Answer::Full(503, "", "<b>busy</b>"));
    let ana = Browser::with_key(&system.api, ANA).await;
    let leo = Browser::with_key(&system.api, LEO).await;
    has(&ana.get("/console/waiting").await, &["Nothing waits."]);
    has(
        &ana.get("/console/dead").await,
        &["Nothing was given up on."],
    );
    has(
        &ana.get("/console/history").await,
        &["Nothing was sent yet."],
    );

    system
        .api
        .say("5511988887777", "qual o <i>preço</i>?", 0.1)
        .await;
    let call = system.default.call().await;
    let id = call.id();
    let list = "/console/waiting?destination=default";
    eventually("it waits for its next try", async || {
        ana.get(list).await.html.contains("next try in")
    })
    .await;
    let waiting = ana.get(list).await;
    let parts = [
        "5511988887777",
        "1 attempt",
        "HTTP 503",
        "&#60;b&#62;busy",
        "Give up",
    ];
    has(&waiting, &parts);
    let seen = leo.get(list).await;
    has(&seen, &["5511988887777"]);
    lacks(&seen, &["Give up", "Try now"]);

    let whole = format!("/console/history/{id}");
    let parts = [
        "qual o &#60;i&#62;preço",
        "HTTP 503",
        "next try in",
        "curl -X POST",
        "Give up",
    ];
    has(&ana.get(&whole).await, &parts);
    has(
        &ana.get("/console/history?status=failed").await,
        &[whole.as_str()],
    );
    has(
        &ana.get("/console/history?status=delivered").await,
        &["Nothing that fits"],
    );
    assert_eq!(ana.get("/console/history/msg_nix").await.status, 404);

    let token = between(&waiting, "name=\"user\" value=\"", "\"");
    assert!(token.starts_with("chat_"));
    let lane = [("user", token), ("destination", "default"), ("back", list)];
    let given_up = ana.post("/console/waiting/give-up", &lane).await;
    assert_eq!(given_up.sent_to, format!("{list}&done=give_up&n=0"));
    has(
        &ana.get("/console/dead?destination=default").await,
        &["given up on by hand", "Send these again…", &whole],
    );
    has(
        &ana.get("/console/dead?reason=HTTP+404").await,
        &["Nothing that fits"],
    );
    lacks(
        &leo.get("/console/dead").await,
        &["Send all again…", "Drop"],
    );
    has(&ana.get(&whole).await, &["dead letter", "Drop"]);
    let likes = |language| {
        [
            ("language", language),
            ("theme", "auto"),
            ("back", "/console"),
        ]
    };
    ana.post("/console/liking", &likes("pt-BR")).await;
    has(
        &ana.get("/console/dead").await,
        &[
            ">desistência à mão<",
            "lang=\"en\" dir=\"auto\">given up on by hand<",
        ],
    );
    ana.post("/console/liking", &likes("en")).await;
    let story = ana.get(&format!("/console/chats/{token}")).await;
    has(&story, &[&format!("href=\"{whole}\"")]);

    let narrow = [("destination", "default"), ("reason", "BY HAND")];
    let preview = ana.post("/console/dead/preview", &narrow).await;
    has(&preview, &["Send 1 again", "Have written since"]);
    system.default.answer(Answer::Status(200));
    let back = "/console/dead?destination=default&reason=by+hand";
    let wanted = [narrow[0], narrow[1], ("limit", "1"), ("back", back)];
    let revived = ana.post("/console/dead/revive", &wanted).await;
    assert_eq!(revived.sent_to, format!("{back}&done=revive_many&n=1"));
    let again = system.default.call().await;
    assert_eq!(again.id(), id);
    assert_eq!(again.json()["messages"], json!(["qual o <i>preço</i>?"]));
    eventually("it is told as delivered", async || {
        let delivered = ana.get("/console/history?status=delivered").await;
        delivered.html.contains(&whole)
    })
    .await;

    // The bot took it and failed behind it.
    let story = ana.get(&format!("/console/chats/{token}")).await;
    let button = format!("action=\"{whole}/send-again\"");
    let curl = format!("/api/history/{id}/send-again?destination=default");
    has(&story, &[&button, &curl, "under another webhook-id"]);
    has(&ana.get(&whole).await, &[&button]);
    lacks(
        &leo.get(&format!("/console/chats/{token}")).await,
        &["send-again"],
    );
    lacks(&leo.get(&whole).await, &["send-again"]);
    let there = [("destination", "default"), ("back", whole.as_str())];
    let sent = ana.post(&format!("{whole}/send-again"), &there).await;
    let (path, told) = sent.sent_to.split_once('?').unwrap();
    assert_eq!(told, "done=sent_again&n=1");
    let twice = ana.post(&format!("{whole}/send-again"), &there).await;
    assert_eq!(twice.sent_to, format!("{path}?done=sent_before&n=1"));
    let call = system.default.call().await;
    assert_eq!(path, format!("/console/history/{}", call.id()));
    eventually("the new call is told", async || {
        ana.get(path).await.html.contains("sent again, by hand")
    })
    .await;
    has(&ana.get(path).await, &[&format!("href=\"{whole}\"")]);
    let story = ana.get(&format!("/console/chats/{token}?all=true")).await;
    has(&story, &[&format!("repeats {id}"), "ana sent again"]);
}
