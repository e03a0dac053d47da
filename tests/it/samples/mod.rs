//! `GET /api/samples`: what all daemons counted, in steps of time.

mod kept;

use lull::core::samples::Step;
use lull::core::samples::counted::{Counted, Measured};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::read;
use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

async fn samples(api: &Daemon, query: &str) -> Value {
    let (status, answer) = api.get(&format!("/api/samples?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn what_all_daemons_counted_is_added_up() {
    let redis = TestRedis::start().await;
    let script = [
        Answer::Status(200),
        Answer::Status(500),
        Answer::Status(410),
    ];
    let mut receiver = Receiver::answering(&script, Answer::Status(200)).await;
    let mut apis = [Daemon::api(&redis).await, Daemon::api(&redis).await];
    let settings = [("MAX_RETRIES", "1"), ("RETRY_FIRST", "0.01")];
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    let [one, other] = &apis;
    for api in [one, other] {
        let said = json!({"user": "ana", "message": "oi", "ttl": 0.1, "message_id": "1"});
        assert_eq!(api.post("/api/message", said).await.0, 200);
    }
    receiver.call().await;
    for api in [one, other] {
        api.refused(Method::POST, "/api/message", Some(json!({"user": "ana"})))
            .await;
    }
    one.say("rui", "oi", 0.1).await;
    other.say("eva", "oi", 600.0).await;
    eventually("what was given up on is a dead letter", async || {
        let (_, list) = one.get("/api/messages/dead-letter").await;
        list["items"].as_array().is_some_and(|it| it.len() == 1)
    })
    .await;
    let metrics = [
        one.metric("lull_messages_accepted_total").await,
        other.metric("lull_messages_accepted_total").await,
        monitor
            .metric("lull_attempts_total{outcome=\"retry\"}")
            .await,
    ];
    // Whoever ends tells what it counted at last.
    for daemon in apis.iter_mut().chain([&mut monitor]) {
        daemon.stop().await;
    }

    let api = Daemon::api(&redis).await;
    let told = samples(&api, "").await;

    let total = &told["total"];
    assert_eq!(
        total["in"],
        json!({
            "total": 4, "taken": 3, "changed": 0, "typing": 0, "duplicate": 1, "repeated": 0,
            "paused": 0, "ignored": 0,
        })
    );
    assert_eq!(metrics, [2.0, 1.0, 1.0]);
    assert_eq!(total["refused"], json!({"message": 2}));
    assert_eq!(
        total["out"],
        json!({"total": 3, "delivered": 1, "retry": 1, "rejected": 1})
    );
    for (name, count) in [("lateness", 2), ("delivery", 3)] {
        let measured = &total[name];
        let counts = measured["counts"].as_array().unwrap();
        let sum: u64 = counts.iter().map(|it| it.as_u64().unwrap()).sum();
        assert_eq!((&measured["count"], sum), (&json!(count), count));
        assert!(measured["p99"].is_number(), "{measured}");
        assert_eq!(
            told["bounds"][name].as_array().unwrap().len() + 1,
            counts.len()
        );
    }
    assert!(total["open"].is_number(), "{total}");
    assert_eq!(told["step"], 10);
    assert_eq!(told["cut_off"], false);
    let items = told["items"].as_array().unwrap();
    assert!((360..=361).contains(&items.len()), "{}", items.len());
    let first = &items[0];
    assert_eq!(first["at"], told["from"]);
    for what in ["in", "refused", "out", "lateness", "delivery", "open"] {
        assert_eq!(first[what], Value::Null, "nobody counted an hour ago");
    }
    // A daemon that begins counts nothing twice, and all steps say the same.
    for step in [60, 900] {
        let other = samples(&api, &format!("step={step}")).await;
        assert_eq!(other["step"], step);
        for what in ["in", "refused", "out", "lateness", "delivery"] {
            assert_eq!(other["total"][what], total[what], "{what}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_what_is_not_kept_is_said() {
    let System { api, .. } = &System::with_settings(
        &[],
        &[(
            "API_KEYS",
            "eyes:the-key-of-some-eyes:read,mouth:the-key-of-a-mouth:ingest",
        )],
    )
    .await;
    let ask = async |query: &str, key: &str| {
        let request = api.client().get(api.url(&format!("/api/samples?{query}")));
        let answer = request.header("x-api-key", key).send().await.unwrap();
        read(answer).await
    };
    for (query, field) in [
        ("from=today", "from"),
        ("end_date=2026-01-31", "to"),
        ("step=11", "step"),
        ("step=-10", "step"),
        ("step=", "step"),
        ("buffer=loja", "buffer"),
    ] {
        let (status, refusal) = ask(query, "the-key-of-some-eyes").await;
        assert_eq!(
            (status.as_u16(), &refusal["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
    assert_eq!(ask("", "the-key-of-a-mouth").await.0, 403);
    assert_eq!(ask("", "another").await.0, 401);

    let (status, told) = ask("from=2020-01-01T00:00:00Z", "the-key-of-some-eyes").await;
    assert_eq!((status.as_u16(), &told["step"]), (200, &json!(900)));
    assert_eq!(told["cut_off"], true);
    assert_eq!(told["from"], told["kept_since"]);
    assert_eq!(
        told["items"].as_array().unwrap().len() as u64,
        Step::Quarter.kept()
    );
    let (_, told) = ask(
        "from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&step=60",
        "the-key-of-some-eyes",
    )
    .await;
    assert_eq!(
        (&told["cut_off"], &told["items"]),
        (&json!(true), &json!([]))
    );
}

#[tokio::test]
async fn shares_are_those_of_all_daemons_together() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let api = Daemon::api(&redis).await;
    // One is quick and does much, the other slow and does little.
    for (daemon, bucket, count) in [("quick", 3, 980), ("slow", 13, 19), ("slow", 14, 1)] {
        let mut counted = Counted::default();
        counted.add(Measured::Delivery.key(bucket), count);
        counted.by_monitor();
        let number = bucket as u64;
        store.samples().add(daemon, number, &counted).await.unwrap();
    }

    let told = samples(&api, "step=900").await;

    let delivery = &told["total"]["delivery"];
    assert_eq!(delivery["count"], 1000);
    let shares = ["p50", "p95", "p99"].map(|share| delivery[share].as_f64());
    assert_eq!(shares, [Some(0.025), Some(0.025), Some(60.0)]);
    assert_eq!(told["total"]["out"]["total"], 0);
    let counted = told["items"].as_array().unwrap().iter();
    let counted = counted.filter(|it| it["delivery"]["count"].as_u64() > Some(0));
    assert!(counted.count() >= 1);
}
