//! The first run: from nothing to a message that the bot has got.

use serde_json::json;

use super::browser::Browser;
use super::reading::between;
use crate::support::daemon::SUITE_KEY;
use crate::support::system::System;
use crate::support::{Receiver, eventually};

const HERE: &str = "/console/start";

#[tokio::test]
async fn from_an_empty_lull_to_the_first_message() {
    let system = System::with(&[]).await;
    let mut receiver = Receiver::start().await;
    let bot = receiver.url();
    let browser = Browser::with_key(&system.api, SUITE_KEY).await;
    let now = browser.get("/console").await;
    assert!(now.html.contains("href=\"/console/start\""), "{}", now.html);
    let asked = browser.get(HERE).await;
    assert!(
        asked.html.contains("Z-API") && asked.html.contains("name=\"url\""),
        "{}",
        asked.html
    );

    let wanted = [
        ("source", "evolution"),
        ("name", "loja"),
        ("destination", ""),
        ("url", bot.as_str()),
    ];
    let tried = browser.post("/console/start/.test", &wanted).await;
    assert!(
        tried.status == 200
            && tried.html.contains("HTTP 200")
            && tried.html.contains("value=\"loja\""),
        "{}",
        tried.html
    );
    receiver.call().await;

    let made = browser.post(HERE, &wanted).await;
    assert_eq!(made.status, 201, "{}", made.html);
    assert!(
        made.html.contains("Nothing has come to this URL yet."),
        "{}",
        made.html
    );
    let secret = between(&made, "?secret=", "<").to_owned();
    assert_eq!(secret.len(), 48, "{secret}");
    let again = browser.get("/console/start/loja").await;
    assert!(
        again.status == 200 && !again.html.contains(&secret),
        "{}",
        again.html
    );

    // What is to be entered there is what every page of the docs says.
    let asked = browser.get(HERE).await;
    assert!(!asked.html.contains("<option>messages"), "{}", asked.html);
    for doc in [
        "docs/gateways/evolution.md",
        "docs/tasks/en/connect-evolution.md",
        "docs/tasks/pt-BR/conectar-evolution.md",
        "docs/tasks/es/conectar-evolution.md",
    ] {
        let events = events_of(doc);
        assert!(events.contains("MESSAGES_DELETE"), "{doc}: {events}");
        assert!(made.html.contains(&events), "{doc}: {events}");
    }

    let misnamed = [
        ("source", "waha"),
        ("name", "A Loja"),
        ("destination", "bot"),
        ("url", ""),
    ];
    let misnamed = browser.post(HERE, &misnamed).await;
    let told = "Use small letters, digits, - and _, up to 64. (name)";
    assert!(
        misnamed.status == 400 && misnamed.html.contains(told),
        "{}",
        misnamed.html
    );

    // Another of that name is not written over, and what was made for it is chosen.
    let twice = browser
        .post(
            HERE,
            &[
                ("source", "waha"),
                ("name", "loja"),
                ("destination", "bot"),
                ("url", ""),
            ],
        )
        .await;
    assert!(
        twice.status == 409 && twice.html.contains("<option selected>bot</option>"),
        "{}",
        twice.html
    );

    // A second bot is called as its buffer: a URL that is typed counts, whatever is chosen above it.
    let second = [
        ("source", "evolution"),
        ("name", "outra"),
        ("destination", "bot"),
        ("url", bot.as_str()),
    ];
    assert_eq!(browser.post(HERE, &second).await.status, 201);
    let (_, outra) = system.api.get("/api/buffers/outra").await;
    assert_eq!(outra["destinations"], json!(["outra"]));

    let post = json!({"event": "messages.upsert", "instance": "loja", "data": {
        "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": "A1"}, "pushName": "Ana",
        "message": {"conversation": "oi"}, "messageType": "conversation", "messageTimestamp": 1_763_770_000,
    }});
    let (status, _) = system
        .api
        .post("/api/webhook/loja?secret=wrong", post.clone())
        .await;
    assert_eq!(status, 401);
    let refused = browser.get("/console/start/loja").await;
    assert!(
        refused.html.contains("The gateway called and was refused:"),
        "{}",
        refused.html
    );

    let (status, answer) = system
        .api
        .post(&format!("/api/webhook/loja?secret={secret}"), post)
        .await;
    assert_eq!(status, 200, "{answer}");
    let gathering = browser.get("/console/start/loja").await;
    assert!(
        gathering.html.contains("lull-countdown"),
        "{}",
        gathering.html
    );
    system
        .api
        .post("/api/chats/loja:5511988887777/flush?buffer=loja", json!({}))
        .await;
    eventually("the walk is over", async || {
        let walk = browser.get("/console/start/loja").await.html;
        walk.contains("The bot got 1 message in one call.")
    })
    .await;
}

/// The events that a page of the docs has in its table, as the console says them.
fn events_of(doc: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(doc)).unwrap();
    let mut rows = text.lines();
    let row = rows.find(|row| row.to_lowercase().starts_with("| events |"));
    let names: Vec<_> = row.unwrap().split('`').skip(1).step_by(2).collect();
    names.join(", ")
}
