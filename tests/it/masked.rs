//! What a URL holds of secrets is shown nowhere, and a mask that is put back sends nothing to another place than before.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, SHORT, TestRedis, eventually};

/// Stands in each secret of these tests.
const SECRET: &str = "t0ken";
const SIGNING: &str = "whsec_dDBrZW50MGtlbnQwa2Vu";

/// A URL with a secret wherever one can stand, that leads to this receiver.
fn secret_url(receiver: &Receiver) -> String {
    let address = receiver.address();
    format!("http://{SECRET}:{SECRET}2@{address}/hook?token={SECRET}&{SECRET}&a=1#{SECRET}")
}

fn shown_url(receiver: &Receiver) -> String {
    let address = receiver.address();
    format!("http://********@{address}/hook?token=********&********&a=********#********")
}

/// A destination, a forwarding and a schedule with secrets in their URLs, headers and keys.
async fn configured(system: &System, receiver: &Receiver) {
    let call = json!({
        "url": secret_url(receiver), "headers": {"x-key": SECRET}, "secrets": [SIGNING],
    });
    system.destination_of("bot", call.clone()).await;
    let mut schedule = call;
    schedule["cron"] = json!("@yearly");
    let (status, answer) = system.put("/api/schedules/yearly", schedule).await;
    assert_eq!(status, 200, "{answer}");
    system.buffer("loja", &["bot"]).await;
    let forwarding = json!({
        "name": "crm", "buffer": "loja", "url": secret_url(receiver), "headers": {"x-key": SECRET},
    });
    let (status, answer) = system.api.post("/api/forwarding-configs", forwarding).await;
    assert_eq!(status, 201, "{answer}");
}

