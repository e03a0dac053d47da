//! Buffers that are written by requests, and taken up by daemons that run.

mod tuner;
mod versions;
mod windows;

use std::time::{Duration, Instant};

use lull::core::chat::Name;
use lull::spec::BufferSpec;
use lull::store::config::{Kind, Mode};
use reqwest::Method;
use serde_json::json;

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, SHORT, TestRedis};

#[tokio::test]
async fn a_buffer_is_created_shown_replaced_and_removed() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let answer = api
        .client()
        .post(api.url("/api/buffers"))
        .header("content-type", "application/json")
        .body(r#"{"name": "loja", "window": {"wait": 8}}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["location"], "/api/buffers/loja");

    let (_, shown) = api.get("/api/buffers/loja").await;
    assert_eq!(shown["window"]["wait"], 8.0);
    assert_eq!(shown["destinations"], json!(["default"]));
    assert_eq!(
        (&shown["version"], &shown["from"]),
        (&json!(1), &json!("api"))
    );

    let (status, replaced) = api
        .request(
            Method::PUT,
            "/api/buffers/loja",
            Some(json!({"window": {"max_messages": 3}})),
        )
        .await;
    assert_eq!(status, 200, "{replaced}");
    assert_eq!(replaced["window"]["max_messages"], 3);
    assert_eq!(replaced["window"]["wait"], 15.0);

    let (status, removed) = api.request(Method::DELETE, "/api/buffers/loja", None).await;
    assert_eq!((status.as_u16(), &removed["success"]), (200, &json!(true)));
    assert_eq!(api.get("/api/buffers/loja").await.0, 404);
}

#[tokio::test]
async fn the_list_has_the_environments_first_and_then_goes_by_name() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(
        &redis,
        &[("DEFAULT_TTL", "7"), ("TIMEZONE", "America/Sao_Paulo")],
    )
    .await;
    for name in ["zoo", "abc"] {
        api.post("/api/buffers", json!({ "name": name })).await;
    }

    let (_, page) = api.get("/api/buffers").await;

    let items = page["items"].as_array().unwrap();
    let names: Vec<_> = items.iter().map(|item| &item["name"]).collect();
    assert_eq!(names, ["default", "messages", "abc", "zoo"]);
    assert_eq!(items[0]["from"], "environment");
    assert_eq!(items[0]["window"]["wait"], 7.0);
    assert_eq!(items[0]["timezone"], "America/Sao_Paulo");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.post("/api/buffers", json!({"name": "loja"})).await;

    for (method, path, body, status, word) in [
        (
            Method::POST,
            "",
            json!({"name": "loja"}),
            409,
            "PUT replaces it",
        ),
        (Method::POST, "", json!({"name": "Loja"}), 400, "name: "),
        (
            Method::POST,
            "",
            json!({"name": "default"}),
            409,
            "settings of the daemons",
        ),
        (
            Method::POST,
            "",
            json!({"name": "b", "wait": 3}),
            400,
            "unknown field `wait`",
        ),
        (
            Method::POST,
            "",
            json!({"name": "b", "destinations": ["bot"]}),
            400,
            "destinations: there is no destination bot",
        ),
        (
            Method::PUT,
            "/loja",
            json!({"name": "other"}),
            400,
            "name: is another than in the URL",
        ),
        (
            Method::PUT,
            "/loja",
            json!({"window": {"wait": 0}}),
            400,
            "window.wait: ",
        ),
        (
            Method::PUT,
            "/loja",
            json!({"amqp": {"queues": []}}),
            400,
            "amqp.queues: must name 1 to 200 queues",
        ),
        (
            Method::PUT,
            "/loja",
            json!({"amqp": {"queues": ["x"], "exchange": "y"}}),
            400,
            "unknown field `exchange`",
        ),
        (
            Method::PUT,
            "/default",
            json!({}),
            409,
            "settings of the daemons",
        ),
        (
            Method::DELETE,
            "/default",
            json!({}),
            409,
            "settings of the daemons",
        ),
        (Method::DELETE, "/nobody", json!({}), 404, "no buffer"),
        (
            Method::DELETE,
            "/loja?drain=true&discard=true",
            json!({}),
            400,
            "contradict",
        ),
    ] {
        let path = format!("/api/buffers{path}");
        let refusal = api.refused(method.clone(), &path, Some(body.clone())).await;

        assert_eq!(
            refusal.status, status,
            "{method} {path} {body}: {refusal:?}"
        );
        assert!(refusal.error.contains(word), "{method} {path}: {refusal:?}");
    }
    let (_, page) = api.get("/api/buffers").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    assert_eq!(page["items"][2]["version"], 1);
}

