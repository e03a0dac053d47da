//! Destinations that are written by requests: taken up by a running monitor, tried, and removed.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, SHORT, TestRedis, eventually};

#[tokio::test]
async fn the_default_says_where_it_comes_from_and_what_this_api_does_not_know() {
    let redis = TestRedis::start().await;
    let untold = Daemon::api(&redis).await;
    let settings = [
        ("WEBHOOK_URL", "http://n8n/webhook/x"),
        ("WEBHOOK_HEADERS", r#"{"authorization": "Bearer t0ken"}"#),
    ];
    let told = Daemon::api_with(&redis, &settings).await;

    let (_, untold) = untold.get("/api/destinations/default").await;
    let (_, told) = told.get("/api/destinations").await;

    assert_eq!(
        (&untold["url"], &untold["from"]),
        (&Value::Null, &json!("environment"))
    );
    assert!(untold["note"].as_str().unwrap().contains("WEBHOOK_URL"));
    assert_eq!(told["items"][0]["url"], "http://n8n/webhook/x");
    assert_eq!(told["items"][0]["headers"]["authorization"], "********");
}

#[tokio::test]
async fn what_cannot_be_called_is_refused_by_field() {
    let system = System::open().await;
    system.destination("bot", "http://n8n/x").await;
    system.buffer("loja", &["bot"]).await;

    for (method, path, body, status, word) in [
        (
            Method::POST,
            "",
            json!({"name": "bot", "url": "http://n8n/x"}),
            409,
            "PUT replaces it",
        ),
        (Method::POST, "", json!({"name": "b"}), 400, "url: "),
        (
            Method::POST,
            "",
            json!({"name": "b", "url": "ftp://n8n/"}),
            400,
            "url: must begin with http",
        ),
        (
            Method::POST,
            "",
            json!({"name": "b", "url": "http://n8n/", "template": "{{"}),
            400,
            "template: ",
        ),
        (
            Method::POST,
            "",
            json!({"name": "b", "url": "http://n8n/", "secrets": ["x"]}),
            400,
            "secrets: ",
        ),
        (
            Method::POST,
            "",
            json!({"name": "b", "url": "http://n8n/", "headers": {"a b": "x"}}),
            400,
            "headers: ",
        ),
        (
            Method::POST,
            "",
            json!({"name": "b", "url": "http://n8n/", "headers": {"a": "********"}}),
            400,
            "mask",
        ),
        (
            Method::PUT,
            "/default",
            json!({"url": "http://n8n/"}),
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
        (
            Method::DELETE,
            "/bot",
            json!({}),
            409,
            "destination of loja",
        ),
        (Method::DELETE, "/nobody", json!({}), 404, "no destination"),
    ] {
        let path = format!("/api/destinations{path}");
        let refusal = system
            .api
            .refused(method.clone(), &path, Some(body.clone()))
            .await;

        assert_eq!(
            refusal.status, status,
            "{method} {path} {body}: {refusal:?}"
        );
        assert!(refusal.error.contains(word), "{method} {path}: {refusal:?}");
    }
}

#[tokio::test]
async fn masked_headers_and_secrets_are_kept_when_put_back() {
    let system = System::open().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let spec = json!({
        "url": "http://n8n/x",
        "headers": {"authorization": "Bearer t0ken"},
        "secrets": [secret],
    });
    let (status, mut shown) = system.put("/api/destinations/bot", spec).await;
    assert_eq!(status, 200, "{shown}");
    assert!(!shown.to_string().contains("t0ken") && !shown.to_string().contains(secret));

    let fields = shown.as_object_mut().unwrap();
    fields.insert("timeout".to_owned(), json!(5));
    let (status, answer) = system.put("/api/destinations/bot", shown).await;

    assert_eq!(status, 200, "{answer}");
    let kept = &system.store.config().read().await.unwrap().destinations["bot"];
    assert_eq!(kept.spec.headers["authorization"], "Bearer t0ken");
    assert_eq!(kept.spec.secrets, [secret]);
    assert!((kept.spec.timeout - 5.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_batch_on_a_lane_goes_by_the_newest_settings() {
    let system = System::open().await;
    let mut old = Receiver::answering(&[], Answer::Status(500)).await;
    let mut new = Receiver::start().await;
    let waits = [0.5; 6];
    system
        .destination_of("bot", json!({"url": old.url(), "retry": {"waits": waits}}))
        .await;
    system.buffer("loja", &["bot"]).await;
    system.say("loja", "ana", "oi", SHORT).await;
    let refused = old.call().await;

    let body = json!({"url": new.url(), "template": r#"{"disse": {{ text }}}"#});
    system.put("/api/destinations/bot", body).await;

    let accepted = new.call().await;
    assert_eq!(accepted.json(), json!({"disse": "oi"}));
    assert_eq!(accepted.id(), refused.id());
}

#[tokio::test]
async fn lanes_of_a_destination_that_is_off_wait_and_nothing_is_lost() {
    let mut system = System::open().await;
    let mut bot = Receiver::start().await;
    system
        .destination_of("bot", json!({"url": bot.url(), "active": false}))
        .await;
    system.buffer("loja", &["bot", "default"]).await;
    system.say("loja", "ana", "oi", SHORT).await;
    eventually("its batch is on the lane", async || {
        system.redis.keys("lull:*:lane:bot:*").await.len() == 1
    })
    .await;
    assert_eq!(system.default.call().await.messages(), ["oi"]);
    assert!(bot.calls_so_far().is_empty());

    system.destination("bot", &bot.url()).await;

    assert_eq!(bot.call().await.messages(), ["oi"]);
}

/// A destination that nobody delivers to any more, with a batch for it.
async fn left_with_a_batch(system: &System, url: &str) {
    system.destination("bot", url).await;
    system.buffer("loja", &["bot"]).await;
    system.say("loja", "ana", "oi", SHORT).await;
    eventually("its batch is on the lane", async || {
        system.redis.keys("lull:*:lane:bot:*").await.len() == 1
    })
    .await;
    system.buffer("loja", &["default"]).await;
}

#[tokio::test]
async fn a_destination_with_batches_is_not_removed_by_accident() {
    let system = System::open().await;
    left_with_a_batch(&system, "http://127.0.0.1:9/").await;

    let refusal = system
        .api
        .refused(Method::DELETE, "/api/destinations/bot", Some(json!({})))
        .await;

    assert_eq!(refusal.status, 409);
    assert!(refusal.error.contains("batches of 1 chats"), "{refusal:?}");
}

#[tokio::test]
async fn a_discarded_destination_says_how_many_batches_it_dropped() {
    let system = System::open().await;
    left_with_a_batch(&system, "http://127.0.0.1:9/").await;

    let (status, answer) = system.delete("/api/destinations/bot?discard=true").await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["chats"], &answer["batches"]),
        (&json!(1), &json!(1))
    );
    assert!(system.redis.keys("lull:*bot*").await.is_empty());
    assert_eq!(system.api.get("/api/destinations/bot").await.0, 404);
}

#[tokio::test]
async fn a_drained_destination_goes_when_its_last_batch_is_delivered() {
    let system = System::open().await;
    let mut bot = Receiver::answering(&[], Answer::Full(503, "retry-after: 3\r\n", "")).await;
    left_with_a_batch(&system, &bot.url()).await;
    bot.call().await;
    bot.answer(Answer::Status(200));

    let (status, answer) = system.delete("/api/destinations/bot?drain=true").await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(bot.call().await.messages(), ["oi"]);
    assert_eq!(system.api.get("/api/destinations/bot").await.0, 404);
}

#[tokio::test]
async fn a_destination_that_does_not_drain_stays() {
    let system = System::open().await;
    left_with_a_batch(&system, "http://127.0.0.1:9/").await;

    let (status, answer) = system.delete("/api/destinations/bot?drain=true").await;

    assert_eq!((status.as_u16(), &answer["chats"]), (202, &json!(1)));
    assert_eq!(system.api.get("/api/destinations/bot").await.0, 200);
}

#[tokio::test]
async fn a_trial_shows_the_whole_call_and_keeps_nothing() {
    let system = System::open().await;
    let mut bot = Receiver::answering(&[], Answer::Full(200, "", "thanks")).await;
    let spec = json!({
        "url": format!("{}?token=t0ken", bot.url()),
        "headers": {"authorization": "Bearer t0ken"},
    });
    system.put("/api/destinations/bot", spec).await;

    let (status, tried) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;

    assert_eq!(status, 200, "{tried}");
    let call = bot.call().await;
    assert_eq!(call.user(), "lull-test");
    assert_eq!(call.messages(), ["Lull test"]);
    assert_eq!(call.json()["test"], true);
    assert_eq!(call.headers["authorization"], "Bearer t0ken");
    assert_eq!(call.headers["lull-test"], "true");
    assert_eq!(
        (&tried["success"], &tried["response"]["status"]),
        (&json!(true), &json!(200))
    );
    assert_eq!(tried["response"]["body"], "thanks");
    assert_eq!(tried["request"]["body"], call.body);
    assert_eq!(tried["request"]["headers"]["lull-test"], "true");
    assert!(!tried.to_string().contains("t0ken"), "{tried}");
    assert_eq!(
        system.redis.lasting_keys().await,
        [
            "lull:{config}",
            "lull:{config}:audit",
            "lull:{config}:lives",
            "lull:{config}:tokens"
        ]
    );
}

#[tokio::test]
async fn a_trial_tells_of_refusals_and_of_silence() {
    let system = System::open().await;
    let bot = Receiver::answering(&[Answer::Full(422, "", "no such bot")], Answer::Silence).await;
    let spec = json!({"url": bot.url(), "timeout": 0.3});
    system.put("/api/destinations/bot", spec).await;

    let (_, refused) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;
    let (status, silent) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;

    assert_eq!(
        (&refused["success"], &refused["response"]["status"]),
        (&json!(false), &json!(422))
    );
    assert_eq!(refused["response"]["body"], "no such bot");
    assert_eq!(
        (status.as_u16(), &silent["response"]["status"]),
        (200, &Value::Null)
    );
    let took = Duration::from_millis(silent["response"]["took_ms"].as_u64().unwrap());
    assert!(took >= Duration::from_millis(300), "{took:?}");
}

#[tokio::test]
async fn every_kind_of_body_can_be_tried() {
    let system = System::open().await;
    let mut bot = Receiver::start().await;

    for (field, value, body) in [
        (
            "template",
            json!(r#"{"t": {{ text }}}"#),
            json!({"t": "Lull test"}),
        ),
        (
            "content",
            json!({"key_field": "fone", "template": "{{ message }}"}),
            json!({"fone": "lull-test", "content": ["Lull test"]}),
        ),
        (
            "aggregate_field",
            json!("json.query"),
            json!({"json": {"query": "Lull test"}, "test": true}),
        ),
    ] {
        system
            .put(
                "/api/destinations/bot",
                json!({"url": bot.url(), field: value}),
            )
            .await;
        let (_, tried) = system
            .api
            .post("/api/destinations/bot/test", json!({}))
            .await;

        assert_eq!(tried["success"], true, "{field}: {tried}");
        assert_eq!(bot.call().await.json(), body, "{field}");
    }
}

#[tokio::test]
async fn a_guarded_destination_is_not_tried_inside_the_network() {
    let system = System::open().await;
    let spec = json!({"name": "bot", "url": "http://127.0.0.1:9/", "guarded": true});

    let refusal = system
        .api
        .refused(Method::POST, "/api/destinations", Some(spec))
        .await;

    assert_eq!(refusal.status, 400);
    assert!(refusal.error.starts_with("url: "), "{refusal:?}");
}
