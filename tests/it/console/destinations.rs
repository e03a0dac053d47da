//! Destinations as pages: how they do, writing one beside another editor, what would be sent, and tests.

use serde_json::json;

use super::browser::Browser;
use super::reading::{answers, lacks, version};
use crate::support::daemon::SUITE_KEY;
use crate::support::system::System;
use crate::support::{Receiver, eventually};

#[tokio::test]
async fn a_destination_is_written_looked_at_and_removed_and_its_secrets_are_never_shown() {
    let system = System::with(&[]).await;
    let mut bot = Receiver::start().await;
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    answers(
        &ana.get("/console/destinations").await,
        200,
        &["New destination", "default"],
    );
    let url = bot.url();
    let typed = |more: &[(&'static str, &'static str)]| {
        let mut typed = vec![
            ("name", "bot"),
            ("of", ""),
            ("url", url.as_str()),
            ("method", "POST"),
        ];
        typed.extend(more);
        typed
    };

    // Who has typed nothing yet has done nothing wrong.
    let begun = [("of", ""), ("url", ""), ("method", "POST")];
    let preview = ana.post("/console/destinations/.preview", &begun).await;
    answers(&preview, 200, &["Enter the URL of the bot", "up to 1 s"]);
    let reproaches = [
        "<p class=\"bad\"",
        "<p class=\"notice bad\"",
        "<div class=\"notice bad\"",
    ];
    lacks(&preview, &reproaches);
    let wrong = typed(&[("timeout", "soon"), ("active", "on")]);
    let refused = ana.post("/console/destinations/.new", &wrong).await;
    answers(
        &refused,
        400,
        &[
            "Use a number from 0.1 to 3600.",
            "value=\"soon\"",
            "aria-invalid",
        ],
    );
    let good = typed(&[
        ("headers", "Authorization: Bearer t0ps3cret\r\nx-a: <b>"),
        ("timeout", "2,5"),
        ("retry.waits", "5, 30"),
        ("active", "on"),
    ]);
    let made = ana.post("/console/destinations/.new", &good).await;
    assert_eq!(
        made.sent_to,
        "/console/destinations/bot?done=destination_written&n=0"
    );
    let one = ana.get(&made.sent_to).await;
    answers(
        &one,
        200,
        &[
            "The destination was saved.",
            "waits 2.5 s",
            "<td>35 s</td>",
            "Remove this destination",
            "Test call",
        ],
    );
    let edit = ana.get("/console/destinations/bot/edit").await;
    answers(
        &edit,
        200,
        &[
            "Authorization: ********",
            "value=\"2.5\"",
            "5, 30",
            "lull-test",
        ],
    );
    // From a bookmark nothing is tried, and so nothing is refused.
    let refused = || system.api.metric("lull_requests_refused_total");
    let before = refused().await;
    let by_address = ana.get_by_address("/console/destinations/bot/edit").await;
    answers(&by_address, 200, &["hx-trigger=\"load, "]);
    assert_eq!(refused().await.to_bits(), before.to_bits());
    for page in [&one, &edit] {
        lacks(page, &["t0ps3cret", "<b>"]);
    }
    let leo = Browser::of_a_reader(&system.api).await;
    let seen = leo.get("/console/destinations/bot").await;
    answers(&seen, 200, &["waits 2.5 s"]);
    lacks(&seen, &["Remove", "Test call", "/edit"]);
    assert_eq!(leo.get("/console/destinations/bot/edit").await.status, 303);

    // What is hidden stays with what is left alone.
    let version = version(&edit);
    let left = [
        ("of", "bot"),
        ("version", version.as_str()),
        ("url", url.as_str()),
        ("method", "POST"),
        ("active", "on"),
        ("headers", "Authorization: ********"),
        ("timeout", "2.5"),
    ];
    let kept = ana.post("/console/destinations/bot/edit", &left).await;
    assert_eq!(kept.status, 303, "{}", kept.html);
    let tested = ana
        .post("/console/destinations/bot/test", &[("webhook_id", "")])
        .await;
    answers(&tested, 200, &["The bot took it.", "HTTP 200"]);
    assert_eq!(
        bot.call().await.headers["authorization"],
        "Bearer t0ps3cret"
    );

    let removed = ana
        .post("/console/destinations/bot/remove", &[("how", "empty")])
        .await;
    assert_eq!(
        removed.sent_to,
        "/console/destinations?done=destination_removed&n=0"
    );
    assert_eq!(ana.get("/console/destinations/bot").await.status, 404);
}