#[tokio::test]
async fn a_secret_is_masked_and_kept_when_its_mask_is_put_back() {
    let system = System::open().await;
    let (_, shown) = system
        .put(
            "/api/buffers/loja",
            json!({"source": "fields", "secret": "s3cret"}),
        )
        .await;
    assert_eq!(shown["secret"], "********");

    let changed = json!({"secret": shown["secret"], "description": "new"});
    let (status, _) = system.put("/api/buffers/loja", changed).await;

    assert_eq!(status, 200);
    let kept = system.store.config().read().await.unwrap();
    assert_eq!(kept.buffers["loja"].spec.secret.as_deref(), Some("s3cret"));
    assert_eq!(kept.buffers["loja"].spec.description, "new");
}

#[tokio::test]
async fn a_secret_of_blanks_is_refused_and_one_of_an_older_lull_lets_nobody_in() {
    let blank = json!({"name": "loja", "source": "evolution", "secret": " "});
    let system = System::with(&[blank]).await;

    for secret in [json!(""), json!("   "), json!("\t\n")] {
        let body = json!({"source": "evolution", "secret": secret});
        let (status, answer) = system.put("/api/buffers/own", body).await;
        assert_eq!(
            (status.as_u16(), answer["field"].as_str()),
            (400, Some("secret")),
            "{answer}"
        );
    }
    let header = ("x-webhook-secret", " ");
    let (status, answer) = system
        .post_with("/api/webhook/loja", &json!({}), header)
        .await;
    assert_eq!(status, 401, "{answer}");
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("the secret is empty"), "{error}");
}

#[tokio::test]
async fn a_running_monitor_takes_a_new_buffer_up_within_a_second() {
    let system = System::open().await;
    let mut bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;

    let written = Instant::now();
    system.buffer("loja", &["bot"]).await;
    let took = written.elapsed();
    system.say("loja", "ana", "oi", SHORT).await;

    assert_eq!(bot.call().await.messages(), ["oi"]);
    // What is promised, and a slow machine.
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn a_window_that_is_due_before_its_buffer_was_heard_of_does_not_wait_for_the_next_sweep() {
    let mut system = System::open().await;
    let began = Instant::now();

    // A monitor asks for news some times a second: of three buffers it has not heard of at least one.
    for new in ["a", "b", "c"] {
        let name = Name::parse(new).unwrap();
        let spec = BufferSpec {
            name: new.to_owned(),
            ..BufferSpec::default()
        };
        system
            .store
            .config()
            .write(Kind::Buffer, &name, &spec, Mode::New, None, None)
            .await
            .unwrap();
        system.say(new, "ana", "oi", SHORT).await;
        assert_eq!(system.default.call().await.messages(), ["oi"]);
    }

    // What a sweep has taken and nobody closed comes up again after five seconds.
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn each_destination_gets_every_batch_and_a_dead_one_delays_no_other() {
    let mut system = System::open().await;
    let mut bot = Receiver::start().await;
    let mut dead = Receiver::answering(&[], Answer::Status(500)).await;
    system.destination("bot", &bot.url()).await;
    let spec = json!({"url": dead.url(), "retry": {"waits": [0.05, 600]}});
    system.destination_of("dead", spec).await;
    system.buffer("loja", &["dead", "bot", "default"]).await;

    for text in ["um", "dois"] {
        system.say("loja", "ana", text, SHORT).await;
        assert_eq!(bot.call().await.messages(), [text]);
        assert_eq!(system.default.call().await.messages(), [text]);
    }
    let (first, second) = (dead.call().await, dead.call().await);
    assert_eq!(first.messages(), ["um"]);
    assert_eq!(second.messages(), ["um"]);
    assert_eq!(first.id(), second.id());
    assert_eq!(system.redis.keys("lull:*:lane:dead:*").await.len(), 1);
}