#[tokio::test]
async fn no_answer_that_shows_a_url_has_its_user_info_or_a_value_of_its_query() {
    let system = System::open().await;
    let mut receiver = Receiver::start().await;
    configured(&system, &receiver).await;
    system
        .api
        .post("/api/schedules/yearly/run", json!({}))
        .await;
    system.say("loja", "ana", "oi", SHORT).await;
    for _ in 0..3 {
        let call = receiver.call().await;
        let line = format!(" /hook?token={SECRET}&{SECRET}&a=1 ");
        assert!(call.request_line.contains(&line), "{}", call.request_line);
        assert!(call.headers["authorization"].starts_with("Basic "));
    }
    let (_, tried) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;
    eventually("all is in the history", async || {
        let (_, history) = system.api.get("/api/history").await;
        history["items"].as_array().unwrap().len() >= 3
    })
    .await;
    system.delete("/api/schedules/yearly").await;

    let mut answers = vec![tried];
    for path in [
        "/api/destinations",
        "/api/destinations/bot",
        "/api/destinations/crm",
        "/api/forwarding-configs",
        "/api/schedules",
        "/api/history",
        "/api/messages/forwarded",
        "/api/chats/ana?buffer=loja",
        "/api/audit",
    ] {
        let (status, answer) = system.api.get(path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answers.push(answer);
    }
    let shown = json!(answers).to_string();
    assert!(!shown.contains(SECRET), "{shown}");
    // The destination, the forwarding and the schedule, in lists, history and audit; a call has no fragment.
    let url = shown_url(&receiver);
    assert!(shown.matches(&url).count() >= 6, "{shown}");
    for daemon in [&system.api, &system.monitor] {
        assert!(!daemon.log().contains(SECRET), "{}", daemon.log());
    }
}

#[tokio::test]
async fn an_answer_that_quotes_its_request_shows_no_secret() {
    let system = System::open().await;
    let echo = r#"{"headers": {"x-key": "header-t0ken", "authorization": "Basic dXNlcjpwYXNzd29yZC10MGtlbg=="}, "args": {"key": "query-t0ken"}}"#;
    let receiver = Receiver::answering(&[], Answer::Full(410, "", echo)).await;
    let address = receiver.address();
    let call = json!({
        "url": format!("http://user:password-t0ken@{address}/hook?key=query-t0ken"),
        "headers": {"x-key": "header-t0ken"},
    });
    system.destination_of("bot", call).await;
    system.buffer("loja", &["bot"]).await;
    system.say("loja", "ana", "oi", SHORT).await;
    let mut answers = Vec::new();
    eventually("it is a dead letter", async || {
        let (_, page) = system.api.get("/api/messages/dead-letter").await;
        let is_there = page["items"]
            .as_array()
            .is_some_and(|items| !items.is_empty());
        answers.push(page);
        is_there
    })
    .await;
    let (_, tried) = system
        .api
        .post("/api/destinations/bot/test", json!({}))
        .await;
    answers.push(tried);

    for path in [
        "/api/history",
        "/api/messages/forwarded",
        "/api/messages/dead-letter",
        "/api/chats/ana?buffer=loja",
    ] {
        let (status, answer) = system.api.get(path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answers.push(answer);
    }

    let shown = json!(answers).to_string();
    for secret in [SECRET, "dXNlcjpwYXNz"] {
        assert!(!shown.contains(secret), "{shown}");
        for daemon in [&system.api, &system.monitor] {
            assert!(!daemon.log().contains(secret), "{}", daemon.log());
        }
    }
    assert!(shown.contains("x-key"), "{shown}");
}

#[tokio::test]
async fn the_default_shows_its_url_masked_too() {
    let redis = TestRedis::start().await;
    let settings = [("WEBHOOK_URL", "https://t0ken@n8n/webhook/x?key=t0ken")];
    let api = Daemon::api_with(&redis, &settings).await;

    for path in ["/api/destinations/default", "/api/destinations"] {
        let (_, answer) = api.get(path).await;
        let answer = answer.to_string();
        let url = "https://********@n8n/webhook/x?key=********";
        assert!(answer.contains(url) && !answer.contains(SECRET), "{answer}");
    }
}

#[tokio::test]
async fn what_an_older_lull_noted_is_shown_masked() {
    use lull::core::action::Action;
    use lull::store::audit::{Act, By};

    let redis = TestRedis::start().await;
    let url = json!({"url": "https://ana:t0ken@n8n/?t0ken"});
    let act = Act::new(Action::DestinationWrite, &By::default());
    let act = act.from_to(Some(&url), Some(&url));
    redis.store().await.audit().note(&act).await.unwrap();
    let api = Daemon::api(&redis).await;

    let (_, audit) = api.get("/api/audit?action=destination.write").await;

    let shown = json!({"url": "https://********@n8n/?********"});
    let noted = &audit["items"][0];
    assert_eq!((&noted["before"], &noted["after"]), (&shown, &shown));
}

#[tokio::test]
async fn what_is_shown_can_be_put_back_whole_and_keeps_what_the_masks_stand_for() {
    let system = System::open().await;
    let receiver = Receiver::start().await;
    configured(&system, &receiver).await;

    for path in ["/api/destinations/bot", "/api/schedules/yearly"] {
        let (_, shown) = system.api.get(path).await;
        assert_eq!(shown["url"], shown_url(&receiver), "{shown}");
        let (status, answer) = system.put(path, shown).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (_, forwardings) = system.api.get("/api/forwarding-configs").await;
    let forwarding = forwardings[0].clone();
    assert_eq!(forwarding["url"], shown_url(&receiver));
    let path = "/api/forwarding-configs/crm";
    let (status, answer) = system.put(path, forwarding).await;
    assert_eq!(status, 200, "{answer}");
    // What names only a part changes only that.
    for (path, change) in [
        (path, json!({"method": "PUT"})),
        ("/api/schedules/yearly", json!({"active": false})),
    ] {
        let (status, answer) = system.put(path, change).await;
        assert_eq!(status, 200, "{answer}");
    }
    system
        .api
        .post("/api/schedules/yearly/toggle", json!({}))
        .await;

    let kept = system.store.config().read().await.unwrap();
    let (bot, crm) = (
        &kept.destinations["bot"].spec,
        &kept.destinations["crm"].spec,
    );
    let yearly = &kept.schedules["yearly"].spec;
    let url = secret_url(&receiver);
    assert_eq!([&bot.url, &crm.url, &yearly.url], [&url; 3]);
    for headers in [&bot.headers, &crm.headers, &yearly.headers] {
        assert_eq!(headers["x-key"], SECRET);
    }
    assert_eq!([&bot.secrets, &yearly.secrets], [&[SIGNING.to_owned()]; 2]);
    assert_eq!((crm.method.as_deref(), yearly.active), (Some("PUT"), true));
}

#[tokio::test]
async fn another_query_beside_a_mask_is_a_change_and_a_mask_of_nothing_is_refused() {
    let system = System::open().await;
    let spec = json!({"url": "http://n8n/x?token=t0ken&v=1"});
    system.put("/api/destinations/bot", spec).await;

    let spec = json!({"url": "http://n8n/y?v=2&token=********"});
    let (status, answer) = system.put("/api/destinations/bot", spec).await;
    assert_eq!(status, 200, "{answer}");
    let kept = system.store.config().read().await.unwrap();
    let url = &kept.destinations["bot"].spec.url;
    assert_eq!(url, "http://n8n/y?v=2&token=t0ken");

    for (path, url) in [
        ("/api/destinations/bot", "http://n8n/y?other=********"),
        ("/api/destinations/bot", "http://********@n8n/y"),
        ("/api/destinations/new", "http://n8n/y?token=********"),
    ] {
        let refusal = system
            .api
            .refused(Method::PUT, path, Some(json!({ "url": url })))
            .await;
        assert_eq!(
            (refusal.status.as_u16(), refusal.field.as_deref()),
            (400, Some("url")),
            "{url}: {refusal:?}"
        );
    }
}

#[tokio::test]
async fn no_secret_goes_to_another_scheme_host_or_port_behind_its_mask() {
    let system = System::open().await;
    let mut receiver = Receiver::start().await;
    let evil = Receiver::start().await;
    configured(&system, &receiver).await;
    let (here, there) = (receiver.address().to_string(), evil.address().to_string());
    let moved = |shown: &Value| {
        let mut moved = shown.clone();
        moved["url"] = json!(format!("http://{there}/hook"));
        moved
    };
    let without = |shown: &Value, fields: &[&str]| {
        let mut moved = moved(shown);
        for field in fields {
            moved.as_object_mut().unwrap().remove(*field);
        }
        moved
    };
    let (_, bot) = system.api.get("/api/destinations/bot").await;
    let (_, yearly) = system.api.get("/api/schedules/yearly").await;
    let same_but =
        |from: &str, to: &str| json!({"url": bot["url"].as_str().unwrap().replace(from, to)});
    let (bots, schedule) = ("/api/destinations/bot", "/api/schedules/yearly");
    let crm = "/api/forwarding-configs/crm";

    for (path, body, field) in [
        (bots, moved(&bot), "headers"),
        (bots, without(&bot, &["headers"]), "secrets"),
        (bots, same_but(&here, &there), "url"),
        (bots, same_but("http://", "https://"), "url"),
        (schedule, moved(&yearly), "headers"),
        (schedule, without(&yearly, &["headers"]), "secrets"),
        // What is absent stays as it was, and so goes nowhere else either.
        (schedule, json!({"url": moved(&bot)["url"]}), "headers"),
        (
            schedule,
            json!({"url": moved(&bot)["url"], "headers": {}}),
            "secrets",
        ),
        (crm, json!({"url": moved(&bot)["url"]}), "headers"),
    ] {
        let refusal = system
            .api
            .refused(Method::PUT, path, Some(body.clone()))
            .await;
        assert_eq!(
            (refusal.status.as_u16(), refusal.field.as_deref()),
            (400, Some(field)),
            "{path} {body}: {refusal:?}"
        );
        assert!(!refusal.error.contains(SECRET), "{refusal:?}");
    }

    system.say("loja", "ana", "oi", SHORT).await;
    assert_eq!(receiver.call().await.headers["x-key"], SECRET);
    // With values of its own it may go wherever it likes.
    for (path, body) in [
        (bots, without(&bot, &["headers", "secrets"])),
        (schedule, without(&yearly, &["headers", "secrets"])),
        (crm, json!({"url": moved(&bot)["url"], "headers": {}})),
    ] {
        let (status, answer) = system.put(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
}
