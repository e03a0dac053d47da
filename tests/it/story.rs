//! The story of a chat, and a verdict for each complaint, from what real daemons did.

use redis::AsyncCommands;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Receiver, eventually};

const ANA: &str = "5511988887777";
const CHAT: &str = "loja:5511988887777";

/// A buffer of a gateway with a short wait.
fn loja(wait: f64) -> Value {
    json!({
        "name": "loja", "source": "evolution", "window": {"wait": wait}, "destinations": ["default"],
    })
}

fn message(id: &str, text: &str, from_me: bool, event: &str) -> Value {
    let key = json!({"remoteJid": format!("{ANA}@s.whatsapp.net"), "fromMe": from_me, "id": id});
    json!({"event": event, "instance": "loja", "data": {
        "key": key, "pushName": "Ana", "message": {"conversation": text},
        "messageType": "conversation", "messageTimestamp": 1_763_770_000,
    }})
}

async fn says(system: &System, id: &str, text: &str) {
    let post = message(id, text, false, "messages.upsert");
    let (status, answer) = system.api.post("/api/webhook/loja", post).await;
    assert_eq!(status, 200, "{answer}");
}

async fn bot_answers(system: &System, text: &str) {
    let post = message("BOT1", text, true, "send.message");
    let (status, answer) = system.api.post("/api/webhook/loja", post).await;
    assert_eq!(status, 200, "{answer}");
}

async fn story_of(system: &System, chat: &str, buffer: &str) -> Value {
    let path = format!("/api/chats/{chat}/story?buffer={buffer}");
    let (status, story) = system.api.get(&path).await;
    assert_eq!(status, 200, "{story}");
    story
}

async fn story(system: &System) -> Value {
    story_of(system, CHAT, "loja").await
}

