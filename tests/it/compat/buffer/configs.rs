//! Its settings: made, listed, changed, moved and removed.

use serde_json::json;

use super::{forwarding, settled, system, whole};
use crate::support::{Daemon, SHORT, TestRedis, eventually};

#[tokio::test]
async fn a_buffer_config_is_created_listed_changed_and_removed() {
    let system = system().await;
    let created = json!([{
        "id": "loja-sao-paulo",
        "name": "Loja São Paulo",
        "filter_field": "phone",
        "max_size": 10,
        "max_time": 30.0,
        "reset_timer_on_message": false,
        "active": true,
    }]);
    assert_eq!(system.api.get("/api/buffer-configs").await.1, created);

    let path = "/api/buffer-configs/loja-sao-paulo";
    let change = json!({"name": "Loja São Paulo", "max_size": 3, "reset_timer_on_message": true});
    let (status, changed) = system.put(path, change).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(
        (&changed["max_size"], &changed["max_time"]),
        (&json!(3), &json!(30.0))
    );
    let (_, buffer) = system.api.get("/api/buffers/loja-sao-paulo").await;
    assert_eq!(
        (
            &buffer["text"],
            &buffer["key"],
            &buffer["window"]["reset_on_message"]
        ),
        (&json!(""), &json!("phone"), &json!(true))
    );

    assert_eq!(system.delete(path).await.0, 200);
    assert_eq!(system.api.get("/api/buffer-configs").await.1, json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_told_in_their_words() {
    let system = system().await;

    for (path, body, status, why) in [
        (
            "/api/buffer-configs",
            json!({"filter_field": "x"}),
            400,
            "name: ",
        ),
        (
            "/api/buffer-configs",
            json!({"name": "b"}),
            400,
            "filter_field: is missing",
        ),
        (
            "/api/buffer-configs",
            json!({"name": "b", "filter_field": "["}),
            400,
            "filter_field: ",
        ),
        (
            "/api/buffer-configs",
            json!({"name": "b", "filter_field": "x", "max_time": 0}),
            400,
            "max_time: ",
        ),
        (
            "/api/buffer-configs",
            json!({"name": "loja são paulo", "filter_field": "x"}),
            409,
            "there is a buffer loja-sao-paulo",
        ),
        (
            "/api/forwarding-configs",
            json!({"name": "f", "url": "http://n8n/"}),
            400,
            "buffer: is missing",
        ),
        (
            "/api/forwarding-configs",
            json!({"name": "f", "buffer": "b", "url": "http://n8n/"}),
            400,
            "buffer: there is no buffer b",
        ),
        (
            "/api/forwarding-configs",
            json!({"name": "f", "buffer": "Loja São Paulo"}),
            400,
            "url: ",
        ),
        (
            "/api/forwarding-configs",
            json!({"name": "f", "buffer": "Loja São Paulo", "url": "http://n8n/", "template": "{{"}),
            400,
            "template: ",
        ),
        (
            "/api/settings/timezone",
            json!({"timezone": "Brasilia"}),
            400,
            "timezone: ",
        ),
    ] {
        let (got, answer) = system.api.post(path, body.clone()).await;

        assert_eq!(got, status, "{path} {body}: {answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(why), "{path} {body}: {error}");
    }
    assert_eq!(system.api.get("/api/forwarding-configs").await.1, json!([]));
}

#[tokio::test]
async fn the_first_forwarding_takes_the_place_of_the_implied_default() {
    let system = system().await;
    let spec = json!({"name": "CRM", "buffer": "Loja São Paulo", "url": "http://n8n/crm", "headers": {"authorization": "Bearer t0ken"}});
    let crm = forwarding(&system, spec).await;
    let spec = json!({"name": "Bot", "buffer_name": "loja-sao-paulo", "url": "http://n8n/bot"});
    forwarding(&system, spec).await;

    assert_eq!(
        crm,
        json!({
            "id": "crm",
            "name": "CRM",
            "buffer": "loja-sao-paulo",
            "url": "http://n8n/crm",
            "method": "POST",
            "headers": {"authorization": "********"},
            "fields": [],
            "template": null,
            "active": true,
        })
    );
    let destinations = async || {
        let (_, buffer) = system.api.get("/api/buffers/loja-sao-paulo").await;
        buffer["destinations"].clone()
    };
    assert_eq!(destinations().await, json!(["crm", "bot"]));

    let (status, _) = system
        .put(
            "/api/forwarding-configs/crm",
            json!({"headers": crm["headers"], "active": false}),
        )
        .await;
    assert_eq!(status, 200);
    let kept = &system.store.config().read().await.unwrap().destinations["crm"].spec;
    assert_eq!(kept.headers["authorization"], "Bearer t0ken");
    assert!(!kept.active);

    let spec = json!({"name": "own", "url": "http://127.0.0.1:9/", "template": "{}"});
    system.api.post("/api/destinations", spec).await;
    let (status, _) = system.put("/api/forwarding-configs/own", json!({})).await;
    assert_eq!(status, 409, "a body of its own is no forwarding's");

    for id in ["crm", "bot"] {
        let path = format!("/api/forwarding-configs/{id}");
        let (status, answer) = system.delete(&path).await;
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(destinations().await, json!(["default"]));
}

#[tokio::test]
async fn a_forwarding_moves_to_another_buffer() {
    let system = system().await;
    let spec = json!({"name": "Rio", "filter_field": "fone"});
    system.api.post("/api/buffer-configs", spec).await;
    let spec = json!({"name": "bot", "buffer": "loja-sao-paulo", "url": "http://n8n/"});
    forwarding(&system, spec).await;

    let (status, moved) = system
        .put("/api/forwarding-configs/bot", json!({"buffer": "Rio"}))
        .await;

    assert_eq!((status.as_u16(), &moved["buffer"]), (200, &json!("rio")));
    let configured = system.store.config().read().await.unwrap();
    assert_eq!(
        configured.buffers["loja-sao-paulo"].spec.destinations,
        ["default"]
    );
    assert_eq!(configured.buffers["rio"].spec.destinations, ["bot"]);
    let content = configured.destinations["bot"].spec.content.as_ref();
    assert_eq!(content.unwrap().key_field, "fone");
}

#[tokio::test]
async fn a_forwarding_with_batches_keeps_its_buffer_until_they_are_cleared_away() {
    let system = system().await;
    let spec = json!({"name": "bot", "buffer": "loja-sao-paulo", "url": "http://127.0.0.1:9/"});
    forwarding(&system, spec).await;
    settled(&system).await;
    system
        .say_item("loja-sao-paulo", "55", &whole(&json!({"a": 1})), SHORT)
        .await;
    eventually("its batch is on the lane", async || {
        system.redis.keys("lull:*:lane:bot:*").await.len() == 1
    })
    .await;

    let path = "/api/forwarding-configs/bot";
    let (refused, _) = system.delete(path).await;
    let (_, list) = system.api.get("/api/forwarding-configs").await;
    let (discarded, answer) = system.delete(&format!("{path}?discard=true")).await;

    assert_eq!(refused, 409);
    assert_eq!(list[0]["buffer"], "loja-sao-paulo");
    assert_eq!((discarded.as_u16(), &answer["batches"]), (200, &json!(1)));
}

#[tokio::test]
async fn new_buffers_write_their_moments_in_the_zone_that_was_set() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("TIMEZONE", "Europe/Lisbon")]).await;
    let (_, before) = api.get("/api/settings/timezone").await;

    let zone = json!({"timezone": "America/Sao_Paulo"});
    let (status, _) = api.post("/api/settings/timezone", zone.clone()).await;
    let spec = json!({"name": "loja", "filter_field": "phone"});
    api.post("/api/buffer-configs", spec).await;

    assert_eq!(before, json!({"timezone": "Europe/Lisbon"}));
    assert_eq!(status, 200);
    assert_eq!(api.get("/api/settings/timezone").await.1, zone);
    let (_, buffer) = api.get("/api/buffers/loja").await;
    assert_eq!(buffer["timezone"], "America/Sao_Paulo");
}

#[tokio::test]
async fn forwardings_that_are_made_at_the_same_time_are_all_kept() {
    let system = system().await;
    let other = Daemon::api(&system.redis).await;

    let made = (0..12).map(|number| {
        let api = if number % 2 == 0 { &system.api } else { &other };
        let name = format!("bot{number}");
        let spec = json!({"name": name, "buffer": "loja-sao-paulo", "url": "http://n8n/"});
        api.post("/api/forwarding-configs", spec)
    });
    for (status, answer) in futures_util::future::join_all(made).await {
        assert_eq!(status, 201, "{answer}");
    }

    let configured = system.store.config().read().await.unwrap();
    let destinations = &configured.buffers["loja-sao-paulo"].spec.destinations;
    assert_eq!(destinations.len(), 12, "{destinations:?}");
}
