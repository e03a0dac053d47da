//! What is tried before it is written, and what is tried with what really was posted or said. Nothing of it is stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Receiver, eventually};

const ANA: &str = "5511988887777";

/// All that is stored, but for what tells of daemons, keys and chats.
async fn stored(system: &System) -> Vec<String> {
    let mut keys = system.redis.keys("lull:*").await;
    keys.sort();
    keys
}

#[tokio::test]
async fn a_destination_is_tried_as_it_would_be_written_and_nothing_is_stored() {
    let system = System::with(&[]).await;
    let mut bot = Receiver::start().await;
    let draft = json!({
        "url": bot.url(), "headers": {"Authorization": "Bearer t0ps3cret"},
        "template": "{\"to\": {{ user }}, \"all\": {{ messages }}}",
    });
    let before = stored(&system).await;

    let (status, tried) = system.api.post("/api/destinations/test", draft).await;

    assert_eq!(
        (status.as_u16(), &tried["success"]),
        (200, &json!(true)),
        "{tried}"
    );
    assert_eq!(tried["request"]["headers"]["authorization"], "********");
    let call = bot.call().await;
    assert_eq!(call.json()["to"], "lull-test");
    assert_eq!(call.headers["authorization"], "Bearer t0ps3cret");
    assert_eq!(call.headers["lull-test"], "true");
    assert_eq!(stored(&system).await, before);
    let (_, all) = system.api.get("/api/destinations").await;
    assert!(!all.to_string().contains("draft"), "{all}");

    for (bad, field) in [
        (json!({"url": "nonsense"}), "url"),
        (json!({"url": bot.url(), "timeout": 0}), "timeout"),
        (json!({"url": bot.url(), "template": "{{"}), "template"),
        (
            json!({"url": bot.url(), "secrets": ["********"]}),
            "secrets",
        ),
        (json!({"url": bot.url(), "colour": "red"}), "colour"),
    ] {
        let path = "/api/destinations/test";
        let refused = system
            .api
            .refused(Method::POST, path, Some(bad.clone()))
            .await;
        assert_eq!(refused.status, 400, "{bad}: {refused:?}");
        assert!(
            refused
                .field
                .as_deref()
                .unwrap_or(&refused.error)
                .contains(field),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn masks_in_a_draft_stand_for_what_is_kept_and_do_not_follow_it_elsewhere() {
    let system = System::with(&[]).await;
    let (mut bot, mut other) = (Receiver::start().await, Receiver::start().await);
    let spec = json!({"url": bot.url(), "headers": {"Authorization": "Bearer t0ps3cret"}});
    system.destination_of("bot", spec).await;
    let draft = |url: String| json!({"name": "bot", "url": url, "timeout": 3, "headers": {"Authorization": "********"}});

    let (status, tried) = system
        .api
        .post("/api/destinations/test", draft(bot.url()))
        .await;

    assert_eq!(status, 200, "{tried}");
    assert_eq!(
        bot.call().await.headers["authorization"],
        "Bearer t0ps3cret"
    );
    let elsewhere = draft(other.url());
    let refused = system
        .api
        .refused(Method::POST, "/api/destinations/test", Some(elsewhere))
        .await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(other.calls_so_far().is_empty());
    let (_, kept) = system.api.get("/api/destinations/bot").await;
    assert_ne!(kept["timeout"], 3, "{kept}");
}

#[tokio::test]
async fn a_destination_is_tried_with_a_batch_that_there_is() {
    let mut system = System::with(&[]).await;
    let mut bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;
    system.default.answer(Answer::Status(410));
    system.api.say(ANA, "the real words", 0.2).await;
    let id = system.default.call().await.id();
    eventually("it is a dead letter", async || {
        let (_, batch) = system.api.get(&format!("/api/history/{id}")).await;
        batch["destinations"][0]["state"] == "dead"
    })
    .await;

    let query = format!("webhook_id={id}");
    let path = format!("/api/destinations/bot/test?{query}");
    let (status, tried) = system.api.request(Method::POST, &path, None).await;
    assert_eq!(status, 200, "{tried}");
    let draft = json!({"url": bot.url(), "template": "{\"all\": {{ messages }}}"});
    let path = format!("/api/destinations/test?{query}");
    let (status, tried) = system.api.post(&path, draft).await;
    assert_eq!(status, 200, "{tried}");

    for _ in 0..2 {
        let call = bot.call().await;
        assert!(call.body.contains("the real words"), "{}", call.body);
        assert_eq!(call.headers["lull-test"], "true");
        assert_ne!(call.id(), id);
    }
    // A dry run tells the same and calls nobody.
    let draft = json!({"url": bot.url(), "template": "{\"all\": {{ messages }}}"});
    let dry = format!("/api/destinations/test?dry_run=true&{query}");
    let (status, told) = system.api.post(&dry, draft).await;
    assert_eq!((status.as_u16(), &told["response"]), (200, &json!(null)));
    let body = told["request"]["body"].as_str().unwrap();
    assert!(body.contains("the real words"), "{told}");
    let path = "/api/destinations/bot/test?dry_run=true";
    let (status, told) = system.api.request(Method::POST, path, None).await;
    assert_eq!((status.as_u16(), &told["success"]), (200, &json!(true)));
    assert!(bot.calls_so_far().is_empty());
    for (query, status) in [
        (format!("webhook_id=msg_{}", "0".repeat(32)), 404),
        ("webhook_id=msg_1".to_owned(), 400),
    ] {
        let path = format!("/api/destinations/bot/test?{query}");
        let refused = system.api.refused(Method::POST, &path, None).await;
        assert_eq!(refused.status.as_u16(), status, "{query}: {refused:?}");
    }
}

#[tokio::test]
async fn a_buffer_is_tried_as_it_would_be_written_with_a_body_or_a_post_that_was_not_taken() {
    let loja = json!({"name": "loja", "source": "evolution", "secret": "s3cret-of-loja", "destinations": ["default"]});
    let system = System::with(&[loja]).await;
    let api = &system.api;
    let group = json!({"event": "messages.upsert", "instance": "loja", "apikey": "s3cret-of-loja", "data": {
        "key": {"remoteJid": "120363000000000000@g.us", "fromMe": false, "id": "A1", "participant": format!("{ANA}@s.whatsapp.net")},
        "pushName": "Ana", "message": {"conversation": "oi"}, "messageType": "conversation", "messageTimestamp": 1_763_770_000,
    }});
    api.post("/api/webhook/loja", group).await;
    let posts =
        async || api.get("/api/posts?buffer=loja&result=not_taken").await.1["items"].clone();
    eventually("the post is listed", async || {
        posts().await[0]["body"].is_object()
    })
    .await;
    let post = posts().await[0]["id"].as_str().unwrap().to_owned();
    let before = stored(&system).await;

    // As it is, the group is not heard; as the draft has it, it is.
    let (status, as_it_is) = api
        .request(
            Method::POST,
            &format!("/api/buffers/loja/try?post={post}"),
            None,
        )
        .await;
    assert_eq!(status, 200, "{as_it_is}");
    assert!(as_it_is[0]["ignored"].is_string(), "{as_it_is}");
    let draft = json!({"source": "evolution", "groups": "whole", "destinations": ["default"]});
    let (status, heard) = api
        .post(&format!("/api/buffers/try?post={post}"), draft)
        .await;
    assert_eq!(status, 200, "{heard}");
    let text = heard[0]["text"].as_str().unwrap();
    assert!(text.contains("oi"), "{heard}");

    let draft = json!({
        "source": "fields", "key": "from", "text": "said", "destinations": ["default"],
        "body": {"from": ANA, "said": "hi"},
    });
    let (status, by_paths) = api.post("/api/buffers/try", draft).await;
    assert_eq!(
        (status.as_u16(), &by_paths[0]["chat"]),
        (200, &json!(ANA)),
        "{by_paths}"
    );
    assert_eq!(stored(&system).await, before);
    let (_, all) = api.get("/api/buffers").await;
    assert!(!all.to_string().contains("draft"), "{all}");

    for (path, draft, status) in [
        (
            "/api/buffers/try".to_owned(),
            json!({"destinations": ["default"]}),
            400,
        ),
        (
            format!("/api/buffers/try?post={post}"),
            json!({"body": {}, "destinations": ["default"]}),
            400,
        ),
        (
            "/api/buffers/try?post=1-1-1".to_owned(),
            json!({"destinations": ["default"]}),
            404,
        ),
        (
            "/api/buffers/try".to_owned(),
            json!({"destinations": ["nowhere"], "body": {}}),
            400,
        ),
        (
            "/api/buffers/try".to_owned(),
            json!({"window": {"wait": -1}, "body": {}}),
            400,
        ),
        (
            "/api/buffers/loja/try?post=1-1-1".to_owned(),
            Value::Null,
            404,
        ),
        (
            format!("/api/buffers/loja/try?post={post}"),
            json!({"from": ANA}),
            400,
        ),
    ] {
        let refused = api
            .refused(
                Method::POST,
                &path,
                Some(draft.clone()).filter(|draft| !draft.is_null()),
            )
            .await;
        assert_eq!(
            refused.status.as_u16(),
            status,
            "{path} {draft}: {refused:?}"
        );
        assert_eq!(
            refused.field.is_some(),
            status == 400,
            "{path} {draft}: {refused:?}"
        );
    }
}