/// The story, once the verdict on "not answered" is this.
async fn told(system: &System, code: &str) -> Value {
    let mut last = Value::Null;
    for _ in 0..600 {
        last = story(system).await;
        if last["verdict"]["not_answered"]["code"] == code {
            return last;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never {code}: {last}");
}

fn events(story: &Value) -> Vec<&str> {
    let items = story["items"].as_array().unwrap().iter();
    items.map(|item| item["event"].as_str().unwrap()).collect()
}

fn in_order(story: &Value) {
    let items = story["items"].as_array().unwrap().iter();
    let times: Vec<_> = items.map(|item| item["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{story}");
}

#[tokio::test]
async fn all_that_happened_is_told_in_order() {
    let system = System::with(&[loja(0.4)]).await;
    system.default.answer_with(
        &[Answer::Status(503)],
        Answer::Full(200, "", "Workflow was started"),
    );
    says(&system, "A1", "oi").await;
    says(&system, "A2", "qual o preço?").await;
    says(&system, "A2", "qual o preço?").await;
    told(&system, "delivered").await;
    bot_answers(&system, "Custa R$ 49").await;

    let story = told(&system, "answered").await;

    in_order(&story);
    assert_eq!(
        events(&story),
        [
            "received", "received", "ignored", "closed", "attempt", "attempt", "answered"
        ],
        "{story}"
    );
    let [first, _, ignored, closed, failed, delivered, answered] =
        [0, 1, 2, 3, 4, 5, 6].map(|n| &story["items"][n]);
    let id = closed["webhook_id"].as_str().unwrap();
    assert_eq!(
        (&first["text"], &first["message_id"]),
        (&json!("oi"), &json!("A1"))
    );
    assert_eq!(first["webhook_ids"], json!([id]), "{story}");
    assert_eq!(
        (&ignored["result"], &ignored["message_id"]),
        (&json!("duplicate"), &json!("A2"))
    );
    assert_eq!(
        (&closed["messages"], &closed["reason"], &closed["wait_ms"]),
        (&json!(2), &json!("quiet"), &json!(400))
    );
    assert_eq!(
        (&failed["status"], &failed["delivered"]),
        (&json!(503), &json!(false))
    );
    assert_eq!(
        (&delivered["answer"], &delivered["delivered"]),
        (&json!("Workflow was started"), &json!(true))
    );
    assert_eq!(
        (&answered["text"], &answered["by"]),
        (&json!("Custa R$ 49"), &json!("bot"))
    );
    assert_eq!(
        (&story["name"], &story["user"]),
        (&json!("Ana"), &json!(CHAT))
    );
    let late = &story["verdict"]["late"]["facts"];
    assert!(
        late["retries_ms"].as_u64().unwrap() > 0 && late["wait_ms"] == 400,
        "{late}"
    );
    assert_eq!(story["verdict"]["twice"]["code"], "once");
    // A bare number means her, too; our own messages are nobody's messages.
    let by_number = story_of(&system, ANA, "loja").await;
    assert_eq!(by_number["user"], CHAT);
    let (_, received) = system
        .api
        .get("/api/messages/received?limit=10&buffer=loja")
        .await;
    assert_eq!(received["items"].as_array().unwrap().len(), 2, "{received}");
    let (_, taken) = system.api.get("/api/posts?result=taken").await;
    assert_eq!(taken["items"].as_array().unwrap().len(), 2, "{taken}");
}

#[tokio::test]
async fn of_nobody_and_of_who_was_refused_the_verdict_says_so() {
    let mut closed = loja(0.4);
    closed["secret"] = json!("s3cret-s3cret");
    let system = System::with(&[closed]).await;
    // Of the line 600 posts came within nine hours, the last an hour ago.
    let now = system.store.clock().now().await.unwrap();
    let known = format!("{} {} 600 0 ", now - 36_000_000, now - 3_600_000);
    let raw = &mut system.redis.raw().await;
    let line = ("lull:{config}:lines", "loja loja");
    let _: () = raw.hset(line.0, line.1, known).await.unwrap();
    let of_nobody = story(&system).await["verdict"]["not_answered"].take();
    assert_eq!(of_nobody["code"], "nothing_received");
    let facts = &of_nobody["facts"];
    assert_eq!(facts["line"], "loja", "{facts}");
    let gap = facts["usual_gap_ms"].as_u64().unwrap();
    assert!((40_000..50_000).contains(&gap), "{facts}");

    // Of a buffer that is misspelt nobody is told that nothing was received.
    let misspelt = format!("/api/chats/{ANA}/story?buffer=lojas");
    let refused = system.api.refused(Method::GET, &misspelt, None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code.as_str()),
        (404, "no_such_buffer"),
        "{refused:?}"
    );

    let post = message("A1", "oi", false, "messages.upsert");
    let refused = system
        .api
        .refused(Method::POST, "/api/webhook/loja?secret=wrong", Some(post))
        .await;
    assert_eq!(refused.status, 401, "{refused:?}");

    let story = told(&system, "posts_refused").await;
    let facts = &story["verdict"]["not_answered"]["facts"];
    assert_eq!(
        (&facts["count"], &facts["refusal"]),
        (&json!(1), &json!("proof_failed")),
        "{story}"
    );
}

#[tokio::test]
async fn what_was_left_to_a_person_is_told_with_who_did_it() {
    let system = System::with(&[loja(600.0)]).await;
    says(&system, "A1", "oi").await;
    let story = told(&system, "gathering").await;
    assert_eq!(events(&story), ["received", "open"], "{story}");
    let path = format!("/api/chats/{CHAT}/pause?buffer=loja");
    system.api.post(&path, json!({"for": 60})).await;
    says(&system, "A2", "alguém?").await;

    let story = told(&system, "dropped").await;
    assert_eq!(events(&story), ["received", "act", "ignored"], "{story}");
    assert_eq!(
        (&story["items"][1]["action"], &story["items"][1]["count"]),
        (&json!("chat.pause"), &json!(1))
    );
    let facts = &story["verdict"]["not_answered"]["facts"];
    assert_eq!(facts["result"], "paused", "{facts}");
    assert!(facts["paused_for_ms"].as_u64().unwrap() > 50_000, "{facts}");
}

#[tokio::test]
async fn what_waits_is_told_with_what_it_waits_for() {
    let system = System::with(&[loja(0.2)]).await;
    let stop = json!({"action": "stop", "buffer": "loja"});
    let (_, stopped) = system.api.post("/api/control", stop).await;
    eventually("the monitor knows", async || {
        system.monitor.get("/api/health").await.1["stopped"] == stopped["stopped"]
    })
    .await;
    says(&system, "A1", "oi").await;
    let story = told(&system, "waiting").await;
    let facts = &story["verdict"]["not_answered"]["facts"];
    assert_eq!(
        (&facts["held_by"], &facts["destination"]),
        (&json!("stopped"), &json!("default")),
        "{story}"
    );
    assert_eq!(events(&story), ["received", "closed"], "{story}");
    assert_eq!(
        story["items"][0]["webhook_ids"],
        json!([facts["webhook_id"]]),
        "it leads to its batch before that is tried: {story}"
    );

    system
        .default
        .answer(Answer::Full(404, "", "not registered"));
    system
        .api
        .post("/api/control", json!({"action": "start", "buffer": "loja"}))
        .await;
    let story = told(&system, "failing").await;
    let facts = &story["verdict"]["not_answered"]["facts"];
    assert_eq!(
        (&facts["status"], &facts["summary"]),
        (&json!(404), &json!("HTTP 404")),
        "{story}"
    );

    system.default.answer(Answer::Status(410));
    let story = told(&system, "dead").await;
    let facts = &story["verdict"]["not_answered"]["facts"];
    let letter = facts["dead_letter"].as_str().unwrap();
    let given_up = story["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (
            &given_up["event"],
            &given_up["dead_letter"],
            &given_up["reason"]
        ),
        (&json!("given_up"), &json!(letter), &json!("HTTP 410")),
        "{story}"
    );

    system.default.answer(Answer::Status(200));
    let (status, revived) = system
        .api
        .post(&format!("/api/dead-letter/{letter}/revive"), json!({}))
        .await;
    assert_eq!(status, 200, "{revived}");
    let story = told(&system, "delivered").await;
    let items = story["items"].as_array().unwrap();
    let closed = items.iter().find(|it| it["event"] == "closed").unwrap();
    assert_eq!(closed["destinations"], json!(["default"]), "{closed}");
}

#[tokio::test]
async fn what_waits_for_a_time_of_its_own_is_told_before_it_leaves() {
    let system = System::with(&[]).await;
    let later = json!({"user": ANA, "message": "oi", "delay": 3600, "message_id": "m1"});
    system.api.post("/api/message", later).await;

    let story = story_of(&system, ANA, "default").await;

    assert_eq!(
        story["verdict"]["not_answered"]["code"], "for_later",
        "{story}"
    );
    assert_eq!(events(&story), ["later"]);
    assert_eq!(story["items"][0]["message_id"], "m1");
}

#[tokio::test]
async fn an_answer_that_came_twice_has_its_reason() {
    let settings = [("WEBHOOK_TIMEOUT", "1"), ("RETRY_FIRST", "0.05")];
    let system = System::with_settings(&[loja(0.2)], &settings).await;
    system
        .default
        .answer_with(&[Answer::Silence], Answer::Status(200));
    says(&system, "A1", "oi").await;
    let story = told(&system, "delivered").await;
    let twice = &story["verdict"]["twice"];
    assert_eq!(twice["code"], "called_again", "{story}");
    assert!(
        twice["facts"]["took_ms"].as_u64().unwrap() >= 1000,
        "{twice}"
    );

    let mut crm = Receiver::start().await;
    system.destination("crm", &crm.url()).await;
    system.buffer("dois", &["default", "crm"]).await;
    let said = json!({"user": "eva", "message": "oi"});
    system.api.post("/api/buffers/dois/messages", said).await;
    crm.call().await;
    let path = "/api/chats/eva/story?buffer=dois";
    eventually("both are delivered", async || {
        let story = system.api.get(path).await.1;
        story["verdict"]["twice"]["code"] == "several_destinations"
    })
    .await;
}

#[tokio::test]
async fn two_batches_with_a_short_pause_between_are_told() {
    // The second has to come within a wait and a half, also on a busy machine.
    let system = System::with(&[loja(1.5)]).await;
    says(&system, "A1", "oi").await;
    told(&system, "delivered").await;
    says(&system, "A2", "qual o preço?").await;
    eventually("the second is delivered", async || {
        let story = story(&system).await;
        events(&story)
            .iter()
            .filter(|event| **event == "attempt")
            .count()
            == 2
    })
    .await;

    let twice = story(&system).await["verdict"]["twice"].clone();

    assert_eq!(twice["code"], "two_batches", "{twice}");
    assert_eq!(twice["facts"]["wait_ms"], 1500, "{twice}");
}

#[tokio::test]
async fn what_our_side_wrote_to_somebody_unknown_leaves_no_trace() {
    let system = System::with(&[loja(0.2)]).await;
    bot_answers(&system, "Olá!").await;

    assert_eq!(events(&story(&system).await), Vec::<&str>::new());
    let keys = system.redis.keys("lull:*:received").await;
    assert!(keys.is_empty(), "{keys:?}");
}