#[tokio::test]
async fn whoever_saves_second_sees_what_the_first_has_written_and_loses_nothing() {
    let system = System::with(&[]).await;
    system
        .destination_of(
            "bot",
            json!({"url": "http://127.0.0.1:9/one", "description": "first"}),
        )
        .await;
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    let edit = "/console/destinations/bot/edit";
    let seen = version(&ana.get(edit).await);
    let theirs = json!({"url": "http://127.0.0.1:9/two", "description": "of <i>Leo</i>"});
    system.destination_of("bot", theirs).await;

    let typed = |version: &str| {
        [
            ("of", "bot".to_owned()),
            ("version", version.to_owned()),
            ("url", "http://127.0.0.1:9/one".to_owned()),
            ("method", "POST".to_owned()),
            ("description", "of Ana".to_owned()),
            ("active", "on".to_owned()),
        ]
    };
    let save = async |version: &str| {
        let typed = typed(version);
        let typed = typed
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        ana.post(edit, &typed).await
    };
    let behind = save(&seen).await;
    answers(
        &behind,
        409,
        &[
            "Somebody else saved",
            "of Ana",
            "of &#60;i&#62;Leo",
            "http://127.0.0.1:9/two",
        ],
    );
    let newest = version(&behind);
    assert_ne!(newest, seen);
    let over = save(&newest).await;
    assert_eq!(over.status, 303, "{}", over.html);
    let (_, there) = system.api.get("/api/destinations/bot").await;
    assert_eq!(there["description"], "of Ana");
}

#[tokio::test]
async fn what_a_template_would_send_is_shown_with_the_newest_batch_and_nothing_is_sent() {
    let system = System::with(&[]).await;
    let mut bot = Receiver::start().await;
    let url = bot.url();
    system.destination_of("bot", json!({"url": url})).await;
    let buffer = json!({"destinations": ["bot"], "window": {"wait": 0.1}});
    system.buffer_of("loja", buffer).await;
    let said = json!({"user": "5511988887777", "message": "qual o <i>preço</i>?"});
    system.api.post("/api/buffers/loja/messages", said).await;
    let id = bot.call().await.id();
    let ana = Browser::with_key(&system.api, SUITE_KEY).await;
    eventually("its answer is told", async || {
        ana.get("/console/destinations/bot")
            .await
            .html
            .contains(&id)
    })
    .await;

    let draft = |template: &'static str| {
        [
            ("of", "bot"),
            ("url", url.as_str()),
            ("method", "POST"),
            ("active", "on"),
            ("template", template),
        ]
    };
    let typed = draft("{\"who\": {{ user }}, \"what\": {{ text }}}");
    let preview = ana.post("/console/destinations/.preview", &typed).await;
    let parts = [
        "With the last real delivery, of 5511988887777",
        "&#34;what&#34;: &#34;qual o &#60;i&#62;preço",
        "id=\"preview\"",
    ];
    answers(&preview, 200, &parts);
    let broken = ana
        .post("/console/destinations/.preview", &draft("{{ nix("))
        .await;
    answers(&broken, 200, &["template"]);
    assert!(bot.calls_so_far().is_empty());
    let tried = ana.post("/console/destinations/.try", &typed).await;
    answers(&tried, 200, &["The bot took it."]);
    assert_eq!(bot.call().await.json()["who"], "lull-test");

    // A buffer names it, so it is not removed; it can be stopped.
    let one = ana.get("/console/destinations/bot").await;
    answers(&one, 200, &["First take this destination out", "loja"]);
    lacks(&one, &["Remove this destination"]);
    let at = "/console/destinations/bot";
    let stop = [("action", "stop"), ("back", at)];
    let stopped = ana.post("/console/destinations/bot/switch", &stop).await;
    assert_eq!(
        stopped.sent_to,
        format!("{at}?done=destination_stopped&n=0")
    );
    answers(
        &ana.get(&stopped.sent_to).await,
        200,
        &["Start this destination"],
    );
}
