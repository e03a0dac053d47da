//! `GET /api/overview`: how all of it goes, at a glance.

use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const LATER: Answer = Answer::Full(503, "Retry-After: 600\r\n", "");

async fn overview(api: &Daemon) -> Value {
    let (status, answer) = api.get("/api/overview").await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// Waits until this of the overview is so.
async fn seen(api: &Daemon, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut told = Value::Null;
    eventually(what, async || {
        told = overview(api).await;
        is_so(&told)
    })
    .await;
    told
}

fn destination<'a>(told: &'a Value, name: &str) -> &'a Value {
    let items = told["destinations"]["items"].as_array().unwrap();
    items.iter().find(|it| it["name"] == name).unwrap()
}

#[tokio::test]
async fn it_counts_what_is_there_and_tells_what_has_waited_longest() {
    let buffer = json!({"name": "loja", "window": {"wait": 600, "max_wait": 600}});
    let mut system = System::with(&[buffer]).await;
    system.monitor.stop().await;
    let api = &system.api;
    for user in ["ana", "eva", "rui"] {
        let said = json!({"user": user, "message": "oi"});
        api.post("/api/buffers/loja/messages", said).await;
    }
    api.post("/api/chats/ana/flush?buffer=loja", json!({}))
        .await;
    api.post("/api/chats/leo/pause?buffer=loja", json!({"for": 600}))
        .await;
    let later = json!({"user": "bia", "message": "oi", "delay": 600});
    assert_eq!(api.post("/api/message", later).await.0, 200);

    let told = seen(api, "all is counted", |told| {
        told["counts"]["later"] == 1 && told["oldest_batch"]["waits_for"].as_f64() > Some(0.0)
    })
    .await;

    assert_eq!(
        told["counts"],
        json!({
            "open_windows": 2, "waiting_batches": 1, "later": 1, "dead_letters": 0,
            "paused_chats": 1,
        })
    );
    let closing = json!([
        {"within": 5, "windows": 0}, {"within": 15, "windows": 0}, {"within": 60, "windows": 0},
        {"within": 300, "windows": 0}, {"within": 3600, "windows": 2}, {"within": null, "windows": 0},
    ]);
    assert_eq!(told["closing"], closing);
    assert_eq!(told["oldest_batch"]["destination"], "default");
    assert_eq!(told["oldest_overdue_window"], Value::Null);
    assert_eq!(told["lateness"], Value::Null);
    assert_eq!(told["daemons"], json!({"api": 1, "monitor": 0}));
    let default = destination(&told, "default");
    assert_eq!(
        (&default["waiting_lanes"], &default["state"]),
        (&json!(1), &json!("unknown"))
    );
    assert_eq!(told["destinations"]["all_looked_at"], true);
    assert_eq!(told["destinations"]["total"], 2);

    let stop = json!({"action": "stop", "destination": "messages"});
    assert_eq!(api.post("/api/control", stop).await.0, 200);
    let told = seen(api, "the stop is seen", |told| {
        told["destinations"]["stopped"] == 1
    })
    .await;
    assert_eq!(destination(&told, "messages")["state"], "stopped");
    assert_eq!(told["stopped"]["destinations"], json!(["messages"]));
}

#[tokio::test]
async fn a_destination_fails_until_it_takes_something() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], LATER).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say("ana", "oi", 0.1).await;

    let told = seen(&api, "it fails", |told| {
        told["destinations"]["failing"] == 1
    })
    .await;
    let default = destination(&told, "default");
    assert_eq!(default["state"], "failing", "{told}");
    assert_eq!(default["last_failure"]["status"], 503);
    assert_eq!(default["last_failure"]["summary"], "HTTP 503");
    assert_eq!(default["last_success_at"], Value::Null);
    assert!(default["failing_since"].as_str() <= default["last_failure"]["at"].as_str());
    assert_eq!(told["counts"]["waiting_batches"], 1);
    assert_eq!(told["oldest_batch"]["destination"], "default");

    receiver.answer(Answer::Status(200));
    let again = json!({"user": "ana", "destination": "default"});
    assert_eq!(api.post("/api/lanes/now", again).await.0, 200);
    receiver.call().await;
    let told = seen(&api, "it works", |told| {
        destination(told, "default")["state"] == "works" && !told["lateness"].is_null()
    })
    .await;
    let default = destination(&told, "default");
    assert_eq!(default["failing_since"], Value::Null);
    assert_eq!(
        default["last_failure"]["status"], 503,
        "the last one is still told"
    );
    assert_eq!(told["oldest_batch"], Value::Null);
    assert_eq!(
        told["lateness"]["batches"], 1,
        "only first attempts are late"
    );
    assert_eq!(told["daemons"], json!({"api": 1, "monitor": 1}));
}

#[tokio::test]
async fn of_many_destinations_those_in_need_are_told_first() {
    let system = System::open().await;
    let store = &system.store;
    for at in 0..130 {
        let path = format!("/api/destinations/d{at:03}");
        let spec = json!({"url": "http://127.0.0.1:9/", "active": at != 129});
        assert_eq!(system.put(&path, spec).await.0, 200);
    }
    let name = |text: &str| lull::core::chat::Name::parse(text).unwrap();
    let failed = lull::store::lanes::calls::Seen {
        failure: Some(std::time::Duration::ZERO),
        first_failure: Some(std::time::Duration::ZERO),
        summary: "no answer".to_owned(),
        ..lull::store::lanes::calls::Seen::default()
    };
    let down = lull::store::lanes::calls::Seen {
        down: Some(true),
        ..failed.clone()
    };
    let noted = [(name("d100"), failed), (name("d120"), down)];
    store.lanes().note_calls(&noted).await.unwrap();

    let told = seen(&system.api, "all are looked at", |told| {
        told["destinations"]["all_looked_at"] == true && told["destinations"]["total"] == 132
    })
    .await;

    let destinations = &told["destinations"];
    assert_eq!(destinations["items"].as_array().unwrap().len(), 100);
    assert_eq!(
        (&destinations["down"], &destinations["failing"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(destinations["off"], 1);
    let first = |at: usize| &destinations["items"][at]["name"];
    assert_eq!((first(0), first(1)), (&json!("d120"), &json!("d100")));
    assert_eq!(destinations["items"][0]["state"], "down");
}

#[tokio::test]
async fn what_has_waited_longest_is_seen_at_the_first_look_whatever_the_number_of_destinations() {
    let mut receiver = Receiver::answering(&[], LATER).await;
    let system = System::with(&[]).await;
    let api = &system.api;
    for number in 0..70 {
        let path = format!("/api/destinations/bot-{number:02}");
        let (status, answer) = system.put(&path, json!({"url": receiver.url()})).await;
        assert_eq!(status, 200, "{answer}");
    }
    let last = json!({"destinations": ["bot-69"], "window": {"wait": 0.1}});
    assert_eq!(system.put("/api/buffers/loja", last).await.0, 200);
    let said = json!({"user": "ana", "message": "oi"});
    api.post("/api/buffers/loja/messages", said).await;
    receiver.call().await;

    // Nobody has asked this daemon before.
    let other = Daemon::api(&system.redis).await;
    let told = overview(&other).await;

    assert_eq!(told["oldest_batch"]["destination"], "bot-69", "{told}");
    assert_eq!(told["destinations"]["all_looked_at"], true);
}
