//! Buffers that are written by requests, and taken up by daemons that run.

use std::time::{Duration, Instant};

use lull::core::chat::Name;
use lull::spec::BufferSpec;
use lull::store::config::{Kind, Mode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, LONG, Receiver, SHORT, TestRedis, eventually};

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

#[tokio::test]
async fn a_buffer_with_open_windows_is_not_removed_by_accident() {
    let system = System::open().await;
    system.buffer("loja", &["default"]).await;
    system.say("loja", "ana", "oi", LONG).await;
    system.say("loja", "eva", "oi", LONG).await;
    system.api.say("other buffer", "oi", 30.0).await;

    let refusal = system
        .api
        .refused(Method::DELETE, "/api/buffers/loja", None)
        .await;

    assert_eq!(refusal.status, 409);
    assert!(refusal.error.contains("2 open windows"), "{refusal:?}");
    assert_eq!(system.api.get("/api/buffers/loja").await.1["active"], true);
}

#[tokio::test]
async fn a_drained_buffer_delivers_what_it_held() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    system.say("loja", "ana", "um", LONG).await;
    system.say("loja", "ana", "dois", LONG).await;

    let (status, answer) = system.delete("/api/buffers/loja?drain=true").await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["chats"], &answer["messages"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(system.default.call().await.messages(), ["um", "dois"]);
    assert_eq!(system.api.get("/api/buffers/loja").await.0, 404);
}

#[tokio::test]
async fn a_discarded_buffer_says_what_it_dropped_and_leaves_the_others_alone() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    for number in 0..300 {
        system
            .say("loja", &format!("chat {number}"), "oi", LONG)
            .await;
    }
    system.api.say("stays", "oi", 30.0).await;

    let (status, answer) = system.delete("/api/buffers/loja?discard=true").await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["chats"], &answer["messages"]),
        (&json!(300), &json!(300))
    );
    assert_eq!(system.api.get("/api/chats").await.1["total"], 1);
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn while_a_buffer_is_drained_it_is_off_for_every_daemon() {
    let system = System::open().await;
    let other = Daemon::api(&system.redis).await;
    system.buffer("loja", &["default"]).await;

    let removing = system.delete("/api/buffers/loja?drain=true");
    let off = eventually("the other api hears of it", async || {
        let (status, shown) = other.get("/api/buffers/loja").await;
        status == 404 || shown["active"] == false
    });
    let ((status, _), ()) = tokio::join!(removing, off);

    assert_eq!(status, 200);
}

#[tokio::test]
async fn lists_and_hands_can_be_asked_for_one_buffer() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    system.api.say("ana", "no default", 30.0).await;
    for number in 0..70 {
        let user = format!("chat {number}");
        system.say("loja", &user, "oi", LONG).await;
    }
    system.say("loja", "ana", "na loja", LONG).await;

    let (_, first) = system.api.get("/api/chats?buffer=loja&limit=50").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
    let path = format!("/api/chats?buffer=loja&limit=50&cursor={cursor}");
    let (_, second) = system.api.get(&path).await;
    let (_, one) = system.api.get("/api/chats?buffer=loja&user=ana").await;
    let (_, all) = system.api.get("/api/chats").await;
    assert_eq!((&first["total"], &all["total"]), (&json!(71), &json!(72)));
    assert_eq!(second["items"].as_array().unwrap().len(), 21);
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(one["items"][0]["buffer"], "loja");

    let path = "/api/chats/ana/flush?buffer=loja";
    let (_, flushed) = system.api.request(Method::POST, path, None).await;
    assert_eq!(flushed["messages"], 1);
    assert_eq!(system.default.call().await.messages(), ["na loja"]);
    let (_, cancelled) = system.delete("/api/chats/chat%201?buffer=loja").await;
    let (_, not_here) = system.delete("/api/chats/chat%202").await;
    assert_eq!(
        (&cancelled["messages"], &not_here["messages"]),
        (&json!(1), &json!(0))
    );

    eventually("it is in the list of what was sent", async || {
        let (_, sent) = system.api.get("/api/messages/sent?buffer=loja").await;
        sent["items"].as_array().unwrap().len() == 1
    })
    .await;
    for empty in [
        "/api/messages/sent?buffer=default",
        "/api/messages/sent?user=ana",
        "/api/messages/dead-letter?buffer=loja",
    ] {
        assert_eq!(system.api.get(empty).await.1["items"], json!([]), "{empty}");
    }
}

#[tokio::test]
async fn a_buffer_that_is_not_there_cannot_be_flushed() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let unknown = api
        .refused(Method::POST, "/api/chats/ana/flush?buffer=loja", None)
        .await;
    let no_name = api
        .refused(Method::GET, "/api/chats?buffer=A+B", None)
        .await;

    assert_eq!(
        (unknown.status.as_u16(), no_name.status.as_u16()),
        (404, 400)
    );
}
